import { corrupt, type Reader } from "./bytes.ts";
import { bucketKey, type IndexKeys, positionsKey } from "./keys.ts";
import { classLengths } from "./lengths.ts";
import {
  inlinePositions,
  type OpenList,
  type OpenPositions,
  openPositions,
  openPostings,
} from "./postings.ts";
import { findInBucket, type OpenRow, openRow } from "./rows.ts";
import type { SegmentTable } from "./table.ts";

/**
 * A segment as a query sees it: its opened table, and the sealed rows that `queryKeys` asked for, by hex. `shown` may
 * be given by who keeps it; it must be of this table and of this reader's documents now.
 */
export type SearchSegment = {
  table: SegmentTable;
  postings: ReadonlyMap<string, Buffer>;
  shown?: Shown | undefined;
};

/** Which of a segment's passages a person may see: 1 by ordinal, and how many of them lie before each ordinal. */
export type Shown = {
  /** Null: all of them. */
  mask: Uint8Array | null;
  before: Uint32Array | null;
  count: number;
  length: number;
  /** Runs of one document's passages. */
  runs: number;
  bytes: number;
};

/** For somebody who sees every document of the segment. */
export function everything(table: SegmentTable): Shown {
  return {
    mask: null,
    before: null,
    count: table.lengths.length,
    length: table.words,
    runs: table.runs,
    bytes: 48,
  };
}

/** `visible` is asked at most once for each run of a document's passages. */
export function shownOf(table: SegmentTable, visible: (document: number) => boolean): Shown {
  const size = table.passages.length;
  const mask = new Uint8Array(size);
  const before = new Uint32Array(size + 1);
  let count = 0;
  let length = 0;
  let runs = 0;
  let document = -1;
  let decision = false;
  for (let ordinal = 0; ordinal < size; ordinal += 1) {
    const next = table.documents[ordinal] ?? 0;
    if (next !== document) {
      document = next;
      decision = visible(document);
      if (decision) runs += 1;
    }
    before[ordinal] = count;
    if (decision) {
      mask[ordinal] = 1;
      count += 1;
      length += classLengths[table.lengths[ordinal] ?? 0] ?? 0;
    }
  }
  before[size] = count;
  if (count === size) return { mask: null, before: null, count, length, runs, bytes: 48 };
  return { mask, before, count, length, runs, bytes: size * 5 + 52 };
}

/** How many of the ordinals from `from` to below `to` are shown. */
export const shownWithin = ({ before }: Shown, from: number, to: number): number =>
  before === null ? to - from : (before[to] ?? 0) - (before[from] ?? 0);

/** A segment whose rows are opened when they are needed, each once. */
export type View = {
  table: SegmentTable;
  shown: Shown;
  list: (term: string) => OpenList | null;
  positions: (term: string, list: OpenList) => OpenPositions;
  entry: (key: string) => Reader | null;
};

/** `hashes` keeps the keys of terms over the segments of one query: to make one costs more than to look it up. */
export function viewOf(
  { table, postings, shown }: SearchSegment,
  keys: IndexKeys,
  visible: (document: number) => boolean,
  hashes: Map<string, string> = new Map(),
): View {
  const keyOf = (term: string): string => {
    const known = hashes.get(term) ?? keys.hash(term).toString("hex");
    hashes.set(term, known);
    return known;
  };
  const rows = new Map<string, OpenRow>();
  const row = (key: string): OpenRow | null => {
    const known = rows.get(key);
    if (known) return known;
    const sealed = postings.get(key);
    if (sealed === undefined) return null;
    const opened = openRow(sealed, key, keys, table.segmentId);
    rows.set(key, opened);
    return opened;
  };
  const entry = (key: string): Reader | null => {
    const own = row(key);
    if (own && "own" in own) return own.own;
    const bucket = row(bucketKey(key, table.depth));
    return bucket && "bucket" in bucket ? findInBucket(bucket.bucket, key, table.depth) : null;
  };
  const lists = new Map<string, OpenList | null>();
  const list = (term: string): OpenList | null => {
    let known = lists.get(term);
    if (known === undefined) {
      const section = entry(keyOf(term));
      known = section === null ? null : openPostings(section, table.passages.length);
      lists.set(term, known);
    }
    return known;
  };
  const positions = (term: string, of: OpenList): OpenPositions => {
    if (of.inline) return inlinePositions(of);
    const section = entry(positionsKey(Buffer.from(keyOf(term), "hex")).toString("hex"));
    if (section === null) throw corrupt("the positions of a word are missing");
    return openPositions(section, of.df);
  };
  return { table, shown: shown ?? shownOf(table, visible), list, positions, entry };
}
