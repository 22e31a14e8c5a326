import { readPositions } from "./postings.ts";
import type { Query } from "./query.ts";
import type { View } from "./view.ts";

/** What the phrases of one query may still cost, in positions looked at, over all of its segments. */
export type Effort = { left: number };

/**
 * Enough for a phrase of common words in some ten thousand pages, and about a tenth of a second. Where it ends, so
 * does the search for the phrase: what stands in further segments is not found by it.
 */
export const phraseEffort = (): Effort => ({ left: 3_000_000 });

type Phrase = Query["phrases"][number];
type Whole = NonNullable<ReturnType<View["whole"]>>;

/** Which of the segment's visible passages (1 by ordinal) hold every phrase, word for word in order. */
export function matchPhrases(
  view: View,
  phrases: Query["phrases"],
  effort: Effort = phraseEffort(),
): Uint8Array {
  let allowed = Uint8Array.from(view.shown);
  for (const phrase of phrases) {
    if (!allowed.includes(1)) break;
    allowed = matchPhrase(view, phrase, allowed, effort);
  }
  return allowed;
}

/** Each distinct word is read once, and only for passages that hold all of them. */
function matchPhrase(
  view: View,
  phrase: Phrase,
  allowed: Uint8Array<ArrayBuffer>,
  effort: Effort,
): Uint8Array<ArrayBuffer> {
  const matched = new Uint8Array(view.shown.length);
  const lists = new Map<string, Whole>();
  for (const { term } of phrase) {
    const list = lists.get(term) ?? view.whole(term);
    if (!list) return matched;
    lists.set(term, list);
  }
  let together = allowed;
  for (const { ordinals } of lists.values()) together = those(together, ordinals);
  if (!together.includes(1)) return matched;

  const places = new Map<string, Map<number, number[]>>();
  for (const [term, { ordinals, positions }] of lists) {
    // A position takes at least a byte, and those of other passages are passed over at the same price.
    effort.left -= positions.end - positions.at;
    if (effort.left < 0) return matched;
    const byPassage = new Map<number, number[]>();
    readPositions(
      positions,
      ordinals.length,
      (i) => together[ordinals[i] ?? 0] === 1,
      (i, found) => byPassage.set(ordinals[i] ?? 0, [...found]),
    );
    places.set(term, byPassage);
  }
  for (let ordinal = 0; ordinal < together.length; ordinal += 1) {
    if (together[ordinal] !== 1) continue;
    const words = phrase.map(({ term, offset }) => ({ offset, at: places.get(term)?.get(ordinal) ?? [] }));
    if (stands(words, effort)) matched[ordinal] = 1;
    if (effort.left < 0) break;
  }
  return matched;
}

function those(allowed: Uint8Array, ordinals: Uint32Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(allowed.length);
  for (const ordinal of ordinals) both[ordinal] = allowed[ordinal] ?? 0;
  return both;
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
