import { randomBytes } from "node:crypto";
import { atOnce, type Steps } from "../gently.ts";
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
export type BuiltSegment = {
  segmentId: string;
  postings: PostingRow[];
  stats: Buffer;
  /** How many of the passages, from the first on, it holds. */
  passages: number;
};

/** Ranked words, counted as `lengths` counts them, with which a segment is full however few its passages are. */
export const SEGMENT_LENGTH = 100_000;

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
  return atOnce(segmentSteps(sorted, keys, segmentId, Number.POSITIVE_INFINITY));
}

/**
 * The same in steps, for passages in the order of their numbers, and only as far as the segment is not yet full: the
 * caller goes on with those that are left. A single step takes a passage, or a few rows.
 */
export function* segmentSteps(
  sorted: readonly PassageToIndex[],
  keys: IndexKeys,
  segmentId: string,
  fullAt: number = SEGMENT_LENGTH,
): Steps<BuiltSegment> {
  const lists = new Map<string, PostingList>();
  const cache: WordCache = new Map();
  const passages: number[] = [];
  const documents: number[] = [];
  const lengths: number[] = [];
  let length = 0;
  for (const [ordinal, doc] of sorted.entries()) {
    if (length >= fullAt) break;
    expectNumber(doc.passage);
    expectNumber(doc.document);
    if (doc.passage === sorted[ordinal - 1]?.passage) throw new RangeError("a passage is given twice");
    passages.push(doc.passage);
    documents.push(doc.document);
    const added = addPassage(lists, ordinal, doc, cache);
    lengths.push(added);
    length += added;
    yield;
  }
  const rows = new Map<string, Buffer>();
  for (const [term, list] of lists) {
    const termHash = keys.hash(term);
    const { body, positions } = encodePostings(list);
    rows.set(termHash.toString("hex"), body);
    if (positions) rows.set(positionsHash(keys, termHash).toString("hex"), positions);
    if (rows.size % 64 === 0) yield;
  }
  const table = {
    passages: Uint32Array.from(passages),
    documents: Uint32Array.from(documents),
    lengths: Uint32Array.from(lengths),
  };
  return {
    segmentId,
    postings: yield* sealRows(rows, keys, segmentId),
    stats: keys.seal(tableCell(segmentId), encodeTable(table)),
    passages: passages.length,
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

// Sorted in shares by the first byte, since sorting all at once could not be interrupted: hashes spread evenly.
function* sealRows(rows: Map<string, Buffer>, keys: IndexKeys, segmentId: string): Steps<PostingRow[]> {
  const target = sizeClass(rows.size, 64, 8);
  while (rows.size < target) {
    rows.set(randomBytes(hashLength).toString("hex"), encodeDummy());
    if (rows.size % 1024 === 0) yield;
  }
  const shares = Array.from({ length: 256 }, (): string[] => []);
  let seen = 0;
  for (const hex of rows.keys()) {
    shares[Number.parseInt(hex.slice(0, 2), 16)]?.push(hex);
    if (++seen % 1024 === 0) yield;
  }
  const sealed: PostingRow[] = [];
  for (const share of shares) {
    for (const hex of share.sort()) {
      const body = keys.seal(postingCell(segmentId, hex), rows.get(hex) ?? encodeDummy());
      sealed.push({ termHash: Buffer.from(hex, "hex"), body });
      if (sealed.length % 64 === 0) yield;
    }
  }
  return sealed;
}

function expectNumber(value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xfffffffe) {
    throw new RangeError("a passage or document number is out of range");
  }
}
