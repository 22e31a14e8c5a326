import {
  BLOCK,
  blocksOf,
  type OpenList,
  type OpenPositions,
  readBlock,
  readPassage,
  sizeOfBlock,
} from "./postings.ts";
import type { Query } from "./query.ts";
import { shownWithin, type View } from "./view.ts";

/** What the phrases of one query may still cost, in positions looked at, over all of its segments. */
export type Effort = { left: number };

/**
 * Enough for a phrase of common words in some ten thousand pages, and about a tenth of a second. Where it ends, so
 * does the search for the phrase. Only passages that the person may see are counted.
 */
export const phraseEffort = (): Effort => ({ left: 3_000_000 });

type Phrase = Query["phrases"][number];

/**
 * Whether a passage of the segment holds every phrase, word for word in order: asked in ascending order, about passages
 * that are shown. Positions are read only for passages that hold all of the words.
 */
export function phraseFilter(
  view: View,
  phrases: Query["phrases"],
  effort: Effort,
): { accept: (ordinal: number) => boolean; possible: boolean } {
  const together =
    view.shown.mask === null ? new Uint8Array(view.table.passages.length).fill(1) : view.shown.mask.slice();
  for (const { alternatives } of phrases.flat()) {
    const any = new Uint8Array(together.length);
    for (const term of alternatives) addOrdinals(view, term, any);
    for (let i = 0; i < any.length; i += 1) together[i] = (together[i] ?? 0) & (any[i] ?? 0);
  }
  if (!together.includes(1)) return { accept: () => false, possible: false };
  const readers = new Map<string, ReturnType<typeof placesOf>>();
  const places = (term: string, ordinal: number): readonly number[] => {
    let reader = readers.get(term);
    if (!reader) {
      reader = placesOf(view, term);
      readers.set(term, reader);
    }
    return reader(ordinal);
  };
  const holds = (phrase: Phrase, ordinal: number): boolean => {
    const words = phrase.map(({ alternatives, offset }) => {
      const [first = [], ...others] = alternatives
        .map((term) => places(term, ordinal))
        .filter((at) => at.length > 0);
      const at = others.length === 0 ? first : [...first, ...others.flat()].sort((a, b) => a - b);
      effort.left -= at.length;
      return { offset, at };
    });
    return effort.left >= 0 && stands(words, effort);
  };
  const accept = (ordinal: number): boolean =>
    together[ordinal] === 1 && effort.left >= 0 && phrases.every((phrase) => holds(phrase, ordinal));
  return { accept, possible: true };
}

function addOrdinals(view: View, term: string, any: Uint8Array): void {
  const list = view.list(term);
  if (list === null) return;
  const ordinals = new Uint32Array(BLOCK);
  const tfs = new Uint8Array(BLOCK);
  for (let block = 0, from = 0; block < blocksOf(list); block += 1) {
    const to = (list.lasts[block] ?? 0) + 1;
    if (shownWithin(view.shown, from, to) > 0) {
      readBlock(list, block, ordinals, tfs);
      for (let i = 0; i < sizeOfBlock(list, block); i += 1) any[ordinals[i] ?? 0] = 1;
    }
    from = to;
  }
}

/** Reads the places of a word in passages that are asked for in ascending order. */
function placesOf(view: View, term: string): (ordinal: number) => readonly number[] {
  const list = view.list(term);
  if (list === null) return () => [];
  let positions: OpenPositions | null = null;
  const ordinals = new Uint32Array(BLOCK);
  const tfs = new Uint8Array(BLOCK);
  let block = -1;
  let index = 0;
  let found: number[] = [];
  let foundAt = -1;
  const reader = { bytes: list.docs, at: 0, end: 0 };
  const open = (next: number, of: OpenPositions): void => {
    block = next;
    index = 0;
    readBlock(list, block, ordinals, tfs);
    reader.bytes = of.bytes;
    reader.at = of.starts[block] ?? 0;
    reader.end = of.starts[block + 1] ?? 0;
  };
  return (ordinal) => {
    // The same passage is asked for again when a phrase has the word twice.
    if (ordinal === foundAt) return found;
    positions ??= view.positions(term, list);
    const next = blockWith(list, ordinal, Math.max(block, 0));
    if (next !== block) open(next, positions);
    while (index < sizeOfBlock(list, block) && (ordinals[index] ?? 0) < ordinal) {
      readPassage(reader, null);
      index += 1;
    }
    if (index === sizeOfBlock(list, block) || ordinals[index] !== ordinal) return [];
    found = [];
    foundAt = ordinal;
    readPassage(reader, found);
    index += 1;
    return found;
  };
}

function blockWith(list: OpenList, ordinal: number, from: number): number {
  let block = from;
  while (block < blocksOf(list) - 1 && (list.lasts[block] ?? 0) < ordinal) block += 1;
  return block;
}

/**
 * Whether there is a place where all words stand at their offsets. Places ascend, and so do the starts that are
 * tried: no word's list is gone through twice.
 */
function stands(words: readonly { offset: number; at: readonly number[] }[], effort: Effort): boolean {
  const next = words.map(() => 0);
  let start = 0;
  for (let w = 0, agreed = 0; agreed < words.length; w = (w + 1) % words.length) {
    const { offset, at } = words[w] ?? { offset: 0, at: [] };
    let i = next[w] ?? 0;
    while (i < at.length && (at[i] ?? 0) < start + offset) i += 1;
    effort.left -= i - (next[w] ?? 0) + 1;
    next[w] = i;
    const place = at[i];
    if (place === undefined) return false;
    if (place - offset === start) agreed += 1;
    else {
      start = place - offset;
      agreed = 1;
    }
  }
  return true;
}
