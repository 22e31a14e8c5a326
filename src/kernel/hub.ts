/** Wakes open streams when something they show has changed, in this process and in others. Carries no data. */
export interface Hub {
  /** Tells of a change here, and to whoever is connected by `relay`. */
  tell(topic: string): void;
  /** Resolves when the topic is told, after `atMost` milliseconds (a wake-up may have been lost), or on abort. */
  wait(topic: string, atMost: number, signal: AbortSignal): Promise<void>;
  /** Calls `heard` with what follows the prefix, for topics that other processes tell; with null when some may have been lost. */
  hear(prefix: string, heard: (rest: string | null) => void): void;
  /** From now on `send` gets every topic that is told here. */
  relay(send: (topic: string) => void): void;
  /** What another process told; null: unknown, so everything. */
  receive(topic: string | null): void;
  /** Lets every waiting stream go on, so that it notices the shutdown. */
  close(): void;
}

export function openHub(): Hub {
  const waiting = new Map<string, Set<() => void>>();
  const hearing: { prefix: string; heard: (rest: string | null) => void }[] = [];
  let send: ((topic: string) => void) | null = null;
  const wake = (topic: string) => {
    const waiters = waiting.get(topic);
    waiting.delete(topic);
    for (const resolve of waiters ?? []) resolve();
  };
  const wakeAll = () => {
    for (const topic of [...waiting.keys()]) wake(topic);
  };
  return {
    tell: (topic) => {
      wake(topic);
      send?.(topic);
    },
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
    hear: (prefix, heard) => void hearing.push({ prefix, heard }),
    relay: (to) => {
      send = to;
    },
    receive: (topic) => {
      if (topic === null) wakeAll();
      else wake(topic);
      for (const { prefix, heard } of hearing)
        if (topic === null) heard(null);
        else if (topic.startsWith(prefix)) heard(topic.slice(prefix.length));
    },
    close: wakeAll,
  };
}
