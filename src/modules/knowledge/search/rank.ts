import { bestOf } from "./best.ts";
import { cursorOf, cursorOver, shownIn } from "./cursor.ts";
import type { IndexKeys } from "./keys.ts";
import { classLengths } from "./lengths.ts";
import { phraseEffort, phraseFilter } from "./phrase.ts";
import type { Query } from "./query.ts";
import { rankSegment, SCALE, type Weighted } from "./skipping.ts";
import { type Expansion, expand, type Misspelt, misspeltIn, type Respelling, respell } from "./spelling.ts";
import { averageSurroundings, documentsIn, withSurroundings } from "./surroundings.ts";
import { type SearchSegment, shownWithin, type View, viewOf } from "./view.ts";

export type SearchRequest = {
  query: Query;
  segments: readonly SearchSegment[];
  keys: IndexKeys;
  /** Whether the person may see the document and it still exists. Asked at most once for each run of passages. */
  visible: (document: number) => boolean;
  /** At most 1,000. */
  limit: number;
  /** The `misspelt` of the answer before, when the rows of `spellingKeys` are there. */
  spelling?: readonly Misspelt[];
};

export type Hit = { passage: number; document: number; score: number };

export type Answer = {
  /** Best first, equal ones by passage number. */
  hits: Hit[];
  /** How many passages there are in all, where that is known. */
  total: number | null;
  /** The query with the words that were found for it, for `marks`. */
  query: Query;
  /** Words that may be misspelt: with the rows of `spellingKeys` the same search finds more. */
  misspelt: Misspelt[];
  /** What was searched for in place of words that nothing has. */
  corrected: string | null;
  /** What would find far more. */
  didYouMean: string | null;
};

const k1 = 1.2;
const b = 0.75;
/** Passages that are ranked by what they stand in as well: the best, and more of them for who asks for more. */
const most = { candidates: 100, deep: 1_000 };
/** What a word counts that was not typed whole, or was typed otherwise. */
const expansionWeight = 0.7;
const respellingWeight = 0.8;
/** Up to so many postings are counted for `total`. */
const mostCounted = 20_000;
/** A suggestion for a word that exists must be in so many times as many passages. */
const farMore = 20;
const fewHits = 5;

/**
 * The best `limit` passages by BM25, and of the best of these by what stands around them.
 * What is not visible is left out before anything is counted: neither the hits nor their scores nor the words that are
 * suggested depend on it. Throws what `keys.open` throws for a row that was changed, or "index_corrupt".
 */
export function search({ query, segments, keys, visible, limit, spelling }: SearchRequest): Answer {
  const hashes = new Map<string, string>();
  const views = segments
    .map((segment) => viewOf(segment, keys, visible, hashes))
    .filter(({ shown }) => shown.count > 0);
  const count = sum(views.map(({ shown }) => shown.count));
  const nothing = { hits: [], total: 0, query, misspelt: [], corrected: null, didYouMean: null };
  if (count === 0) return nothing;
  const length = sum(views.map(({ shown }) => shown.length));
  const average = length / count;
  const norms = classLengths.map((length) => k1 * (1 - b) + (average > 0 ? (k1 * b * length) / average : 0));

  const dfs = query.words.map(({ alternatives }) => {
    const of = (view: View): number =>
      sum(alternatives.map((term) => view.list(term)).map((list) => (list ? shownIn(list, view.shown) : 0)));
    return Math.min(count, sum(views.map(of)));
  });
  const extras: { expansion: Expansion; weight: number }[] = [];
  if (query.typed !== null) {
    const own = new Set(
      query.words.filter(({ word }) => word?.folded === query.typed).flatMap((w) => w.alternatives),
    );
    extras.push({
      expansion: expand(views, keys, query.typed, own, query.languages),
      weight: expansionWeight,
    });
  }
  const respelt = (spelling ?? []).flatMap((word) => respell(views, keys, word, query.languages) ?? []);
  const corrections = query.phrases.length > 0 ? [] : respelt.filter(({ of }) => of.df === 0);
  for (const expansion of corrections) extras.push({ expansion, weight: respellingWeight });

  const idf = (df: number): number => (k1 + 1) * SCALE * Math.log(1 + (count - df + 0.5) / (df + 0.5));
  const weights = query.words.map(({ weight }, i) => weight * idf(dfs[i] ?? 0));
  const extraDfs = extras.map(({ expansion }) => sum(expansion.ordinals.map((o) => o.length)));
  const extraWeights = extras.map(({ weight }, e) => weight * idf(extraDfs[e] ?? 0));
  const terms = query.words.flatMap(({ alternatives }, i) =>
    alternatives.map((alternative) => ({ alternative, weight: weights[i] ?? 0 })),
  );
  const lists = views.map((view, v): Weighted[] => {
    const { lengths } = view.table;
    const words = terms.flatMap(({ alternative, weight }, term) => {
      const list = view.list(alternative);
      return list ? [{ cursor: cursorOf(list, lengths), weight, term }] : [];
    });
    const others = extras.flatMap(({ expansion }, e) => {
      const ordinals = expansion.ordinals[v] ?? new Uint32Array();
      return ordinals.length > 0
        ? [{ cursor: cursorOver(ordinals, lengths), weight: extraWeights[e] ?? 0, term: terms.length + e }]
        : [];
    });
    return [...words, ...others];
  });

  const wanted = Math.min(Math.max(Math.trunc(limit), 0), most.deep);
  // The same for every page of the first ones, so that pages neither repeat nor leave out.
  const best = bestOf(wanted <= most.candidates ? most.candidates : most.deep);
  const effort = phraseEffort();
  // The largest first: what it finds lets the others skip more.
  const order = views
    .map((_, v) => v)
    .sort((x, y) => (views[y]?.shown.count ?? 0) - (views[x]?.shown.count ?? 0));
  for (const v of order) {
    const view = views[v];
    if (view === undefined) continue;
    const filter = query.phrases.length > 0 ? phraseFilter(view, query.phrases, effort) : null;
    if (filter?.possible === false) continue;
    rankSegment(view, v, lists[v] ?? [], norms, best, filter?.accept ?? null);
  }
  const around = averageSurroundings(length, count, documentsIn(views));
  const ranked = withSurroundings(best.take(), views, lists, around).slice(0, wanted);
  const hits = ranked.map(({ score, passage, view, ordinal }) => ({
    passage,
    document: views[view]?.table.documents[ordinal] ?? 0,
    score: score / SCALE,
  }));
  const instead = new Set([
    ...query.instead,
    ...extras.flatMap(({ expansion }) => [...expansion.words.keys()]),
  ]);
  return {
    hits,
    total: query.phrases.length > 0 ? null : totalOf(views, lists, sum([...dfs, ...extraDfs])),
    query: { ...query, instead },
    misspelt: spelling === undefined ? doubtful(query, dfs, count, hits.length) : [],
    corrected: corrections.length > 0 ? respelled(query.text, corrections) : null,
    didYouMean: suggestion(query.text, respelt, corrections),
  };
}

/** Words that nothing has; and where hardly anything was found, those that hardly anything has. */
function doubtful(query: Query, dfs: readonly number[], passages: number, hits: number): Misspelt[] {
  return misspeltIn(query, dfs, passages).filter(({ df }) => df === 0 || hits < fewHits);
}

function suggestion(
  text: string,
  respelt: readonly Respelling[],
  corrections: readonly Respelling[],
): string | null {
  const better = respelt.filter(({ of, df }) => df >= farMore * of.df && df > of.df);
  return better.length > 0 && better.some((one) => !corrections.includes(one))
    ? respelled(text, better)
    : null;
}

/** The query with the words put right, as they were capitalised. */
function respelled(text: string, words: readonly Respelling[]): string {
  let result = text;
  for (const { of, best } of [...words].sort((x, y) => y.of.start - x.of.start)) {
    const capital = /^\p{Lu}/u.test(text.slice(of.start));
    const [first = ""] = best;
    const word = capital ? first.toUpperCase() + best.slice(first.length) : best;
    result = result.slice(0, of.start) + word + result.slice(of.end);
  }
  return result;
}

/**
 * In how many shown passages any of the words is; null where that would take long. What is not shown decides neither: a
 * number that went or came with it would tell of words that somebody else's documents have.
 */
function totalOf(
  views: readonly View[],
  lists: readonly (readonly Weighted[])[],
  shownPostings: number,
): number | null {
  if (shownPostings > mostCounted) return null;
  let total = 0;
  for (const [v, { table, shown }] of views.entries()) {
    const seen = new Uint8Array(table.passages.length);
    for (const { cursor } of lists[v] ?? []) {
      for (let block = 0, from = 0; block < cursor.blocks; from = cursor.last(block) + 1, block += 1) {
        if (shownWithin(shown, from, cursor.last(block) + 1) === 0) continue;
        cursor.read(block);
        for (let i = 0; i < cursor.size(block); i += 1) {
          const ordinal = cursor.ordinals[i] ?? 0;
          if (seen[ordinal] === 1 || (shown.mask !== null && shown.mask[ordinal] !== 1)) continue;
          seen[ordinal] = 1;
          total += 1;
        }
      }
    }
  }
  return total;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
