import { analyse } from "./analysis.ts";
import type { Query } from "./query.ts";

/**
 * The words of a text that the query asked for, as `[start, end)` in UTF-16 code units, ascending, none
 * overlapping. Words that count only inside a phrase (stop words) are marked only where the phrase stands.
 */
export function marks(text: string, query: Query): Array<[number, number]> {
  const found = query.languages.flatMap((language) => marksIn(text, query, language));
  if (query.languages.length > 1) found.sort((a, b) => a[0] - b[0]);
  const apart: Array<[number, number]> = [];
  for (const [start, end] of found) {
    const last = apart.at(-1);
    if (last && start < last[1]) last[1] = Math.max(last[1], end);
    else apart.push([start, end]);
  }
  return apart;
}

function marksIn(text: string, query: Query, language: Query["languages"][number]): Array<[number, number]> {
  const tokens = analyse(text, language);
  const wanted = new Set(query.words.flatMap(({ alternatives }) => alternatives));
  const at = new Map<number, Set<string>>();
  if (query.phrases.length > 0) {
    for (const { term, position } of tokens) at.set(position, (at.get(position) ?? new Set()).add(term));
  }
  const inPhrase = new Set<number>();
  for (const phrase of query.phrases) {
    for (const start of at.keys()) {
      const stands = phrase.every(({ alternatives, offset }) =>
        alternatives.some((term) => at.get(start + offset)?.has(term)),
      );
      if (stands) for (const { offset } of phrase) inPhrase.add(start + offset);
    }
  }
  return tokens
    .filter(
      ({ term, position, word }) =>
        wanted.has(term) || inPhrase.has(position) || (word !== null && query.instead.has(word.lower)),
    )
    .map(({ start, end }) => [start, end]);
}

export type Snippet = {
  text: string;
  marks: Array<[number, number]>;
  /** Where in the passage it begins. */
  start: number;
};

/**
 * The window of at most `most` characters of a passage that has the most different words of the query, then the most
 * of them; cut between words. Whole, when it fits.
 */
export function snippet(text: string, query: Query, most = 320): Snippet {
  const all = marks(text, query);
  if (text.length <= most) return { text, marks: all, start: 0 };
  const words = all.map(([start, end]) => text.slice(start, end).toLowerCase());
  const inside = new Map<string, number>();
  let best = { worth: -1, first: 0, last: 0 };
  for (let first = 0, last = 0; first < all.length; first += 1) {
    const from = all[first]?.[0] ?? 0;
    while (last < all.length && (all[last]?.[1] ?? 0) - from <= most) {
      inside.set(words[last] ?? "", (inside.get(words[last] ?? "") ?? 0) + 1);
      last += 1;
    }
    const worth = inside.size * 1_000 + (last - first);
    if (worth > best.worth) best = { worth, first, last: Math.max(last - 1, first) };
    if (last === first) last += 1;
    else {
      const left = (inside.get(words[first] ?? "") ?? 1) - 1;
      if (left > 0) inside.set(words[first] ?? "", left);
      else inside.delete(words[first] ?? "");
    }
  }
  const [from, to] = [all[best.first]?.[0] ?? 0, all[best.last]?.[1] ?? 0];
  const spare = Math.max(0, most - (to - from));
  const start = forward(text, Math.max(0, Math.min(from - Math.floor(spare / 3), text.length - most)), from);
  const end = backward(text, Math.min(text.length, start + most), Math.min(to, start + most));
  const within = all.filter((mark) => mark[0] >= start && mark[1] <= end);
  return {
    text: text.slice(start, end),
    marks: within.map((mark): [number, number] => [mark[0] - start, mark[1] - start]),
    start,
  };
}

/** The first beginning of a word from `at` on, not behind `latest`; never inside a character. */
function forward(text: string, at: number, latest: number): number {
  if (at === 0) return 0;
  for (let i = at; i <= latest && i < at + longestWord; i += 1) if (/\s/.test(text[i - 1] ?? "")) return i;
  return isInside(text, at) ? at + 1 : at;
}

function backward(text: string, at: number, earliest: number): number {
  if (at === text.length) return at;
  for (let i = at; i >= earliest && i > at - longestWord; i -= 1) if (/\s/.test(text[i] ?? "")) return i;
  return isInside(text, at) ? at - 1 : at;
}

const longestWord = 60;
const isInside = (text: string, at: number): boolean =>
  /[\uDC00-\uDFFF]/.test(text[at] ?? "") && /[\uD800-\uDBFF]/.test(text[at - 1] ?? "");
