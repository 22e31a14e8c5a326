import {
  corrupt,
  expectEnd,
  newOut,
  putByte,
  putBytes,
  putVarint,
  type Reader,
  sectionBytes,
  takeByte,
  takeVarint,
  written,
} from "./bytes.ts";

// Longer than most files: what writes a list and what reads it are to be read beside each other.

/** The first byte of an entry. */
export const kinds = { inline: 1, apart: 2, positions: 3, vocabulary: 4 } as const;

/** Passages in a block of a list: what is decoded, or passed over, at once. */
export const BLOCK = 128;

/** A list with its positions of up to this many bytes is one entry; of a longer one the positions stand apart. */
const inlineLimit = 384;

export const largestTf = 255;
const largestPosition = 0x3fffffff;
const mostImpacts = 4;

/**
 * The passages of one word in one segment: `ordinals` ascend, `tfs` are 1 to 255, `counts[i]` of the flat
 * `positions` belong to passage i and ascend.
 */
export type PostingList = { ordinals: number[]; tfs: number[]; counts: number[]; positions: number[] };

/** The word's entry and, for a long list, that with its positions. `lengths` has the class of each ordinal. */
export function encodePostings(
  list: PostingList,
  lengths: Uint8Array,
): { body: Uint8Array; positions: Uint8Array | null } {
  const df = list.ordinals.length;
  if (df <= BLOCK) {
    const out = newOut();
    putByte(out, kinds.inline);
    putVarint(out, df);
    putDocs(out, list, 0, df);
    const docsEnd = out.at;
    putPositions(out, list, 0, df, 0);
    if (out.at <= inlineLimit) return { body: written(out), positions: null };
    out.bytes[0] = kinds.apart;
    const positions = newOut(out.at - docsEnd + 3);
    putByte(positions, kinds.positions);
    putVarint(positions, df);
    putBytes(positions, out.bytes.subarray(docsEnd, out.at));
    return { body: out.bytes.subarray(0, docsEnd), positions: written(positions) };
  }
  const out = newOut(df * 2);
  const positions = newOut(list.positions.length * 2);
  putByte(out, kinds.apart);
  putByte(positions, kinds.positions);
  putVarint(out, df);
  putVarint(positions, df);
  const docs = newOut(df * 2);
  const places = newOut(list.positions.length * 2);
  let place = 0;
  for (let from = 0; from < df; from += BLOCK) {
    const to = Math.min(from + BLOCK, df);
    const [docsAt, placesAt] = [docs.at, places.at];
    putDocs(docs, list, from, to);
    place = putPositions(places, list, from, to, place);
    putVarint(out, (list.ordinals[to - 1] ?? 0) - (list.ordinals[from - 1] ?? -1) - 1);
    putVarint(out, docs.at - docsAt);
    putImpacts(out, list, lengths, from, to);
    putVarint(positions, places.at - placesAt);
  }
  putBytes(out, written(docs));
  putBytes(positions, written(places));
  return { body: written(out), positions: written(positions) };
}

// A passage is the gap to the one before, doubled; odd when the frequency is 1, else followed by it in one byte.
function putDocs(out: ReturnType<typeof newOut>, list: PostingList, from: number, to: number): void {
  let previous = list.ordinals[from - 1] ?? -1;
  for (let i = from; i < to; i += 1) {
    const ordinal = list.ordinals[i] ?? 0;
    const tf = list.tfs[i] ?? 1;
    putVarint(out, (ordinal - previous - 1) * 2 + (tf === 1 ? 1 : 0));
    if (tf !== 1) putByte(out, tf);
    previous = ordinal;
  }
}

// A position is the gap to the one before, doubled; odd when it is the passage's last.
function putPositions(
  out: ReturnType<typeof newOut>,
  list: PostingList,
  from: number,
  to: number,
  start: number,
): number {
  let at = start;
  for (let i = from; i < to; i += 1) {
    const count = list.counts[i] ?? 0;
    let previous = -1;
    for (let n = 1; n <= count; n += 1, at += 1) {
      const position = list.positions[at] ?? 0;
      putVarint(out, (position - previous - 1) * 2 + (n === count ? 1 : 0));
      previous = position;
    }
  }
  return at;
}

/**
 * The pairs of frequency and length that no other passage of the block beats in both: whatever the average length is,
 * the block's best score is that of one of them. More than four are four, the last of which takes the best of the rest.
 */
function putImpacts(
  out: ReturnType<typeof newOut>,
  { ordinals, tfs }: PostingList,
  lengths: Uint8Array,
  from: number,
  to: number,
): void {
  const shortest = new Map<number, number>();
  for (let i = from; i < to; i += 1) {
    const [tf, length] = [tfs[i] ?? 1, lengths[ordinals[i] ?? 0] ?? 0];
    shortest.set(tf, Math.min(shortest.get(tf) ?? 255, length));
  }
  const pairs: { tf: number; length: number }[] = [];
  for (const tf of [...shortest.keys()].sort((a, b) => b - a)) {
    const length = shortest.get(tf) ?? 0;
    const last = pairs.at(-1);
    if (last && last.length <= length) continue;
    if (last && pairs.length === mostImpacts) last.length = length;
    else pairs.push({ tf, length });
  }
  putByte(out, pairs.length);
  for (const { tf, length } of pairs) {
    putByte(out, tf);
    putByte(out, length);
  }
}

/**
 * A word's entry, its blocks not yet read: block i ends with the ordinal `lasts[i]` and its docs lie at
 * `starts[i]` to `starts[i + 1]` of `docs`; `impacts(i)` calls back for each of its best pairs.
 */
export type OpenList = {
  df: number;
  lasts: Uint32Array;
  starts: Uint32Array;
  docs: Uint8Array;
  /** For each block its pairs, four bytes of frequencies and four of lengths; null for a list of one block. */
  impacts: Uint8Array | null;
  passages: number;
  /** The positions, where the entry holds them: they begin behind the docs. */
  inline: boolean;
};

export function openPostings(section: Reader, passages: number): OpenList {
  const reader = { ...section };
  const kind = takeByte(reader);
  if (kind !== kinds.inline && kind !== kinds.apart) throw corrupt("an entry is not a word's");
  const df = takeVarint(reader);
  if (df === 0 || df > passages) throw corrupt("a list is longer than its segment");
  if (df <= BLOCK) {
    return {
      df,
      lasts: Uint32Array.of(passages - 1),
      starts: Uint32Array.of(0, reader.end - reader.at),
      docs: sectionBytes(reader),
      impacts: null,
      passages,
      inline: kind === kinds.inline,
    };
  }
  if (kind === kinds.inline) throw corrupt("a long list has its positions inside");
  const blocks = Math.ceil(df / BLOCK);
  if (blocks * 5 > reader.end - reader.at) throw corrupt("a list is shorter than its count");
  const lasts = new Uint32Array(blocks);
  const starts = new Uint32Array(blocks + 1);
  const impacts = new Uint8Array(blocks * mostImpacts * 2);
  let last = -1;
  let start = 0;
  for (let i = 0; i < blocks; i += 1) {
    last += takeVarint(reader) + 1;
    if (last >= passages) throw corrupt("a passage is not in the segment");
    lasts[i] = last;
    start += takeVarint(reader);
    if (start > reader.end) throw corrupt("a block is longer than its list");
    starts[i + 1] = start;
    takeImpacts(reader, impacts, i * mostImpacts * 2);
  }
  if (reader.end - reader.at !== start) throw corrupt("the blocks are not their list");
  return { df, lasts, starts, docs: sectionBytes(reader), impacts, passages, inline: false };
}

function takeImpacts(reader: Reader, impacts: Uint8Array, at: number): void {
  const count = takeByte(reader);
  if (count === 0 || count > mostImpacts) throw corrupt("a block has an impossible number of impacts");
  let [lastTf, lastLength] = [256, 256];
  for (let n = 0; n < count; n += 1) {
    const tf = takeByte(reader);
    const length = takeByte(reader);
    if (tf === 0 || tf >= lastTf || length >= lastLength) throw corrupt("impacts are not in their order");
    impacts[at + n] = tf;
    impacts[at + mostImpacts + n] = length;
    [lastTf, lastLength] = [tf, length];
  }
}

/** The pairs of a block, as `putImpacts` wrote them. */
export function impactsOf(list: OpenList, block: number, each: (tf: number, length: number) => void): void {
  const { impacts } = list;
  if (impacts === null) throw corrupt("a list of one block has no impacts");
  const at = block * mostImpacts * 2;
  for (let n = 0; n < mostImpacts && impacts[at + n] !== 0; n += 1) {
    each(impacts[at + n] ?? 0, impacts[at + mostImpacts + n] ?? 0);
  }
}

export const blocksOf = (list: OpenList): number => list.lasts.length;

/** Passages in a block. */
export const sizeOfBlock = (list: OpenList, block: number): number =>
  Math.max(0, Math.min(BLOCK, list.df - block * BLOCK));

/**
 * Reads a block into `ordinals` and `tfs`. Returns where in `docs` it ended. The one loop that every query runs
 * over postings: varints of one byte are read without a call.
 */
export function readBlock(list: OpenList, block: number, ordinals: Uint32Array, tfs: Uint8Array): number {
  const { docs, passages } = list;
  const end = list.starts[block + 1] ?? 0;
  const size = sizeOfBlock(list, block);
  const single = list.impacts === null;
  let at = list.starts[block] ?? 0;
  let previous = block === 0 ? -1 : (list.lasts[block - 1] ?? 0);
  for (let i = 0; i < size; i += 1) {
    let step = at < end ? (docs[at] ?? 0) : 128;
    if (step < 128) at += 1;
    else {
      const reader = { bytes: docs, at, end };
      step = takeVarint(reader);
      at = reader.at;
    }
    previous += (step >>> 1) + 1;
    if (previous >= passages) throw corrupt("a passage is not in the segment");
    ordinals[i] = previous;
    let tf = 1;
    if ((step & 1) === 0) {
      if (at >= end) throw corrupt("it ends too early");
      tf = docs[at++] ?? 0;
      if (tf < 2) throw corrupt("a frequency is impossible");
    }
    tfs[i] = tf;
  }
  if (!single && (at !== end || previous !== list.lasts[block]))
    throw corrupt("a block is not what its list says");
  if (single && !list.inline && at !== end) throw corrupt("a section has bytes left over");
  return at;
}

/** Positions of a list, not yet read: block i lies at `starts[i]` to `starts[i + 1]`. */
export type OpenPositions = { bytes: Uint8Array; starts: Uint32Array };

// Nothing reads two blocks at once here, and a merge reads one for each of a hundred thousand words.
const scratch = { ordinals: new Uint32Array(BLOCK), tfs: new Uint8Array(BLOCK) };

/** The positions inside a word's entry, behind its docs. */
export function inlinePositions(list: OpenList): OpenPositions {
  const docsEnd = readBlock(list, 0, scratch.ordinals, scratch.tfs);
  return { bytes: list.docs, starts: Uint32Array.of(docsEnd, list.docs.length) };
}

/** Parses the entry that holds the positions of a long list. */
export function openPositions(section: Reader, df: number): OpenPositions {
  const reader = { ...section };
  if (takeByte(reader) !== kinds.positions) throw corrupt("an entry is not one of positions");
  if (takeVarint(reader) !== df) throw corrupt("positions belong to another list");
  const blocks = Math.ceil(df / BLOCK);
  const starts = new Uint32Array(blocks + 1);
  if (blocks === 1) starts[1] = reader.end - reader.at;
  else {
    for (let i = 0, start = 0; i < blocks; i += 1) {
      start += takeVarint(reader);
      if (start > reader.end) throw corrupt("a block is longer than its list");
      starts[i + 1] = start;
    }
    if (reader.end - reader.at !== starts[blocks]) throw corrupt("the blocks are not their list");
  }
  return { bytes: sectionBytes(reader), starts };
}

/** Reads one passage's positions at `reader`; into `found`, where that is wanted. */
export function readPassage(reader: Reader, found: number[] | null): void {
  for (let position = -1, last = false; !last; ) {
    const step = takeVarint(reader);
    last = step % 2 === 1;
    position += Math.floor(step / 2) + 1;
    if (position > largestPosition) throw corrupt("a position is too large");
    found?.push(position);
  }
}

/** A whole list with its positions, for merging. Refuses what `encodePostings` does not write, but for impacts. */
export function decodePostings(list: OpenList, positions: OpenPositions): PostingList {
  const whole: PostingList = { ordinals: [], tfs: [], counts: [], positions: [] };
  const { ordinals, tfs } = scratch;
  for (let block = 0; block < blocksOf(list); block += 1) {
    readBlock(list, block, ordinals, tfs);
    const reader = {
      bytes: positions.bytes,
      at: positions.starts[block] ?? 0,
      end: positions.starts[block + 1] ?? 0,
    };
    for (let i = 0; i < sizeOfBlock(list, block); i += 1) {
      whole.ordinals.push(ordinals[i] ?? 0);
      whole.tfs.push(tfs[i] ?? 0);
      const before = whole.positions.length;
      readPassage(reader, whole.positions);
      whole.counts.push(whole.positions.length - before);
    }
    expectEnd(reader);
  }
  return whole;
}
