import { isAscii } from "node:buffer";
import {
  corrupt,
  expectEnd,
  newOut,
  type Out,
  putByte,
  putBytes,
  putVarint,
  type Reader,
  takeByte,
  takeSection,
  takeVarint,
  written,
} from "./bytes.ts";
import { kinds } from "./postings.ts";

/**
 * The words of a segment as they are written, in lower case, by their first two characters (folded): for a word that
 * is still being typed, and one that is misspelt. Each has the passages that hold it, so that nobody is offered a word
 * that they may not see, and so that a merge can tell which words have gone.
 */
export type VocabularyWord = { word: Buffer; ordinals: readonly number[] };

const shortest = 3;
const longest = 40;

/** What the vocabulary calls a word that folds to `folded`; null for one that it does not hold. */
export function beginningOf(folded: string): string | null {
  if (folded.length < shortest || folded.length > longest) return null;
  return firstTwo(folded);
}

export function firstTwo(folded: string): string {
  const [first = "", second = ""] = folded;
  return first + second;
}

/** The entry of words that begin alike, in any order. */
export function encodeVocabulary(words: VocabularyWord[], passages: number): Uint8Array {
  const sorted = words.sort((a, b) => Buffer.compare(a.word, b.word));
  const out = newOut(words.length * 12);
  putByte(out, kinds.vocabulary);
  putVarint(out, words.length);
  let previous: Uint8Array = new Uint8Array();
  const list = newOut();
  for (const { word, ordinals } of sorted) {
    let shared = 0;
    while (shared < word.length && shared < previous.length && word[shared] === previous[shared]) shared += 1;
    putVarint(out, shared);
    putVarint(out, word.length - shared);
    putBytes(out, word.subarray(shared));
    list.at = 0;
    putOrdinals(list, ordinals, passages);
    putVarint(out, ordinals.length);
    putVarint(out, list.at);
    putBytes(out, written(list));
    previous = word;
  }
  return written(out);
}

/** A bit is cheaper than a byte where more than an eighth of the passages hold the word. */
const isDense = (df: number, passages: number): boolean => df * 8 > passages;

function putOrdinals(out: Out, ordinals: readonly number[], passages: number): void {
  if (isDense(ordinals.length, passages)) {
    const bits = new Uint8Array(Math.ceil(passages / 8));
    for (const ordinal of ordinals) bits[ordinal >> 3] = (bits[ordinal >> 3] ?? 0) | (1 << (ordinal & 7));
    putBytes(out, bits);
    return;
  }
  let previous = -1;
  for (const ordinal of ordinals) {
    putVarint(out, ordinal - previous - 1);
    previous = ordinal;
  }
}

const mostBytes = 1_024;

/**
 * Reads the words of an entry one by one. `bytes` is used again for the next one; `list` is read by `ordinalsOf`.
 */
export function* wordsOf(section: Reader): Generator<{ bytes: Buffer; df: number; list: Reader }, void> {
  const reader = { ...section };
  if (takeByte(reader) !== kinds.vocabulary) throw corrupt("an entry is not a vocabulary");
  const count = takeVarint(reader);
  const word = Buffer.alloc(mostBytes);
  let length = 0;
  for (let i = 0; i < count; i += 1) {
    const shared = takeVarint(reader);
    const { bytes, at, end } = takeSection(reader, takeVarint(reader));
    if (shared > length || shared + end - at > mostBytes) throw corrupt("a word is of an impossible length");
    // In order, and sharing all it can with the one before: each vocabulary has one spelling.
    const next = at < end ? (bytes[at] ?? 0) : -1;
    if (next <= (shared < length ? (word[shared] ?? 0) : -1)) throw corrupt("words are not in order");
    word.set(bytes.subarray(at, end), shared);
    length = shared + end - at;
    const df = takeVarint(reader);
    if (df === 0) throw corrupt("a word is nowhere");
    yield { bytes: word.subarray(0, length), df, list: takeSection(reader, takeVarint(reader)) };
  }
  expectEnd(reader);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function wordText(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString("latin1");
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw Object.assign(corrupt("a word is not UTF-8"), { cause });
  }
}

/** The passages that hold a word, ascending. */
export function ordinalsOf({ df, list }: { df: number; list: Reader }, passages: number): Uint32Array {
  if (df > passages) throw corrupt("a word is in more passages than there are");
  const ordinals = new Uint32Array(df);
  const reader = { ...list };
  let size = 0;
  if (isDense(df, passages)) {
    const { bytes, at, end } = takeSection(reader, Math.ceil(passages / 8));
    for (let i = at; i < end; i += 1) {
      for (let bits = bytes[i] ?? 0; bits !== 0; bits &= bits - 1) {
        ordinals[size++] = (i - at) * 8 + 31 - Math.clz32(bits & -bits);
      }
    }
    if (size !== df) throw corrupt("a word is not in as many passages as it says");
  } else {
    for (let previous = -1; size < df; size += 1) {
      previous += takeVarint(reader) + 1;
      ordinals[size] = previous;
    }
  }
  if ((ordinals[df - 1] ?? 0) >= passages) throw corrupt("a passage is not in the segment");
  expectEnd(reader);
  return ordinals;
}
