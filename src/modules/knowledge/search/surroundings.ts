import type { Candidate } from "./best.ts";
import type { Cursor } from "./cursor.ts";
import { classLengths } from "./lengths.ts";
import { contribution, seek, type Weighted } from "./skipping.ts";
import type { View } from "./view.ts";

/** How many passages before and behind a passage are its surroundings, within its document and segment. */
const reach = 2;
/** How much of a passage's score is that of its surroundings. */
const share = 0.5;
const largestTf = 65_535;
const titleWeight = 2;

/** Wider texts are long because there is more of the document, not because it uses more words: length counts less. */
const k1 = 1.2;
const b = 0.5;

/** The average length of surroundings, from counts of what is visible. */
export const averageSurroundings = (length: number, passages: number, runs: number): number =>
  Math.min(length / runs, (length / passages) * (2 * reach + 1));

/**
 * Scores the best passages anew: half by themselves, half as what they stand in. A passage in the midst of others about
 * the same is more likely what is meant than one that has all the words by chance; what is a document's alone, but cut
 * in two, is found as one. Only passages of the same document count, which who sees one sees all of.
 */
export function withSurroundings(
  candidates: readonly Candidate[],
  views: readonly View[],
  lists: readonly (readonly Weighted[])[],
  average: number,
): Candidate[] {
  const around = candidates.map((candidate) => placeOf(candidate, views[candidate.view]));
  // In the order of the lists, so that each block is read once.
  const order = candidates
    .map((_, i) => i)
    .sort(
      (x, y) =>
        (candidates[x]?.view ?? 0) - (candidates[y]?.view ?? 0) ||
        (around[x]?.from ?? 0) - (around[y]?.from ?? 0),
    );
  const scores = new Float64Array(candidates.length);
  views.forEach((_, v) => {
    const mine = order.filter((i) => candidates[i]?.view === v);
    for (const { cursor, weight } of mine.length === 0 ? [] : (lists[v] ?? [])) {
      const from = { block: 0 };
      for (const i of mine) {
        const { from: first, to, length } = around[i] ?? { from: 0, to: 0, length: 0 };
        const tf = frequencyWithin(cursor, from, first, to);
        if (tf === 0) continue;
        const norm = k1 * (1 - b + (average > 0 ? (b * length) / average : 0));
        scores[i] = (scores[i] ?? 0) + contribution(weight, Math.min(tf, largestTf), norm);
      }
    }
  });
  return candidates
    .map((candidate, i) => ({
      ...candidate,
      score: Math.floor(candidate.score * (1 - share) + (scores[i] ?? 0) * share),
    }))
    .sort((x, y) => y.score - x.score || x.passage - y.passage);
}

function placeOf(
  { ordinal }: Candidate,
  view: View | undefined,
): { from: number; to: number; length: number } {
  const { documents, lengths } = view?.table ?? { documents: new Uint32Array(), lengths: new Uint8Array() };
  let [from, to] = [ordinal, ordinal + 1];
  while (from > 0 && ordinal - from < reach && documents[from - 1] === documents[ordinal]) from -= 1;
  while (to < documents.length && to - ordinal <= reach && documents[to] === documents[ordinal]) to += 1;
  let length = 0;
  for (let i = from; i < to; i += 1) length += classLengths[lengths[i] ?? 0] ?? 0;
  return { from, to, length };
}

/**
 * How often the word is in the passages. A title is part of every passage, and counts once: what each of several has as
 * often as a title's word counts as one. The places ascend by their beginnings, and may overlap.
 */
function frequencyWithin(cursor: Cursor, start: { block: number }, from: number, to: number): number {
  let [tf, least, passages] = [0, largestTf, 0];
  let at = seek(cursor, start, from);
  gather: for (let block = start.block; block < cursor.blocks; block += 1, at = 0) {
    cursor.read(block);
    for (; at < cursor.size(block); at += 1) {
      if ((cursor.ordinals[at] ?? 0) >= to) break gather;
      const one = cursor.tfs[at] ?? 0;
      tf += one;
      least = Math.min(least, one);
      passages += 1;
    }
  }
  return passages === to - from && least >= titleWeight ? tf - titleWeight * (passages - 1) : tf;
}
