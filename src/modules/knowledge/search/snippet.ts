import { analyse } from "./analysis.ts";
import type { Query } from "./query.ts";

/**
 * The words of a text that the query asked for, as `[start, end)` in UTF-16 code units, ascending, none
 * overlapping. Words that count only inside a phrase (stop words) are marked only where the phrase stands.
 */
export function marks(text: string, query: Query): Array<[number, number]> {
  const tokens = analyse(text);
  const ranked = new Set(query.ranked.map(({ term }) => term));
  const at = new Map<number, Set<string>>();
  for (const { term, position } of tokens) at.set(position, (at.get(position) ?? new Set()).add(term));
  const inPhrase = new Set<number>();
  for (const phrase of query.phrases) {
    for (const start of at.keys()) {
      if (!phrase.every(({ term, offset }) => at.get(start + offset)?.has(term))) continue;
      for (const { offset } of phrase) inPhrase.add(start + offset);
    }
  }
  const found: Array<[number, number]> = [];
  for (const { term, position, start, end } of tokens) {
    if (!ranked.has(term) && !inPhrase.has(position)) continue;
    const last = found.at(-1);
    if (last && start < last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}
