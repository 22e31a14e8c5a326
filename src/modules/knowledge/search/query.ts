import { type Asked, analyseQuery, fold } from "./analysis.ts";
import { depths, type IndexKeys, positionsKey, rowsOf, vocabularyKey } from "./keys.ts";
import type { Language } from "./languages.ts";
import { firstTwo } from "./vocabulary.ts";

/** A word of a query, found by any of its alternatives; `weight` is how often it was asked for. */
export type QueryWord = {
  alternatives: readonly string[];
  weight: number;
  /** As it was typed, in lower case and folded; null for what is not a word. */
  word: { lower: string; folded: string; start: number; end: number } | null;
};

/** A parsed query. `words` are ranked, each once; every phrase must be present. Holds the words that were asked for. */
export type Query = {
  text: string;
  languages: readonly Language[];
  words: readonly QueryWord[];
  phrases: ReadonlyArray<ReadonlyArray<{ alternatives: readonly string[]; offset: number }>>;
  /** The last word, folded, when it may go on. */
  typed: string | null;
  /** Words, in lower case, that were found in place of what was typed. */
  instead: ReadonlySet<string>;
};

/** What is looked at: more of a query says nothing more, and costs rows. */
const limits = { characters: 16_384, words: 300, phraseWords: 12, phrases: 8, besidesPhrases: 10 };

/**
 * Reads a query: words, and phrases in quotation marks. Stop words are ranked only when there is nothing else;
 * a quotation mark without its partner counts as none, and in a long text none does. With `typing`, the last word may be the beginning of one.
 * `languages` are those that the index has words of. Never throws.
 */
export function parseQuery(
  text: string,
  { languages = ["en"], typing = false }: { languages?: readonly Language[]; typing?: boolean } = {},
): Query {
  const known = languages.length === 0 ? (["en"] as const) : languages;
  const looked = text.slice(0, limits.characters);
  return assemble(looked, known, typing, split(looked));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

type Part = { text: string; start: number; quoted: boolean };

function split(text: string): Part[] {
  const parts: Part[] = [];
  let start = 0;
  for (const mark of text.matchAll(/["“”„«»]/g)) {
    parts.push({ text: text.slice(start, mark.index), start, quoted: parts.length % 2 === 1 });
    start = mark.index + 1;
  }
  parts.push({ text: text.slice(start), start, quoted: false });
  return parts;
}

function assemble(
  text: string,
  languages: readonly Language[],
  typing: boolean,
  parts: readonly Part[],
): Query {
  const asked = parts.map((part) => ({ ...part, asked: analyseQuery(part.text, languages) }));
  const all = asked.flatMap((part) => part.asked);
  const spoken = spokenIn(all, languages);
  const isStop = ({ words }: Asked): boolean => spoken.some((language) => words.get(language)?.stop === true);

  const words = new Map<string, QueryWord & { stop: boolean }>();
  for (const part of asked) {
    for (const one of part.asked) {
      const key = one.alternatives.join(" ");
      const before = words.get(key);
      if (before) before.weight += 1;
      else if (words.size < limits.words * 2) {
        words.set(key, {
          alternatives: one.alternatives,
          weight: 1,
          word: wordOf(one, part.start),
          stop: isStop(one),
        });
      }
    }
  }
  const content = [...words.values()].filter((word) => !word.stop);
  const ranked = content.length > 0 ? content : [...words.values()];
  // Who gives a whole paragraph quotes somebody; who wants the very words gives little else.
  const besides = sum(asked.map((part) => (part.quoted ? 0 : part.asked.length)));
  const phrases = asked
    .filter((part) => part.quoted && besides <= limits.besidesPhrases)
    .map((part) => part.asked.filter((one) => !one.joined).slice(0, limits.phraseWords))
    .filter((phrase) => phrase.length > 0)
    .slice(0, limits.phrases)
    .map((phrase) =>
      phrase.map((one) => ({
        alternatives: one.alternatives,
        offset: one.position - (phrase[0]?.position ?? 0),
      })),
    );
  return {
    text,
    languages,
    words: ranked.slice(0, limits.words).map(({ stop: _, ...word }) => word),
    phrases,
    typed: typing ? typedIn(text) : null,
    instead: new Set(),
  };
}

/**
 * The languages that a query seems to be in: those with the most of its function words. "Die" is one in a German
 * query, and not in an English one; where nothing decides, a function word of any language is one.
 */
function spokenIn(asked: readonly Asked[], languages: readonly Language[]): readonly Language[] {
  const counts = languages.map(
    (language) => asked.filter(({ words }) => words.get(language)?.stop === true).length,
  );
  const most = Math.max(...counts);
  return languages.filter((_, i) => counts[i] === most);
}

function wordOf(asked: Asked, offset: number): QueryWord["word"] {
  const [word] = asked.words.values();
  if (!word || asked.joined) return null;
  return { lower: word.lower, folded: word.folded, start: offset + asked.start, end: offset + asked.end };
}

const shortestTyped = 2;
const longestTyped = 40;

/** The last word, when the text ends in it. */
function typedIn(text: string): string | null {
  const last = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]{0,63}$/u.exec(text.slice(-80))?.[0];
  const folded = last === undefined ? "" : fold(last);
  return folded.length >= shortestTyped && folded.length <= longestTyped ? folded : null;
}

/** The keys of the rows that `search` needs of every segment; each 12 bytes, in no telling order. */
export function queryKeys(query: Query, keys: IndexKeys, among: readonly number[] = depths): Buffer[] {
  const entries = new Set<string>();
  for (const { alternatives } of query.words) {
    for (const term of alternatives) entries.add(keys.hash(term).toString("hex"));
  }
  for (const { alternatives } of query.phrases.flat()) {
    for (const term of alternatives) {
      const key = keys.hash(term);
      entries.add(key.toString("hex"));
      entries.add(positionsKey(key).toString("hex"));
    }
  }
  if (query.typed !== null) entries.add(vocabularyKey(keys, firstTwo(query.typed)).toString("hex"));
  return rowKeys(entries, among);
}

/** The keys of the rows that hold these entries. */
export function rowKeys(entries: Iterable<string>, among: readonly number[]): Buffer[] {
  const rows = new Set<string>();
  for (const entry of entries) for (const row of rowsOf(entry, among)) rows.add(row);
  return [...rows].sort().map((row) => Buffer.from(row, "hex"));
}
