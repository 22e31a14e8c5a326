/** Work that can be interrupted: it yields where someone else may go first, and returns its result. */
export type Steps<T> = Generator<void, T>;

/** Milliseconds of work between two breaths. A single step may take longer: keep steps small. */
const BREATH = 8;

/**
 * Does long work on the one thread that serves everybody: after each few milliseconds whoever waits goes first. For
 * whatever grows with what a customer gives us.
 */
export async function gently<T>(steps: Steps<T>): Promise<T> {
  for (let since = performance.now(); ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - since < BREATH) continue;
    await new Promise(setImmediate);
    since = performance.now();
  }
}

/** Does the same at one go, for what is known to be small. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
