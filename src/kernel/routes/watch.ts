import type { Ctx } from "../context.ts";
import { isAppError } from "../errors.ts";

export interface Watching {
  readonly topic: string;
  /** Milliseconds between two looks: at least, however often the topic is told, and at most, when it never is. */
  readonly atLeast: number;
  readonly atMost: number;
  /** The longest wait at the beginning, which doubles with each look up to `atMost`. */
  readonly atFirst?: number;
  readonly gone: AbortSignal;
}

/**
 * What a stream shows, again and again: at once, then after each change. Every look gets a fresh context, so that
 * session and rights are asked anew; it ends when they are gone or the other side is. A database that is away for
 * a moment is waited for.
 */
export async function* watch<T>(
  ctx: Ctx,
  watching: Watching,
  look: (ctx: Ctx) => Promise<T>,
): AsyncGenerator<T> {
  const { topic, atLeast, atMost, gone } = watching;
  let longest = watching.atFirst ?? atMost;
  while (!gone.aborted) {
    const soonest = pause(atLeast, gone);
    // Waiting begins before the look: what changes during it is not missed.
    const changed = ctx.system.hub.wait(topic, longest, gone);
    longest = Math.min(longest * 2, atMost);
    try {
      yield await look({ ...ctx, tx: null, standing: { current: null } });
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (error.status < 500) return;
      ctx.log.info({ code: error.code }, "a stream waits");
    }
    await Promise.all([soonest, changed]);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
