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
 * The key of the row with a long list's positions. Made from the word's own hash, so that merging, which never
 * sees words, can make it too; no word holds a control character, so that it is no word's hash.
 */
export const positionsHash = (keys: IndexKeys, termHash: Buffer): Buffer =>
  keys.hash(`\u0001${termHash.toString("hex")}`);
