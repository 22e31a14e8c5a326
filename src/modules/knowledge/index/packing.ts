import { hashLength } from "../search/keys.ts";
import type { SealedRow } from "./segments.ts";

// Rows between two threads: one piece of memory that changes hands, in place of thousands that are copied.

const HEAD = hashLength + 4;

/** Rows one after the other: key, length, body. */
export function packRows(rows: readonly SealedRow[]): ArrayBuffer {
  const bytes = new ArrayBuffer(rows.reduce((sum, { body }) => sum + HEAD + body.length, 0));
  const packed = Buffer.from(bytes);
  let at = 0;
  for (const { termHash, body } of rows) {
    packed.set(termHash, at);
    packed.writeUInt32BE(body.length, at + hashLength);
    packed.set(body, at + HEAD);
    at += HEAD + body.length;
  }
  return bytes;
}

/** The same rows, as views of what was packed. */
export function unpackRows(bytes: ArrayBuffer): SealedRow[] {
  const packed = Buffer.from(bytes);
  const rows: SealedRow[] = [];
  for (let at = 0; at < packed.length; ) {
    const end = at + HEAD + packed.readUInt32BE(at + hashLength);
    rows.push({ termHash: packed.subarray(at, at + hashLength), body: packed.subarray(at + HEAD, end) });
    at = end;
  }
  return rows;
}
