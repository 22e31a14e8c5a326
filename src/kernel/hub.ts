/** Wakes open streams of this process when something they show has changed. Carries no data. */
export interface Hub {
  tell(topic: string): void;
  /** Resolves when the topic is told, after `atMost` milliseconds (another process may have told), or on abort. */
  wait(topic: string, atMost: number, signal: AbortSignal): Promise<void>;
  /** Lets every waiting stream go on, so that it notices the shutdown. */
  close(): void;
}

export function openHub(): Hub {
  const waiting = new Map<string, Set<() => void>>();
  const wake = (topic: string) => {
    const waiters = waiting.get(topic);
    waiting.delete(topic);
    for (const resolve of waiters ?? []) resolve();
  };
  return {
    tell: wake,
    wait: (topic, atMost, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          waiting.get(topic)?.delete(done);
          if (waiting.get(topic)?.size === 0) waiting.delete(topic);
          resolve();
        };
        const timer = setTimeout(done, atMost);
        signal.addEventListener("abort", done, { once: true });
        const waiters = waiting.get(topic) ?? new Set();
        waiters.add(done);
        waiting.set(topic, waiters);
      }),
    close: () => {
      for (const topic of [...waiting.keys()]) wake(topic);
    },
  };
}
