import type { Candidate } from "./best.ts";
import { classLengths } from "./lengths.ts";
import { contribution, seek, type Weighted } from "./skipping.ts";
import type { View } from "./view.ts";

/** How many passages before and behind a passage are its surroundings, within its document. */
const reach = 2;
/** How much of a passage's score is that of its surroundings. */
const share = 0.5;
const largestTf = 65_535;
const titleWeight = 2;

/** Wider texts are long because there is more of the document, not because it uses more words: length counts less. */
const k1 = 1.2;
const b = 0.5;

/** The average length of surroundings, from counts of what is visible. */
export const averageSurroundings = (length: number, passages: number, documents: number): number =>
  Math.min(length / documents, (length / passages) * (2 * reach + 1));

/** How many documents are seen. One that lies in several segments is one. */
export function documentsIn(views: readonly View[]): number {
  let runs = 0;
  const split = new Set<number>();
  for (const { table, shown } of views) {
    runs += shown.runs;
    if (views.length === 1) break;
    for (const ordinal of table.edges) {
      if (shown.mask !== null && shown.mask[ordinal] !== 1) continue;
      const document = table.documents[ordinal] ?? 0;
      if (split.has(document)) runs -= 1;
      else split.add(document);
    }
  }
  return runs;
}

/** Ordinals that follow each other in one segment. */
type Piece = { view: number; from: number; to: number };
type Place = { pieces: Piece[]; length: number; passages: number };

/**
 * Scores the best passages anew: half by themselves, half as what they stand in. A passage in the midst of others about
 * the same is more likely what is meant than one that has all the words by chance; what is a document's alone, but cut
 * in two, is found as one. Only passages of the same document count, which who sees one sees all of. They may lie in
 * several segments: how an index was written shall not show in what it finds.
 */
export function withSurroundings(
  candidates: readonly Candidate[],
  views: readonly View[],
  lists: readonly (readonly Weighted[])[],
  average: number,
): Candidate[] {
  const places = candidates.map((candidate) => placeOf(candidate, views));
  const norms = places.map(({ length }) => k1 * (1 - b + (average > 0 ? (b * length) / average : 0)));
  const parts = partsOf(places, views.length);
  const scores = new Float64Array(candidates.length);
  const [tfs, least, holders] = [scores, scores, scores].map(({ length }) => new Float64Array(length));
  const ofTerm = Map.groupBy(
    lists.flatMap((some, view) => some.map((list) => ({ ...list, view }))),
    ({ term }) => term,
  );
  for (const same of ofTerm.values()) {
    tfs?.fill(0);
    least?.fill(largestTf);
    holders?.fill(0);
    for (const { cursor, view } of same) {
      const start = { block: 0 };
      // In the order of the lists, so that each block is read once.
      for (const { candidate: i, from, to } of parts[view] ?? []) {
        let at = seek(cursor, start, from);
        gather: for (let block = start.block; block < cursor.blocks; block += 1, at = 0) {
          cursor.read(block);
          for (; at < cursor.size(block); at += 1) {
            if ((cursor.ordinals[at] ?? 0) >= to) break gather;
            const tf = cursor.tfs[at] ?? 0;
            add(tfs, i, tf);
            add(holders, i, 1);
            if (least && tf < (least[i] ?? 0)) least[i] = tf;
          }
        }
      }
    }
    const weight = same[0]?.weight ?? 0;
    for (const [i, { passages }] of places.entries()) {
      const tf = frequency(tfs?.[i] ?? 0, least?.[i] ?? 0, holders?.[i] === passages ? passages : 0);
      if (tf > 0) add(scores, i, contribution(weight, Math.min(tf, largestTf), norms[i] ?? 0));
    }
  }
  return candidates
    .map((candidate, i) => ({
      ...candidate,
      score: Math.floor(candidate.score * (1 - share) + (scores[i] ?? 0) * share),
    }))
    .sort((x, y) => y.score - x.score || x.passage - y.passage);
}

function add(to: Float64Array | undefined, i: number, value: number): void {
  if (to) to[i] = (to[i] ?? 0) + value;
}

/**
 * How often the word counts. A title is part of every passage, and counts once: what each of several (`all`) has as
 * often as a title's word counts as one.
 */
const frequency = (tf: number, least: number, all: number): number =>
  all > 1 && least >= titleWeight ? tf - titleWeight * (all - 1) : tf;

/** For each view what the candidates stand in, by where it begins. */
function partsOf(
  places: readonly Place[],
  views: number,
): { candidate: number; from: number; to: number }[][] {
  const parts = Array.from({ length: views }, (): { candidate: number; from: number; to: number }[] => []);
  for (const [candidate, { pieces }] of places.entries()) {
    for (const { view, from, to } of pieces) parts[view]?.push({ candidate, from, to });
  }
  for (const part of parts) part.sort((x, y) => x.from - y.from);
  return parts;
}

function placeOf({ view, ordinal }: Candidate, views: readonly View[]): Place {
  const own: Piece = { view, from: ordinal, to: ordinal + 1 };
  const place: Place = { pieces: [own], length: lengthAt(views[view], ordinal), passages: 1 };
  for (const step of [-1, 1] as const) {
    let [piece, at] = [own, ordinal];
    for (let i = 0; i < reach; i += 1) {
      const next = neighbour(views, piece.view, at, step);
      if (next === null) break;
      if (next.view !== piece.view) {
        piece = { view: next.view, from: next.ordinal, to: next.ordinal + 1 };
        place.pieces.push(piece);
      } else if (step < 0) piece.from = next.ordinal;
      else piece.to = next.ordinal + 1;
      at = next.ordinal;
      place.length += lengthAt(views[next.view], at);
      place.passages += 1;
    }
  }
  return place;
}

const lengthAt = (view: View | undefined, ordinal: number): number =>
  classLengths[view?.table.lengths[ordinal] ?? 0] ?? 0;

/** Where the document's passage with the number before or after this one is; null where there is none. */
function neighbour(
  views: readonly View[],
  view: number,
  ordinal: number,
  step: -1 | 1,
): { view: number; ordinal: number } | null {
  const table = views[view]?.table;
  if (table === undefined) return null;
  const wanted = (table.passages[ordinal] ?? 0) + step;
  const document = table.documents[ordinal] ?? 0;
  if (table.passages[ordinal + step] === wanted) {
    return table.documents[ordinal + step] === document ? { view, ordinal: ordinal + step } : null;
  }
  for (const [other, { table }] of views.entries()) {
    if (other === view) continue;
    const at = placeIn(table.passages, wanted);
    if (table.passages[at] === wanted && table.documents[at] === document)
      return { view: other, ordinal: at };
  }
  return null;
}

function placeIn(passages: Uint32Array, wanted: number): number {
  let [low, high] = [0, passages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((passages[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
