import { bestOf } from "./best.ts";
import type { IndexKeys } from "./keys.ts";
import { matchPhrases, phraseEffort } from "./phrase.ts";
import type { Query } from "./query.ts";
import { type SearchSegment, type View, viewOf } from "./view.ts";

export type SearchRequest = {
  query: Query;
  segments: readonly SearchSegment[];
  keys: IndexKeys;
  /** Whether the person may see the document and it still exists. Asked at most once for each run of passages. */
  visible: (document: number) => boolean;
  limit: number;
};

export type Hit = { passage: number; document: number; score: number; matchedTerms: string[] };

const k1 = 1.2;
const b = 0.75;

/**
 * The best `limit` (at most 1,000) passages by BM25, best first, equal scores by passage number.
 * What is not visible is left out before anything is counted: neither the hits nor their scores depend on it.
 * Throws what `keys.open` throws for a row that was changed, or "index_corrupt".
 */
export function search({ query, segments, keys, visible, limit }: SearchRequest): Hit[] {
  const views = segments.map((segment) => viewOf(segment, query, keys, visible));
  const count = sum(views.map((view) => view.count));
  const length = sum(views.map((view) => view.length));
  if (count === 0) return [];

  const idf = query.ranked.map(({ term, weight }) => {
    const df = sum(views.map((view) => view.lists.get(term)?.ordinals.length ?? 0));
    return weight * Math.log(1 + (count - df + 0.5) / (df + 0.5));
  });
  const best = bestOf(Math.min(Math.max(Math.trunc(limit), 0), 1_000));
  const effort = phraseEffort();
  views.forEach((view, v) => {
    const scores = scoresOf(view, query, idf, length / count);
    const allowed = query.phrases.length > 0 ? matchPhrases(view, query.phrases, effort) : null;
    for (let ordinal = 0; ordinal < scores.length; ordinal += 1) {
      const score = scores[ordinal] ?? 0;
      if (score > 0 && score >= best.floor && (allowed === null || allowed[ordinal] === 1)) {
        best.offer(score, view.table.passages[ordinal] ?? 0, v, ordinal);
      }
    }
  });
  return best.take().map(({ score, passage, view: v, ordinal }) => {
    const view = views[v];
    const matched = query.ranked.filter(({ term }) => has(view?.lists.get(term)?.ordinals, ordinal));
    const document = view?.table.documents[ordinal] ?? 0;
    return { passage, document, score, matchedTerms: matched.map(({ term }) => term) };
  });
}

function scoresOf(view: View, query: Query, idf: readonly number[], averageLength: number): Float64Array {
  const scores = new Float64Array(view.shown.length);
  const { lengths } = view.table;
  const flat = k1 * (1 - b);
  const slope = averageLength > 0 ? (k1 * b) / averageLength : 0;
  query.ranked.forEach(({ term }, t) => {
    const list = view.lists.get(term);
    if (list === undefined) return;
    const { ordinals, tfs } = list;
    const most = (idf[t] ?? 0) * (k1 + 1);
    for (let i = 0; i < ordinals.length; i += 1) {
      const ordinal = ordinals[i] ?? 0;
      const tf = tfs[i] ?? 0;
      scores[ordinal] = (scores[ordinal] ?? 0) + (most * tf) / (tf + flat + slope * (lengths[ordinal] ?? 0));
    }
  });
  return scores;
}

function has(ordinals: Uint32Array | undefined, ordinal: number): boolean {
  if (ordinals === undefined) return false;
  let low = 0;
  let high = ordinals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ordinals[middle] ?? 0) < ordinal) low = middle + 1;
    else high = middle;
  }
  return ordinals[low] === ordinal;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
