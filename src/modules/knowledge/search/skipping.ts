import type { bestOf } from "./best.ts";
import type { Cursor } from "./cursor.ts";
import { shownWithin, type View } from "./view.ts";

/** A list with the weight that it has in this query. `term` is the same for the lists of one term in all segments. */
export type Weighted = { cursor: Cursor; weight: number; term: number };

/** Passages that are looked at together. */
const WINDOW = 2_048;

/**
 * Scores are whole numbers, so that their sum does not depend on the order of adding: what is skipped then changes
 * nothing, not even the order of equals.
 */
export const SCALE = 2 ** 20;

export const contribution = (weight: number, tf: number, norm: number): number =>
  Math.floor((weight * tf) / (tf + norm));

/**
 * Offers the best passages of a segment, exactly those that adding up everything would (MaxScore over blocks: Turtle
 * and Flood 1995; Ding and Suel 2011). In each window the lists with the highest bounds are added up; the others, which
 * together cannot bring a passage in, are asked only about passages that have a chance. `norms` is BM25's share of the
 * length by class; `accept` is asked in ascending order, about passages that would come in.
 */
export function rankSegment(
  { table, shown }: View,
  no: number,
  lists: readonly Weighted[],
  norms: Float64Array,
  best: ReturnType<typeof bestOf>,
  accept: ((ordinal: number) => boolean) | null,
): void {
  const { lengths, passages } = table;
  const size = passages.length;
  const terms = lists.map((list) => termOf(list, norms));
  const scores = new Float64Array(Math.min(WINDOW, size));
  const { mask } = shown;
  const below = new Float64Array(terms.length);

  for (let from = 0; from < size; from += WINDOW) {
    const to = Math.min(from + WINDOW, size);
    if (shownWithin(shown, from, to) === 0) continue;
    const active = terms.filter((term) => enter(term, from, to)).sort((a, b) => a.bound - b.bound);
    let sum = 0;
    let needed = active.length;
    for (const [i, term] of active.entries()) {
      sum += term.bound;
      below[i] = sum;
      if (needed === active.length && sum >= best.floor) needed = i;
    }
    if (needed === active.length) continue;
    for (let i = needed; i < active.length; i += 1) {
      const term = active[i];
      if (term) addUp(term, from, to, lengths, norms, scores);
    }
    for (let i = 0; i < to - from; i += 1) {
      let score = scores[i] ?? 0;
      if (score === 0) continue;
      scores[i] = 0;
      const ordinal = from + i;
      if (mask !== null && mask[ordinal] !== 1) continue;
      let other = needed - 1;
      for (; other >= 0 && score + (below[other] ?? 0) >= best.floor; other -= 1) {
        const term = active[other];
        if (term) score += frequencyScore(term, ordinal, norms[lengths[ordinal] ?? 0] ?? 0);
      }
      if (other >= 0 || score < best.floor || score === 0) continue;
      if (accept === null || accept(ordinal)) best.offer(score, passages[ordinal] ?? 0, no, ordinal);
    }
  }
}

type Term = Weighted & {
  block: number;
  probe: { block: number };
  bound: number;
  bounds: Float64Array;
  norms: Float64Array;
};

const termOf = ({ cursor, weight, term }: Weighted, norms: Float64Array): Term => ({
  cursor,
  weight,
  term,
  block: 0,
  probe: { block: 0 },
  bound: 0,
  bounds: new Float64Array(cursor.blocks).fill(-1),
  norms,
});

/** Moves the term to the window and finds its bound there. False when it has nothing in it. */
function enter(term: Term, from: number, to: number): boolean {
  const { cursor } = term;
  while (term.block < cursor.blocks && cursor.last(term.block) < from) term.block += 1;
  term.probe.block = term.block;
  term.bound = 0;
  for (let block = term.block; block < cursor.blocks; block += 1) {
    term.bound = Math.max(term.bound, boundOf(term, block));
    if (cursor.last(block) >= to - 1) break;
  }
  return term.bound > 0;
}

function boundOf({ bounds, cursor, weight, norms }: Term, block: number): number {
  let bound = bounds[block] ?? 0;
  if (bound < 0) {
    cursor.impacts(block, (tf, length) => {
      bound = Math.max(bound, contribution(weight, tf, norms[length] ?? 0));
    });
    // One more, for what rounding may do.
    bound += 1;
    bounds[block] = bound;
  }
  return bound;
}

function addUp(
  { cursor, block: first, weight }: Term,
  from: number,
  to: number,
  lengths: Uint8Array,
  norms: Float64Array,
  scores: Float64Array,
): void {
  const { ordinals, tfs } = cursor;
  for (let block = first; block < cursor.blocks; block += 1) {
    cursor.read(block);
    const size = cursor.size(block);
    for (let i = 0; i < size; i += 1) {
      const ordinal = ordinals[i] ?? 0;
      if (ordinal < from) continue;
      if (ordinal >= to) return;
      const tf = tfs[i] ?? 0;
      const norm = norms[lengths[ordinal] ?? 0] ?? 0;
      scores[ordinal - from] = (scores[ordinal - from] ?? 0) + Math.floor((weight * tf) / (tf + norm));
    }
    if (cursor.last(block) >= to - 1) return;
  }
}

function frequencyScore(term: Term, ordinal: number, norm: number): number {
  const { cursor, weight } = term;
  const at = seek(cursor, term.probe, ordinal);
  return at < cursor.size(term.probe.block) && cursor.ordinals[at] === ordinal
    ? contribution(weight, cursor.tfs[at] ?? 0, norm)
    : 0;
}

/**
 * Goes on from block `from` to the one that may have the ordinal, reads it, and gives the place in it of the first that
 * is not smaller.
 */
export function seek(cursor: Cursor, from: { block: number }, ordinal: number): number {
  while (from.block < cursor.blocks && cursor.last(from.block) < ordinal) from.block += 1;
  if (from.block === cursor.blocks) return 0;
  cursor.read(from.block);
  const { ordinals } = cursor;
  let low = 0;
  let high = cursor.size(from.block);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ordinals[middle] ?? 0) < ordinal) low = middle + 1;
    else high = middle;
  }
  return low;
}
