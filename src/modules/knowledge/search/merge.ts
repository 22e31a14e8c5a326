import type { Steps } from "../gently.ts";
import { corrupt, type Reader } from "./bytes.ts";
import { bucketKey, type IndexKeys, positionsKey, tableCell } from "./keys.ts";
import {
  decodePostings,
  encodePostings,
  inlinePositions,
  kinds,
  openPositions,
  openPostings,
  type PostingList,
} from "./postings.ts";
import {
  depthFor,
  entriesOf,
  isSmall,
  openRow,
  type PostingRow,
  sealBucket,
  sealOwn,
  sizeOf,
} from "./rows.ts";
import { encodeTable, type SegmentTable, type TableParts } from "./table.ts";
import { encodeVocabulary, ordinalsOf, wordsOf } from "./vocabulary.ts";

/** No merged segment may hold more passages: it bounds what a merge and a query hold in memory of one word. */
export const MERGED_PASSAGES = 131_072;

export type MergeRequest = {
  sources: readonly SegmentTable[];
  keys: IndexKeys;
  /** A fresh UUID. */
  segmentId: string;
  /** Whether a document still exists. Asked at once, for each run of its passages; the others are left out. */
  keeps: (document: number) => boolean;
};

export type SourceRow = { segmentId: string; termHash: Buffer; body: Buffer };

/**
 * A merge of segments into one. It works on the sealed rows, and needs neither words nor texts; in memory it has about a
 * bucket of each source and the list of one word. What leaves it is to be kept only if `end` was reached.
 */
export type Merge = {
  /** How many passages the new segment will have; with none of them there is nothing to keep. */
  passages: number;
  /** All rows of all sources, by ascending key (those of the same key in any order), in as many pages as one likes. */
  add: (rows: readonly SourceRow[]) => Steps<PostingRow[]>;
  end: () => Steps<{ postings: PostingRow[]; stats: Buffer }>;
};

type Source = { table: SegmentTable; ordinals: Int32Array };
type Pending = { key: string; source: Source; entry: Reader };

/** Throws RangeError when the sources share a passage or are too many for one segment. */
export function startMerge({ sources: tables, keys, segmentId, keeps }: MergeRequest): Merge {
  const { sources, table } = plan(tables, keeps);
  const passages = table.passages.length;
  const byId = new Map(sources.map((source) => [source.table.segmentId, source]));
  let pending: Pending[] = [];
  let reached = "";
  let bucket: [string, Uint8Array][] = [];
  let small = 0;

  function* put(out: PostingRow[], key: string, entry: Uint8Array): Generator<void, void> {
    if (!isSmall(entry)) {
      out.push(sealOwn(entry, key, keys, segmentId));
      return;
    }
    small += sizeOf(entry);
    const [first] = bucket[0] ?? [key];
    if (bucketKey(first, table.depth) !== bucketKey(key, table.depth)) {
      out.push(sealBucket(bucket, table.depth, keys, segmentId));
      bucket = [];
      yield;
    }
    bucket.push([key, entry]);
  }

  /** Everything below `bound` is complete, but for a word whose positions have that very key. */
  function* flush(out: PostingRow[], bound: string | null): Generator<void, void> {
    let head = 0;
    let done = 0;
    while (head < pending.length) {
      const key = pending[head]?.key ?? "";
      if (bound !== null && (key >= bound || plusOne(key) === bound)) break;
      const same = takeSame(pending, head);
      head += same.length;
      const kind = same[0]?.entry.bytes[same[0].entry.at];
      if (kind === kinds.vocabulary) {
        const merged = mergeVocabulary(same, passages);
        if (merged) yield* put(out, key, merged);
      } else {
        const apart = takeSame(pending, head);
        const mine = apart[0]?.key === plusOne(key) ? apart : [];
        head += mine.length;
        const list = mergeWords(same, mine);
        if (list.ordinals.length > 0) {
          const { body, positions } = encodePostings(list, table.lengths);
          yield* put(out, key, body);
          if (positions) yield* put(out, plusOne(key), positions);
        }
      }
      if (++done % 16 === 0) yield;
    }
    pending = pending.slice(head);
  }

  return {
    passages,
    *add(rows) {
      const out: PostingRow[] = [];
      for (const { segmentId: from, termHash, body } of rows) {
        const key = termHash.toString("hex");
        const source = byId.get(from);
        if (source === undefined) throw new RangeError("a row is of none of the sources");
        if (key < reached) throw new RangeError("rows do not come by ascending key");
        if (key > reached) yield* flush(out, key);
        reached = key;
        const row = openRow(body, key, keys, from);
        const entries: Pending[] =
          "own" in row
            ? [{ key, source, entry: row.own }]
            : entriesOf(row.bucket, key, source.table.depth).map(([of, entry]) => ({
                key: of,
                source,
                entry,
              }));
        pending = together(pending, entries);
        yield;
      }
      return out;
    },
    *end() {
      const postings: PostingRow[] = [];
      yield* flush(postings, null);
      if (bucket.length > 0) postings.push(sealBucket(bucket, table.depth, keys, segmentId));
      return { postings, stats: keys.seal(tableCell(segmentId), encodeTable({ ...table, small })) };
    },
  };
}

/** The new table, and for each source where its passages come to lie: -1 for those that are left out. */
function plan(
  tables: readonly SegmentTable[],
  keeps: (document: number) => boolean,
): { sources: Source[]; table: Omit<TableParts, "small"> } {
  const sources = tables.map((table) => ({
    table,
    ordinals: new Int32Array(table.passages.length).fill(-1),
  }));
  const kept: { passage: number; source: Source; ordinal: number }[] = [];
  for (const source of sources) {
    let document = -1;
    let decision = false;
    source.table.documents.forEach((next, ordinal) => {
      if (next !== document) {
        document = next;
        decision = keeps(next);
      }
      if (decision) kept.push({ passage: source.table.passages[ordinal] ?? 0, source, ordinal });
    });
  }
  if (kept.length > MERGED_PASSAGES) throw new RangeError("more passages than one segment may have");
  kept.sort((a, b) => a.passage - b.passage);
  const table = {
    passages: new Uint32Array(kept.length),
    documents: new Uint32Array(kept.length),
    lengths: new Uint8Array(kept.length),
    languages: [...new Set(tables.flatMap((one) => one.languages))],
    depth: depthFor(tables.reduce((sum, one) => sum + one.small, 0)),
  };
  kept.forEach(({ passage, source, ordinal }, i) => {
    if (i > 0 && table.passages[i - 1] === passage) throw new RangeError("two sources have the same passage");
    table.passages[i] = passage;
    table.documents[i] = source.table.documents[ordinal] ?? 0;
    table.lengths[i] = source.table.lengths[ordinal] ?? 0;
    source.ordinals[ordinal] = i;
  });
  return { sources, table };
}

const plusOne = (key: string): string => positionsKey(Buffer.from(key, "hex")).toString("hex");

function takeSame(pending: readonly Pending[], from: number): Pending[] {
  const key = pending[from]?.key;
  let to = from;
  while (to < pending.length && pending[to]?.key === key) to += 1;
  return pending.slice(from, to);
}

/** Two lists in order as one. */
function together(pending: Pending[], added: Pending[]): Pending[] {
  const [first] = added;
  if (first === undefined) return pending;
  if (pending.length === 0 || (pending.at(-1)?.key ?? "") <= first.key) return pending.concat(added);
  const both: Pending[] = [];
  let next = 0;
  for (const one of pending) {
    for (let other = added[next]; other !== undefined && other.key < one.key; other = added[++next])
      both.push(other);
    both.push(one);
  }
  return both.concat(added.slice(next));
}

function mergeWords(words: readonly Pending[], positions: readonly Pending[]): PostingList {
  const merged: PostingList = { ordinals: [], tfs: [], counts: [], positions: [] };
  const starts: number[] = [];
  let used = 0;
  for (const { source, entry } of words) {
    const list = openPostings(entry, source.table.passages.length);
    const apart = list.inline ? undefined : positions.find((one) => one.source === source);
    if (!list.inline && apart === undefined) throw corrupt("the positions of a word are missing");
    if (apart) used += 1;
    const whole = decodePostings(list, apart ? openPositions(apart.entry, list.df) : inlinePositions(list));
    let at = 0;
    whole.ordinals.forEach((ordinal, i) => {
      const count = whole.counts[i] ?? 0;
      const to = source.ordinals[ordinal] ?? -1;
      if (to >= 0) {
        merged.ordinals.push(to);
        merged.tfs.push(whole.tfs[i] ?? 1);
        merged.counts.push(count);
        starts.push(merged.positions.length);
        for (let n = at; n < at + count; n += 1) merged.positions.push(whole.positions[n] ?? 0);
      }
      at += count;
    });
  }
  if (used < positions.length) throw corrupt("there are positions without their word");
  return inOrder(merged, starts);
}

/** Segments of passages that came one after the other need no sorting. */
function inOrder(list: PostingList, starts: readonly number[]): PostingList {
  if (list.ordinals.every((ordinal, i) => i === 0 || ordinal > (list.ordinals[i - 1] ?? 0))) return list;
  const order = list.ordinals
    .map((_, i) => i)
    .sort((a, b) => (list.ordinals[a] ?? 0) - (list.ordinals[b] ?? 0));
  const sorted: PostingList = { ordinals: [], tfs: [], counts: [], positions: [] };
  for (const i of order) {
    const [start, count] = [starts[i] ?? 0, list.counts[i] ?? 0];
    sorted.ordinals.push(list.ordinals[i] ?? 0);
    sorted.tfs.push(list.tfs[i] ?? 1);
    sorted.counts.push(count);
    for (let n = start; n < start + count; n += 1) sorted.positions.push(list.positions[n] ?? 0);
  }
  return sorted;
}

/** Null when no word is left. */
function mergeVocabulary(entries: readonly Pending[], passages: number): Uint8Array | null {
  const words = new Map<string, { word: Buffer; ordinals: number[] }>();
  for (const { source, entry } of entries) {
    for (const word of wordsOf(entry)) {
      const key = word.bytes.toString("latin1");
      const merged = words.get(key) ?? { word: Buffer.from(word.bytes), ordinals: [] };
      for (const ordinal of ordinalsOf(word, source.table.passages.length)) {
        const to = source.ordinals[ordinal] ?? -1;
        if (to >= 0) merged.ordinals.push(to);
      }
      words.set(key, merged);
    }
  }
  const left = [...words.values()].filter(({ ordinals }) => ordinals.length > 0);
  if (left.length === 0) return null;
  if (entries.length > 1) for (const { ordinals } of left) ordinals.sort((a, b) => a - b);
  return encodeVocabulary(left, passages);
}
