/** Where a sealed value lives; the caller binds it, with the tenant, into the ciphertext's associated data. */
export type Cell = { table: string; column: string; row: string };

/**
 * The tenant's index keys, given by the caller. `hash` is HMAC-SHA256 under the tenant's index key, cut to 12
 * bytes; `open` throws when the ciphertext was changed or belongs to another cell.
 */
export type IndexKeys = {
  hash: (term: string) => Buffer;
  seal: (cell: Cell, plaintext: Buffer) => Buffer;
  open: (cell: Cell, sealed: Buffer) => Buffer;
};

export const hashLength = 12;

/** The cell of a posting row. */
export const postingCell = (segmentId: string, termHash: string): Cell => ({
  table: "index_posting",
  column: "body",
  row: `${segmentId}/${termHash}`,
});

/** The cell of a segment's table. */
export const tableCell = (segmentId: string): Cell => ({
  table: "index_segment",
  column: "stats",
  row: segmentId,
});

/**
 * The key of the entry with a long list's positions: the word's key plus one. It comes next in the order of keys, so
 * that a merge, which sees no words and reads in that order, has both in its hands at once.
 */
export function positionsKey(wordKey: Buffer): Buffer {
  const key = Buffer.from(wordKey);
  for (let i = key.length - 1; i >= 0; i -= 1) {
    key[i] = ((key[i] ?? 0) + 1) & 255;
    if (key[i] !== 0) break;
  }
  return key;
}

/** The key of the vocabulary of words that begin with these two characters. No word holds a control character. */
export const vocabularyKey = (keys: IndexKeys, beginning: string): Buffer => keys.hash(`\u0002${beginning}`);

/** How many bits of their keys the entries of one bucket have in common: a segment has one of these. */
export const depths = [0, 4, 8, 12] as const;

/** The key, as hex, of the bucket that an entry is in: the first bits of its own, and zeros. */
export const bucketKey = (entryKey: string, depth: number): string =>
  entryKey.slice(0, depth / 4).padEnd(hashLength * 2, "0");

/** The keys under which an entry may be found in segments of these depths, as hex. */
export const rowsOf = (entryKey: string, among: readonly number[]): string[] => [
  entryKey,
  ...among.map((depth) => bucketKey(entryKey, depth)),
];
