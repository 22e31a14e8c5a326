import { fold, termsIn } from "./analysis.ts";
import { depths, type IndexKeys, vocabularyKey } from "./keys.ts";
import type { Language } from "./languages.ts";
import { type Query, rowKeys } from "./query.ts";
import type { View } from "./view.ts";
import { firstTwo, ordinalsOf, wordsOf, wordText } from "./vocabulary.ts";

/** A word of a query that nothing visible has, or hardly anything: `df` is in how many visible passages it is. */
export type Misspelt = { lower: string; folded: string; start: number; end: number; df: number };

/** Words of the index that were found for one that was typed: their visible passages, for each view. */
export type Expansion = { words: Map<string, number>; ordinals: Uint32Array[] };

const most = { expansions: 64, misspelt: 3, words: 12 };
const shortestOne = 4;
const shortestTwo = 8;

/** The words of a query that may be misspelt: few, of letters, and hardly anywhere. */
export function misspeltIn(query: Query, dfs: readonly number[], passages: number): Misspelt[] {
  if (query.words.length > most.words || passages === 0) return [];
  const rare = query.words.flatMap(({ word }, i) => {
    const df = dfs[i] ?? 0;
    return word !== null && df <= rareDf && word.folded.length >= shortestOne && letters.test(word.folded)
      ? [{ ...word, df }]
      : [];
  });
  return rare
    .filter(({ folded }) => folded !== query.typed && folded.length <= longest)
    .slice(0, most.misspelt);
}

/** A word in this many passages is taken as it is, but something better may be asked about. */
const rareDf = 1;
const longest = 40;
const letters = /^[\p{L}\p{M}']+$/u;

/** The keys of the rows in which words like the misspelt ones are. */
export function spellingKeys(
  misspelt: readonly Misspelt[],
  keys: IndexKeys,
  among: readonly number[] = depths,
): Buffer[] {
  const entries = misspelt
    .flatMap(({ folded }) => beginningsLike(folded))
    .map((beginning) => vocabularyKey(keys, beginning).toString("hex"));
  return rowKeys(new Set(entries), among);
}

/** How a word may begin whose first two characters were typed in the wrong order, or with another one among them. */
function beginningsLike(folded: string): string[] {
  const [first = "", second = "", third = ""] = folded;
  return [...new Set([first + second, second + first, second + third, first + third])];
}

/** Visible words that begin as `typed`, the most frequent ones; without those that these terms find in any language. */
export function expand(
  views: readonly View[],
  keys: IndexKeys,
  typed: string,
  but: ReadonlySet<string>,
  spoken: readonly Language[],
): Expansion {
  const section = vocabularyKey(keys, firstTwo(typed)).toString("hex");
  const found = new Map<string, Found>();
  collect(views, [section], beginsAs(typed), found);
  const best = [...found]
    .filter(([lower]) => !spoken.every((language) => termsIn(lower, language).some((term) => but.has(term))))
    .sort(([a, x], [b, y]) => y.df - x.df || (a < b ? -1 : 1))
    .slice(0, most.expansions);
  return expansionOf(best, views.length);
}

export type Respelling = Expansion & { of: Misspelt; best: string; df: number };

/** For a misspelt word what was probably meant, with all that stems alike; null when there is nothing like it. */
export function respell(
  views: readonly View[],
  keys: IndexKeys,
  misspelt: Misspelt,
  spoken: readonly Language[],
): Respelling | null {
  const { folded } = misspelt;
  const allowed = folded.length >= shortestTwo ? 2 : 1;
  const sections = beginningsLike(folded).map((beginning) => vocabularyKey(keys, beginning).toString("hex"));
  const found = new Map<string, Found>();
  const near = new Map<string, number>();
  const like = (bytes: Buffer): boolean => {
    // A letter of another script, or with a diacritic, takes more bytes.
    if (bytes.length < folded.length - allowed || bytes.length > (folded.length + allowed) * 3) return false;
    const lower = wordText(bytes);
    const other = fold(lower);
    if (other === folded || !letters.test(other)) return false;
    const away = distance(folded, other, allowed);
    if (away <= allowed) near.set(lower, away);
    return away <= allowed;
  };
  collect(views, sections, like, found);
  const ranked = [...found]
    .map(([lower, { df }]) => ({ lower, df, worth: df / costs ** (near.get(lower) ?? 2) }))
    .sort((a, b) => b.worth - a.worth || (a.lower < b.lower ? -1 : 1));
  const [best] = ranked;
  if (best === undefined) return null;
  const terms = new Set(termsOf(best.lower, spoken));
  const alike = new Map<string, Found>();
  collect(
    views,
    sections,
    (bytes) => termsOf(wordText(bytes), spoken).some((term) => terms.has(term)),
    alike,
  );
  return { of: misspelt, best: best.lower, df: best.df, ...expansionOf([...alike], views.length) };
}

/** A word two letters away must be this many times as frequent as one that is one letter away. */
const costs = 20;

/** `ordinals` reads a view's visible passages when they are needed. */
type Found = { df: number; ordinals: ((() => Uint32Array) | undefined)[] };

/** All words of the sections that are wanted and that a visible passage has. */
function collect(
  views: readonly View[],
  sections: readonly string[],
  wanted: (bytes: Buffer) => boolean,
  found: Map<string, Found>,
): void {
  for (const [v, view] of views.entries()) {
    const { mask, count } = view.shown;
    if (count === 0) continue;
    for (const section of sections) {
      const entry = view.entry(section);
      if (entry === null) continue;
      for (const word of wordsOf(entry)) {
        if (!wanted(word.bytes)) continue;
        const { df, list } = word;
        const read = (): Uint32Array => ordinalsOf({ df, list }, view.table.passages.length);
        const shown = mask === null ? null : read().filter((ordinal) => mask[ordinal] === 1);
        if (shown?.length === 0) continue;
        const lower = wordText(word.bytes);
        const known = found.get(lower) ?? { df: 0, ordinals: [] };
        known.df += shown?.length ?? df;
        known.ordinals[v] = shown === null ? read : () => shown;
        found.set(lower, known);
      }
    }
  }
}

function expansionOf(words: readonly (readonly [string, Found])[], views: number): Expansion {
  const ordinals = Array.from({ length: views }, (_, v) => {
    const lists = words.flatMap(([, { ordinals }]) => ordinals[v]?.() ?? []);
    if (lists.length <= 1) return lists[0] ?? new Uint32Array();
    const all = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
    let at = 0;
    for (const list of lists) {
      all.set(list, at);
      at += list.length;
    }
    all.sort();
    let size = 0;
    for (const ordinal of all) if (size === 0 || ordinal !== all[size - 1]) all[size++] = ordinal;
    return all.subarray(0, size);
  });
  return { words: new Map(words.map(([lower, { df }]) => [lower, df])), ordinals };
}

function beginsAs(typed: string): (bytes: Buffer) => boolean {
  const wanted = Buffer.from(typed);
  return (bytes) => {
    if (bytes.length < wanted.length) return false;
    if (bytes.subarray(0, wanted.length).equals(wanted)) return true;
    for (const byte of bytes) if (byte > 127) return fold(wordText(bytes)).startsWith(typed);
    return false;
  };
}

const termsOf = (lower: string, spoken: readonly Language[]): string[] =>
  spoken.flatMap((language) => termsIn(lower, language));

/** Insertions, deletions, substitutions and transpositions of neighbours, each letter in one of them; or more than `limit`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (before[j - 2] ?? 0) + 1);
      }
      row[j] = value;
      least = Math.min(least, value);
    }
    if (least > limit) return limit + 1;
    [before, last] = [last, row];
  }
  return last[b.length] ?? limit + 1;
}
