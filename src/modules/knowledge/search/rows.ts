import {
  corrupt,
  expectEnd,
  expectPadding,
  newOut,
  padded,
  putByte,
  putBytes,
  putVarint,
  type Reader,
  readerOf,
  takeByte,
  takeSection,
  takeVarint,
  written,
} from "./bytes.ts";
import { bucketKey, hashLength, type IndexKeys, postingCell } from "./keys.ts";

/**
 * Entries are kept in rows: a large one in a row of its own, small ones in buckets, each with all whose keys begin
 * alike. A row for each rare word would cost more than the word, and would tell which segments share it.
 */
export type PostingRow = { termHash: Buffer; body: Buffer };

/** An entry of at most this many bytes is in a bucket, a larger one in a row of its own. */
const smallest = 512;
/** About as large as a bucket shall be at most, on average: a query reads one for each rare word, and most of it in vain. */
const bucketSize = 4_096;

const formats = { own: 0x20, bucket: 0x21 } as const;

export const isSmall = (entry: Uint8Array): boolean => entry.length <= smallest;

/** Bytes that an entry takes in a bucket. */
export const sizeOf = (entry: Uint8Array): number => entry.length + hashLength + 1;

export const depthFor = (small: number): number =>
  small <= bucketSize ? 0 : small <= bucketSize * 16 ? 4 : small <= bucketSize * 256 ? 8 : 12;

/** A row of its own. */
export function sealOwn(entry: Uint8Array, key: string, keys: IndexKeys, segmentId: string): PostingRow {
  const out = newOut(entry.length + 6);
  putByte(out, formats.own);
  putVarint(out, entry.length);
  putBytes(out, entry);
  return seal(padded(out), key, keys, segmentId);
}

/** A bucket of small entries, given by ascending key. */
export function sealBucket(
  entries: readonly (readonly [key: string, entry: Uint8Array])[],
  depth: number,
  keys: IndexKeys,
  segmentId: string,
): PostingRow {
  const known = Math.floor(depth / 8);
  const inner = newOut(4_096);
  for (const [key, entry] of entries) {
    putBytes(inner, Buffer.from(key, "hex").subarray(known));
    putVarint(inner, entry.length);
    putBytes(inner, entry);
  }
  const out = newOut(inner.at + 6);
  putByte(out, formats.bucket);
  putVarint(out, inner.at);
  putBytes(out, written(inner));
  return seal(padded(out), bucketKey(entries[0]?.[0] ?? "", depth), keys, segmentId);
}

function seal(body: Buffer, key: string, keys: IndexKeys, segmentId: string): PostingRow {
  return { termHash: Buffer.from(key, "hex"), body: keys.seal(postingCell(segmentId, key), body) };
}

/** An opened row: one entry, or the section with a bucket's entries. */
export type OpenRow = { own: Reader } | { bucket: Reader };

export function openRow(sealed: Buffer, key: string, keys: IndexKeys, segmentId: string): OpenRow {
  return parseRow(keys.open(postingCell(segmentId, key), sealed));
}

export function parseRow(bytes: Uint8Array): OpenRow {
  const reader = readerOf(bytes);
  const format = takeByte(reader);
  if (format !== formats.own && format !== formats.bucket) throw corrupt("a row is of an unknown format");
  const section = takeSection(reader, takeVarint(reader));
  expectPadding(reader);
  if (format === formats.bucket) return { bucket: section };
  if (section.end - section.at <= smallest) throw corrupt("a small entry has a row of its own");
  return { own: section };
}

/** The entry of a bucket with this key, or null. */
export function findInBucket(bucket: Reader, key: string, depth: number): Reader | null {
  const wanted = Buffer.from(key, "hex").subarray(Math.floor(depth / 8));
  const reader = { ...bucket };
  while (reader.at < reader.end) {
    const at = takeSection(reader, wanted.length).at;
    const entry = takeSection(reader, takeVarint(reader));
    const order = compare(reader.bytes, at, wanted);
    if (order === 0) return entry;
    if (order > 0) return null;
  }
  return null;
}

function compare(bytes: Uint8Array, at: number, wanted: Uint8Array): number {
  for (let i = 0; i < wanted.length; i += 1) {
    const difference = (bytes[at + i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** All entries of a bucket in their order, with whole keys. Refuses what `sealBucket` does not write. */
export function entriesOf(bucket: Reader, rowKey: string, depth: number): [key: string, entry: Reader][] {
  const known = Math.floor(depth / 8);
  const entries: [string, Reader][] = [];
  const reader = { ...bucket };
  while (reader.at < reader.end) {
    const { bytes, at, end } = takeSection(reader, hashLength - known);
    const key =
      rowKey.slice(0, known * 2) + Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString("hex");
    if (bucketKey(key, depth) !== rowKey) throw corrupt("an entry is in another's bucket");
    if (entries.length > 0 && key <= (entries.at(-1)?.[0] ?? "")) throw corrupt("entries are not in order");
    const entry = takeSection(reader, takeVarint(reader));
    if (entry.end - entry.at > smallest) throw corrupt("a large entry is in a bucket");
    entries.push([key, entry]);
  }
  if (entries.length === 0) throw corrupt("a bucket is empty");
  expectEnd(reader);
  return entries;
}
