import {
  corrupt,
  expectEnd,
  expectPadding,
  padded,
  putVarint,
  readerOf,
  takeByte,
  takeSection,
  takeVarint,
} from "./bytes.ts";

/**
 * What a segment knows of its passages, by ordinal: tenant-wide passage number (ascending), tenant-wide document
 * number, and weighted count of ranked words. It holds no words, never changes, and may be kept by the caller
 * in memory for as long as it keeps the tenant's keys: `bytes` says how much it takes.
 */
export type SegmentTable = {
  segmentId: string;
  passages: Uint32Array;
  documents: Uint32Array;
  lengths: Uint32Array;
  bytes: number;
};

const format = 0x20;

/** FORMAT.md, "Table". */
export function encodeTable(table: Pick<SegmentTable, "passages" | "documents" | "lengths">): Buffer {
  const entries: number[] = [];
  let passage = -1;
  let document = 0;
  for (let i = 0; i < table.passages.length; i += 1) {
    const nextPassage = table.passages[i] ?? 0;
    const nextDocument = table.documents[i] ?? 0;
    putVarint(entries, nextPassage - passage - 1);
    putVarint(entries, nextDocument === document ? 0 : nextDocument + 1);
    putVarint(entries, table.lengths[i] ?? 0);
    passage = nextPassage;
    document = nextDocument;
  }
  const head: number[] = [format];
  putVarint(head, table.passages.length);
  putVarint(head, entries.length);
  return padded(head.concat(entries));
}

/** Throws "index_corrupt" for anything that `encodeTable` does not write. */
export function decodeTable(segmentId: string, bytes: Uint8Array): SegmentTable {
  const reader = readerOf(bytes);
  if (takeByte(reader) !== format) throw corrupt("a table is of an unknown format");
  const count = takeVarint(reader);
  const section = takeSection(reader, takeVarint(reader));
  if (count * 3 > section.end - section.at) throw corrupt("a table is shorter than its count");
  const passages = new Uint32Array(count);
  const documents = new Uint32Array(count);
  const lengths = new Uint32Array(count);
  let passage = -1;
  let document = 0;
  for (let i = 0; i < count; i += 1) {
    passage += takeVarint(section) + 1;
    if (passage > 0xffffffff) throw corrupt("a passage number is too large");
    const mark = takeVarint(section);
    if (mark !== 0) {
      if (mark - 1 === document) throw corrupt("a document is named twice");
      document = mark - 1;
    }
    passages[i] = passage;
    documents[i] = document;
    lengths[i] = takeVarint(section);
  }
  expectEnd(section);
  expectPadding(reader);
  return { segmentId, passages, documents, lengths, bytes: count * 12 };
}
