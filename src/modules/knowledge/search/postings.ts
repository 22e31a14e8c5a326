import {
  corrupt,
  expectEnd,
  expectPadding,
  padded,
  putVarint,
  type Reader,
  readerOf,
  takeByte,
  takeSection,
  takeVarint,
} from "./bytes.ts";

/** The first byte of a posting body: format 1 in the high half, the kind of row in the low half. */
export const kinds = { dummy: 0x10, inline: 0x11, apart: 0x12, positions: 0x13 } as const;

/** Lists whose passages take more bytes than this keep their positions in a row of their own. */
const inlineLimit = 128;

export const largestTf = 255;
const largestPosition = 0x3fffffff;

/**
 * The passages of one word in one segment: `ordinals` ascend, `tfs` are 1 to 255, `counts[i]` of the flat
 * `positions` belong to passage i and ascend.
 */
export type PostingList = { ordinals: number[]; tfs: number[]; counts: number[]; positions: number[] };

/** The body of the word's row and, for a long list, that of the row with its positions. FORMAT.md, "Rows". */
export function encodePostings(list: PostingList): { body: Buffer; positions: Buffer | null } {
  const docs = encodeDocs(list);
  const positions = encodePositions(list);
  const head: number[] = [docs.length > inlineLimit ? kinds.apart : kinds.inline];
  putVarint(head, list.ordinals.length);
  putVarint(head, docs.length);
  if (docs.length > inlineLimit) {
    const other: number[] = [kinds.positions];
    putVarint(other, list.ordinals.length);
    putVarint(other, positions.length);
    return { body: padded(head.concat(docs)), positions: padded(other.concat(positions)) };
  }
  putVarint(head, positions.length);
  return { body: padded(head.concat(docs, positions)), positions: null };
}

/** A row that stands for no word; as long as the rows of rare words are. */
export const encodeDummy = (): Buffer => padded([kinds.dummy]);

/** A decoded list. `inline` reads the positions when the row holds them. */
export type DecodedPostings = { ordinals: Uint32Array; tfs: Uint8Array; inline: Reader | null };

/**
 * Parses a word's row of a segment of `passages` passages. Null for a dummy row.
 * Throws "index_corrupt" for anything that `encodePostings` does not write.
 */
export function decodePostings(bytes: Uint8Array, passages: number): DecodedPostings | null {
  const reader = readerOf(bytes);
  const kind = takeByte(reader);
  if (kind === kinds.dummy) {
    expectPadding(reader);
    return null;
  }
  if (kind !== kinds.inline && kind !== kinds.apart) throw corrupt("a row is of an unknown kind");
  const df = takeVarint(reader);
  if (df === 0 || df > passages) throw corrupt("a list is longer than its segment");
  const docsLength = takeVarint(reader);
  if (docsLength < df) throw corrupt("a list is shorter than its count");
  const positionsLength = kind === kinds.inline ? takeVarint(reader) : 0;
  const docs = takeSection(reader, docsLength);
  const inline = kind === kinds.inline ? takeSection(reader, positionsLength) : null;
  expectPadding(reader);
  return { ...decodeDocs(docs, df, passages), inline };
}

/** Parses the row that holds the positions of a long list. */
export function openPositions(bytes: Uint8Array, df: number): Reader {
  const reader = readerOf(bytes);
  if (takeByte(reader) !== kinds.positions) throw corrupt("a row is not one of positions");
  if (takeVarint(reader) !== df) throw corrupt("positions belong to another list");
  const section = takeSection(reader, takeVarint(reader));
  expectPadding(reader);
  return section;
}

/**
 * Reads the positions of all `df` passages in order. `each` gets the place in the list and the positions; the
 * array is used again for the next one. Passages that `wanted` refuses are passed over.
 */
export function readPositions(
  section: Reader,
  df: number,
  wanted: (index: number) => boolean,
  each: (index: number, positions: readonly number[]) => void,
): void {
  const reader = { ...section };
  const found: number[] = [];
  for (let index = 0; index < df; index += 1) {
    found.length = 0;
    const keep = wanted(index);
    for (let position = -1, last = false; !last; ) {
      const step = takeVarint(reader);
      last = step % 2 === 1;
      position += Math.floor(step / 2) + 1;
      if (position > largestPosition) throw corrupt("a position is too large");
      if (keep) found.push(position);
    }
    if (keep) each(index, found);
  }
  expectEnd(reader);
}

// A passage is the gap to the one before, doubled; odd when the frequency is 1, else followed by it in one byte.
function encodeDocs(list: PostingList): number[] {
  const out: number[] = [];
  let previous = -1;
  for (let i = 0; i < list.ordinals.length; i += 1) {
    const ordinal = list.ordinals[i] ?? 0;
    const tf = list.tfs[i] ?? 1;
    putVarint(out, (ordinal - previous - 1) * 2 + (tf === 1 ? 1 : 0));
    if (tf !== 1) out.push(Math.min(tf, largestTf));
    previous = ordinal;
  }
  return out;
}

// A position is the gap to the one before, doubled; odd when it is the passage's last.
function encodePositions(list: PostingList): number[] {
  const out: number[] = [];
  let at = 0;
  for (const count of list.counts) {
    let previous = -1;
    for (let i = 0; i < count; i += 1, at += 1) {
      const position = list.positions[at] ?? 0;
      putVarint(out, (position - previous - 1) * 2 + (i === count - 1 ? 1 : 0));
      previous = position;
    }
  }
  return out;
}

// The one loop that every query runs over every posting: varints of one byte are read without a call.
function decodeDocs(
  section: Reader,
  df: number,
  passages: number,
): { ordinals: Uint32Array; tfs: Uint8Array } {
  const ordinals = new Uint32Array(df);
  const tfs = new Uint8Array(df);
  const { bytes, end } = section;
  let previous = -1;
  for (let i = 0; i < df; i += 1) {
    let step = section.at < end ? (bytes[section.at] ?? 0) : 128;
    if (step < 128) section.at += 1;
    else step = takeVarint(section);
    previous += (step >>> 1) + 1;
    if (previous >= passages) throw corrupt("a passage is not in the segment");
    ordinals[i] = previous;
    const tf = (step & 1) === 1 ? 1 : takeByte(section);
    if (tf === 0 || (tf === 1 && (step & 1) === 0)) throw corrupt("a frequency is impossible");
    tfs[i] = tf;
  }
  expectEnd(section);
  return { ordinals, tfs };
}
