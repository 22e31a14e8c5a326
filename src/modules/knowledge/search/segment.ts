import { randomBytes } from "node:crypto";
import { analyse, type WordCache } from "./analysis.ts";
import { sizeClass } from "./bytes.ts";
import { hashLength, type IndexKeys, positionsHash, postingCell, tableCell } from "./keys.ts";
import { encodeDummy, encodePostings, largestTf, type PostingList } from "./postings.ts";
import { decodeTable, encodeTable, type SegmentTable } from "./table.ts";

/** `passage` and `document` are numbers of the tenant's own, never used again, 0 to 2^32 - 2. */
export type PassageToIndex = {
  passage: number;
  document: number;
  title: string;
  heading: string | null;
  text: string;
};

export type PostingRow = { termHash: Buffer; body: Buffer };
export type BuiltSegment = { segmentId: string; postings: PostingRow[]; stats: Buffer };

/** How often a word counts where it stands. */
const weights = { title: 2, heading: 2, text: 1 } as const;

/** Positions left free between title, heading and text, so that no phrase runs across. */
const fieldGap = 16;

/**
 * Builds the immutable segment `segmentId` (a fresh UUID: its cells are bound to it) of a batch of passages, in
 * any order. Rows come sorted by hash, padded with dummy rows to a size class. Give passages in batches: the
 * rows of a segment tell its set of words, and one upload alone should not make one.
 * Throws RangeError for a number out of range or a passage given twice.
 */
export function buildSegment(
  docs: Iterable<PassageToIndex>,
  keys: IndexKeys,
  segmentId: string,
): BuiltSegment {
  const sorted = [...docs].sort((a, b) => a.passage - b.passage);
  const lists = new Map<string, PostingList>();
  const cache: WordCache = new Map();
  const passages = new Uint32Array(sorted.length);
  const documents = new Uint32Array(sorted.length);
  const lengths = new Uint32Array(sorted.length);
  sorted.forEach((doc, ordinal) => {
    expectNumber(doc.passage);
    expectNumber(doc.document);
    if (doc.passage === sorted[ordinal - 1]?.passage) throw new RangeError("a passage is given twice");
    passages[ordinal] = doc.passage;
    documents[ordinal] = doc.document;
    lengths[ordinal] = addPassage(lists, ordinal, doc, cache);
  });
  const rows = new Map<string, Buffer>();
  for (const [term, list] of lists) {
    const termHash = keys.hash(term);
    const { body, positions } = encodePostings(list);
    rows.set(termHash.toString("hex"), body);
    if (positions) rows.set(positionsHash(keys, termHash).toString("hex"), positions);
  }
  return {
    segmentId,
    postings: sealRows(rows, keys, segmentId),
    stats: keys.seal(tableCell(segmentId), encodeTable({ passages, documents, lengths })),
  };
}

/** Opens and parses a segment's table. Throws what `keys.open` throws, or "index_corrupt". */
export function openSegment(segmentId: string, stats: Buffer, keys: IndexKeys): SegmentTable {
  return decodeTable(segmentId, keys.open(tableCell(segmentId), stats));
}

/** Adds the passage's words to the lists and returns its length: the weighted count of ranked words. */
function addPassage(
  lists: Map<string, PostingList>,
  ordinal: number,
  doc: PassageToIndex,
  cache: WordCache,
): number {
  let base = 0;
  let length = 0;
  for (const field of ["title", "heading", "text"] as const) {
    let last = -1;
    for (const token of analyse(doc[field] ?? "", cache)) {
      addOccurrence(lists, token.term, ordinal, base + token.position, weights[field]);
      if (!token.stop && token.position !== last) length += weights[field];
      last = token.position;
    }
    base += last + fieldGap;
  }
  return length;
}

function addOccurrence(
  lists: Map<string, PostingList>,
  term: string,
  ordinal: number,
  position: number,
  weight: number,
) {
  let list = lists.get(term);
  if (list === undefined) {
    list = { ordinals: [], tfs: [], counts: [], positions: [] };
    lists.set(term, list);
  }
  const last = list.ordinals.length - 1;
  list.positions.push(position);
  if (list.ordinals[last] === ordinal) {
    list.tfs[last] = Math.min((list.tfs[last] ?? 0) + weight, largestTf);
    list.counts[last] = (list.counts[last] ?? 0) + 1;
  } else {
    list.ordinals.push(ordinal);
    list.tfs.push(weight);
    list.counts.push(1);
  }
}

function sealRows(rows: Map<string, Buffer>, keys: IndexKeys, segmentId: string): PostingRow[] {
  const target = sizeClass(rows.size, 64, 8);
  while (rows.size < target) rows.set(randomBytes(hashLength).toString("hex"), encodeDummy());
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([hex, body]) => ({
      termHash: Buffer.from(hex, "hex"),
      body: keys.seal(postingCell(segmentId, hex), body),
    }));
}

function expectNumber(value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xfffffffe) {
    throw new RangeError("a passage or document number is out of range");
  }
}
