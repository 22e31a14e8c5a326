import { atOnce, type Steps } from "../gently.ts";
import { analyse, type WordCache } from "./analysis.ts";
import { bucketKey, type IndexKeys, positionsKey, tableCell, vocabularyKey } from "./keys.ts";
import { type Language, languageOf } from "./languages.ts";
import { lengthClass } from "./lengths.ts";
import { encodePostings, largestTf, type PostingList } from "./postings.ts";
import { depthFor, isSmall, type PostingRow, sealBucket, sealOwn, sizeOf } from "./rows.ts";
import { decodeTable, encodeTable, type SegmentTable } from "./table.ts";
import { beginningOf, encodeVocabulary } from "./vocabulary.ts";

/**
 * `passage` and `document` are numbers of the tenant's own, never used again, 0 to 2^32 - 2. `language` is the
 * document's as ISO 639-1, null when it is not known.
 */
export type PassageToIndex = {
  passage: number;
  document: number;
  title: string;
  heading: string | null;
  text: string;
  language: string | null;
};

export type { PostingRow } from "./rows.ts";
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

/** What is indexed of one passage, in positions: chunks have far fewer, and more would be somebody's attempt. */
const mostPositions = 20_000;

/**
 * Builds the immutable segment `segmentId` (a fresh UUID: its cells are bound to it) of a batch of passages, in
 * any order. Give passages in batches: the rows of a segment tell about how many words it has, and one upload alone
 * should not make one. Throws RangeError for a number out of range or a passage given twice.
 */
export function buildSegment(
  docs: Iterable<PassageToIndex>,
  keys: IndexKeys,
  segmentId: string,
): BuiltSegment {
  const sorted = [...docs].sort((a, b) => a.passage - b.passage);
  return atOnce(segmentSteps(sorted, keys, segmentId, Number.POSITIVE_INFINITY));
}

type Filling = {
  /** Of each term its occurrences, one after the other: ordinal, position, weight. An array for a term is what it costs. */
  lists: Map<string, number[]>;
  vocabulary: Map<string, { beginning: string; ordinals: number[] }>;
  cache: WordCache;
};

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
  const filling: Filling = { lists: new Map(), vocabulary: new Map(), cache: new Map() };
  const passages: number[] = [];
  const documents: number[] = [];
  const lengths: number[] = [];
  const spoken = new Set<Language>();
  let length = 0;
  for (const [ordinal, doc] of sorted.entries()) {
    if (length >= fullAt) break;
    expectNumber(doc.passage);
    expectNumber(doc.document);
    if (doc.passage === sorted[ordinal - 1]?.passage) throw new RangeError("a passage is given twice");
    passages.push(doc.passage);
    documents.push(doc.document);
    spoken.add(languageOf(doc.language));
    const added = addPassage(filling, ordinal, doc);
    lengths.push(lengthClass(added));
    length += added;
    yield;
  }
  const classes = Uint8Array.from(lengths);
  const entries = yield* entriesOf(filling, classes, keys);
  let small = 0;
  for (const entry of entries.values()) if (isSmall(entry)) small += sizeOf(entry);
  const depth = depthFor(small);
  const table = {
    passages: Uint32Array.from(passages),
    documents: Uint32Array.from(documents),
    lengths: classes,
    languages: [...spoken],
    depth,
    small,
  };
  return {
    segmentId,
    postings: yield* sealRows(entries, depth, keys, segmentId),
    stats: keys.seal(tableCell(segmentId), encodeTable(table)),
    passages: passages.length,
  };
}

/** Opens and parses a segment's table. Throws what `keys.open` throws, or "index_corrupt". */
export function openSegment(segmentId: string, stats: Buffer, keys: IndexKeys): SegmentTable {
  return decodeTable(segmentId, keys.open(tableCell(segmentId), stats));
}

/** Adds the passage's words to the lists and returns its length: the weighted count of ranked words. */
function addPassage({ lists, vocabulary, cache }: Filling, ordinal: number, doc: PassageToIndex): number {
  const language = languageOf(doc.language);
  let base = 0;
  let length = 0;
  for (const field of ["title", "heading", "text"] as const) {
    let last = -1;
    for (const token of analyse(doc[field] ?? "", language, cache)) {
      if (base + token.position > mostPositions) break;
      addOccurrence(lists, token.term, ordinal, base + token.position, weights[field]);
      if (!token.stop && token.position !== last) length += weights[field];
      last = token.position;
      if (token.word === null || token.stop) continue;
      const { lower, folded } = token.word;
      const known = vocabulary.get(lower);
      if (known) {
        if (known.ordinals.at(-1) !== ordinal) known.ordinals.push(ordinal);
      } else {
        const beginning = beginningOf(folded);
        if (beginning !== null) vocabulary.set(lower, { beginning, ordinals: [ordinal] });
      }
    }
    base += last + fieldGap;
  }
  return length;
}

function addOccurrence(
  lists: Map<string, number[]>,
  term: string,
  ordinal: number,
  position: number,
  weight: number,
) {
  const list = lists.get(term);
  if (list === undefined) lists.set(term, [ordinal, position, weight]);
  // The same term twice at one place (two spellings that stem alike) is one occurrence.
  else if (list[list.length - 3] !== ordinal || list[list.length - 2] !== position) {
    list.push(ordinal, position, weight);
  }
}

function postingsOf(occurrences: readonly number[]): PostingList {
  const list: PostingList = { ordinals: [], tfs: [], counts: [], positions: [] };
  let last = -1;
  for (let i = 0; i < occurrences.length; i += 3) {
    const [ordinal, weight] = [occurrences[i] ?? 0, occurrences[i + 2] ?? 0];
    if (ordinal !== list.ordinals[last]) {
      last = list.ordinals.push(ordinal) - 1;
      list.tfs.push(0);
      list.counts.push(0);
    }
    list.tfs[last] = Math.min((list.tfs[last] ?? 0) + weight, largestTf);
    list.counts[last] = (list.counts[last] ?? 0) + 1;
    list.positions.push(occurrences[i + 1] ?? 0);
  }
  return list;
}

function* entriesOf(
  { lists, vocabulary }: Filling,
  lengths: Uint8Array,
  keys: IndexKeys,
): Steps<Map<string, Uint8Array>> {
  const entries = new Map<string, Uint8Array>();
  let done = 0;
  for (const [term, occurrences] of lists) {
    const key = keys.hash(term);
    const { body, positions } = encodePostings(postingsOf(occurrences), lengths);
    entries.set(key.toString("hex"), body);
    if (positions) entries.set(positionsKey(key).toString("hex"), positions);
    if (++done % 64 === 0) yield;
  }
  const alike = new Map<string, { word: Buffer; ordinals: number[] }[]>();
  for (const [lower, { beginning, ordinals }] of vocabulary) {
    const words = alike.get(beginning);
    const word = { word: Buffer.from(lower), ordinals };
    if (words) words.push(word);
    else alike.set(beginning, [word]);
    if (++done % 256 === 0) yield;
  }
  for (const [beginning, words] of alike) {
    entries.set(vocabularyKey(keys, beginning).toString("hex"), encodeVocabulary(words, lengths.length));
    yield;
  }
  return entries;
}

function* sealRows(
  entries: Map<string, Uint8Array>,
  depth: number,
  keys: IndexKeys,
  segmentId: string,
): Steps<PostingRow[]> {
  const rows: PostingRow[] = [];
  const buckets = new Map<string, [string, Uint8Array][]>();
  let done = 0;
  for (const [key, entry] of entries) {
    if (isSmall(entry)) {
      const to = bucketKey(key, depth);
      const bucket = buckets.get(to);
      if (bucket) bucket.push([key, entry]);
      else buckets.set(to, [[key, entry]]);
    } else rows.push(sealOwn(entry, key, keys, segmentId));
    if (++done % 256 === 0) yield;
  }
  for (const bucket of buckets.values()) {
    bucket.sort(([a], [b]) => (a < b ? -1 : 1));
    rows.push(sealBucket(bucket, depth, keys, segmentId));
    yield;
  }
  return rows;
}

function expectNumber(value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xfffffffe) {
    throw new RangeError("a passage or document number is out of range");
  }
}
