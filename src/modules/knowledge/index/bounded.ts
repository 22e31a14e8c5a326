/** What is kept in memory by key, within so many bytes for all of it: the one longest unused goes first. */
export interface Bounded<T> {
  get(key: string): T | undefined;
  put(key: string, value: T): void;
  readonly bytes: number;
}

/** An entry costs this much beside what it holds. */
const ENTRY = 500;

export function bounded<T>(mostBytes: number, bytesOf: (value: T) => number): Bounded<T> {
  const entries = new Map<string, { value: T; bytes: number }>();
  let bytes = 0;
  const drop = (key: string) => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  return {
    get bytes() {
      return bytes;
    },
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    put(key, value) {
      drop(key);
      const entry = { value, bytes: bytesOf(value) + ENTRY };
      // One that fills all of it alone would only push out everybody else's.
      if (entry.bytes > mostBytes) return;
      entries.set(key, entry);
      bytes += entry.bytes;
      while (bytes > mostBytes) drop(entries.keys().next().value as string); // over the bound, one is there
    },
  };
}
