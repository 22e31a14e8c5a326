import { corrupt, type Reader } from "./bytes.ts";
import { type IndexKeys, positionsHash, postingCell } from "./keys.ts";
import { type DecodedPostings, decodePostings, openPositions } from "./postings.ts";
import type { Query } from "./query.ts";
import type { SegmentTable } from "./table.ts";

/** A segment as a query sees it: its opened table, and the sealed rows that `queryTermHashes` asked for, by hex. */
export type SearchSegment = { table: SegmentTable; postings: ReadonlyMap<string, Buffer> };

/** A segment with the lists of the query's words, cut down to what is visible. */
export type View = {
  table: SegmentTable;
  shown: Uint8Array;
  count: number;
  length: number;
  lists: Map<string, { ordinals: Uint32Array; tfs: Uint8Array }>;
  /** The whole list and its positions, for phrases. Opened once for each word, however often it is asked for. */
  whole: (term: string) => { ordinals: Uint32Array; positions: Reader } | null;
};

export function viewOf(
  { table, postings }: SearchSegment,
  query: Query,
  keys: IndexKeys,
  visible: (document: number) => boolean,
): View {
  const shown = new Uint8Array(table.passages.length);
  let count = 0;
  let length = 0;
  let document = -1;
  let decision = false;
  for (let ordinal = 0; ordinal < shown.length; ordinal += 1) {
    const next = table.documents[ordinal] ?? 0;
    if (next !== document) {
      document = next;
      decision = visible(document);
    }
    if (decision) {
      shown[ordinal] = 1;
      count += 1;
      length += table.lengths[ordinal] ?? 0;
    }
  }

  const open = (hash: Buffer): Buffer | null => {
    const hex = hash.toString("hex");
    const sealed = postings.get(hex);
    return sealed === undefined ? null : keys.open(postingCell(table.segmentId, hex), sealed);
  };
  const decoded = new Map<string, DecodedPostings | null>();
  const decode = (term: string): DecodedPostings | null => {
    let list = decoded.get(term);
    if (list === undefined) {
      const body = open(keys.hash(term));
      list = body === null ? null : decodePostings(body, shown.length);
      decoded.set(term, list);
    }
    return list;
  };
  const opened = new Map<string, ReturnType<View["whole"]>>();
  const whole: View["whole"] = (term) => {
    let list = opened.get(term);
    if (list === undefined) {
      list = openWhole(term);
      opened.set(term, list);
    }
    return list;
  };
  const openWhole: View["whole"] = (term) => {
    const list = decode(term);
    if (list === null) return null;
    if (list.inline) return { ordinals: list.ordinals, positions: list.inline };
    const body = open(positionsHash(keys, keys.hash(term)));
    if (body === null) throw corrupt("the positions of a word are missing");
    return { ordinals: list.ordinals, positions: openPositions(body, list.ordinals.length) };
  };

  const lists: View["lists"] = new Map();
  for (const { term } of count === 0 ? [] : query.ranked) {
    const list = decode(term);
    if (list) lists.set(term, count === shown.length ? list : onlyShown(list, shown));
  }
  return { table, shown, count, length, lists, whole };
}

function onlyShown(list: DecodedPostings, shown: Uint8Array): { ordinals: Uint32Array; tfs: Uint8Array } {
  const ordinals = new Uint32Array(list.ordinals.length);
  const tfs = new Uint8Array(list.ordinals.length);
  let size = 0;
  for (let i = 0; i < list.ordinals.length; i += 1) {
    const ordinal = list.ordinals[i] ?? 0;
    if (shown[ordinal] !== 1) continue;
    ordinals[size] = ordinal;
    tfs[size] = list.tfs[i] ?? 0;
    size += 1;
  }
  return { ordinals: ordinals.subarray(0, size), tfs: tfs.subarray(0, size) };
}
