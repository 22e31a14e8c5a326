import {
  corrupt,
  expectEnd,
  expectPadding,
  newOut,
  padded,
  putByte,
  putBytes,
  putVarint,
  readerOf,
  takeByte,
  takeSection,
  takeVarint,
  written,
} from "./bytes.ts";
import { depths } from "./keys.ts";
import { type Language, languages } from "./languages.ts";
import { classLengths } from "./lengths.ts";

/**
 * What a segment knows of its passages, by ordinal: tenant-wide passage number (ascending), tenant-wide document
 * number, and the class of its length. It holds no words, never changes, and may be kept by the caller in memory
 * for as long as it keeps the tenant's keys: `bytes` says how much it takes.
 */
export type SegmentTable = {
  segmentId: string;
  passages: Uint32Array;
  documents: Uint32Array;
  lengths: Uint8Array;
  /** The languages in which its passages were stemmed. */
  languages: readonly Language[];
  /** Bits by which its buckets are told apart. */
  depth: number;
  /** Bytes of all that is in buckets. */
  small: number;
  /** Ranked words in all of it, about. */
  words: number;
  /** Runs of passages of one document. */
  runs: number;
  /**
   * The first ordinals of runs that may go on in another segment. A document's passages have numbers without a gap: one
   * has ended where the next number is another document's.
   */
  edges: Uint32Array;
  bytes: number;
};

/** What a query must know of an index before it reads it. */
export type Shape = { languages: readonly Language[]; depths: readonly number[] };

/** The shape to ask with while the segments are not known. */
export const unknownShape: Shape = { languages: ["en"], depths };

export function shapeOf(tables: Iterable<SegmentTable>): Shape {
  const shape = { languages: new Set<Language>(), depths: new Set<number>() };
  for (const table of tables) {
    shape.depths.add(table.depth);
    for (const language of table.languages) shape.languages.add(language);
  }
  return {
    languages: languages.filter((language) => shape.languages.has(language)),
    depths: [...shape.depths].sort((a, b) => a - b),
  };
}

/** Whether a query that was asked with one shape finds everything in an index of another. */
export const covers = (asked: Shape, real: Shape): boolean =>
  real.languages.every((language) => asked.languages.includes(language)) &&
  real.depths.every((depth) => asked.depths.includes(depth));

/** Ranked words in a segment, about. */
export const lengthOf = (table: SegmentTable): number => table.words;

const format = 0x22;

/** What is written of a table; the rest is counted when it is read. */
export type TableParts = Pick<
  SegmentTable,
  "passages" | "documents" | "lengths" | "languages" | "depth" | "small"
>;

/** FORMAT.md, "Table". */
export function encodeTable(table: TableParts): Buffer {
  const entries = newOut(table.passages.length * 4);
  let passage = -1;
  let document = 0;
  for (let i = 0; i < table.passages.length; i += 1) {
    const nextPassage = table.passages[i] ?? 0;
    const nextDocument = table.documents[i] ?? 0;
    putVarint(entries, nextPassage - passage - 1);
    putVarint(entries, nextDocument === document ? 0 : nextDocument + 1);
    putByte(entries, table.lengths[i] ?? 0);
    passage = nextPassage;
    document = nextDocument;
  }
  const out = newOut(entries.at + 24);
  putByte(out, format);
  putVarint(
    out,
    languages.reduce((bits, code, i) => (table.languages.includes(code) ? bits | (1 << i) : bits), 0),
  );
  putByte(out, table.depth);
  putVarint(out, table.small);
  putVarint(out, table.passages.length);
  putVarint(out, entries.at);
  putBytes(out, written(entries));
  return padded(out);
}

/** Throws "index_corrupt" for anything that `encodeTable` does not write. */
export function decodeTable(segmentId: string, bytes: Uint8Array): SegmentTable {
  const reader = readerOf(bytes);
  if (takeByte(reader) !== format) throw corrupt("a table is of an unknown format");
  const bits = takeVarint(reader);
  if (bits >= 2 ** languages.length) throw corrupt("a table has an unknown language");
  const depth = takeByte(reader);
  if (!depths.some((known) => known === depth)) throw corrupt("a table has an unknown depth");
  const small = takeVarint(reader);
  const count = takeVarint(reader);
  const section = takeSection(reader, takeVarint(reader));
  if (count * 3 > section.end - section.at) throw corrupt("a table is shorter than its count");
  const passages = new Uint32Array(count);
  const documents = new Uint32Array(count);
  const lengths = new Uint8Array(count);
  let passage = -1;
  let document = 0;
  let words = 0;
  let runs = 0;
  let start = 0;
  let gap = true;
  const edges: number[] = [];
  const endRun = (ended: boolean): void => {
    if (gap || !ended) edges.push(start);
  };
  for (let i = 0; i < count; i += 1) {
    const before = passage;
    passage += takeVarint(section) + 1;
    if (passage > 0xffffffff) throw corrupt("a passage number is too large");
    const mark = takeVarint(section);
    if (mark !== 0) {
      if (mark - 1 === document) throw corrupt("a document is named twice");
      document = mark - 1;
    }
    if (mark !== 0 || i === 0) {
      if (i > 0) endRun(passage === before + 1);
      gap = i === 0 || passage !== before + 1;
      start = i;
      runs += 1;
    } else if (passage !== before + 1) gap = true;
    passages[i] = passage;
    documents[i] = document;
    const length = takeByte(section);
    lengths[i] = length;
    words += classLengths[length] ?? 0;
  }
  if (count > 0) endRun(false);
  expectEnd(section);
  expectPadding(reader);
  const spoken = languages.filter((_, i) => (bits & (1 << i)) !== 0);
  return {
    segmentId,
    passages,
    documents,
    lengths,
    languages: spoken,
    depth,
    small,
    words,
    runs,
    edges: Uint32Array.from(edges),
    bytes: count * 9 + edges.length * 4,
  };
}
