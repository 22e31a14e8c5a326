import { stemmer as stemFrench } from "@orama/stemmers/french";
import { stemmer as stemGerman } from "@orama/stemmers/german";
import { stemmer as stemItalian } from "@orama/stemmers/italian";
import { stemmer as stemSpanish } from "@orama/stemmers/spanish";
import type { LanguageCode } from "./languages/grammar.ts";
import { grammarOf } from "./languages/language.ts";

/** The knowledge module's words of a text, as search takes it apart. */
export type Analyse = (
  text: string,
) => ReadonlyArray<{ term: string; position: number; start: number; end: number; joined: boolean }>;

/** A word of a text. `raw` is as it stands there, in lower case. */
export interface Word {
  readonly raw: string;
  readonly start: number;
  readonly end: number;
  /** What search calls it: the stem where the text is English. */
  readonly term: string;
  readonly small: boolean;
}

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;

/** The words of a text, each once at its place; scripts without spaces as pairs of characters. */
export function wordsIn(text: string, language: LanguageCode, analyse: Analyse): Word[] {
  const { small } = grammarOf(language);
  const tokens = analyse(text).filter(({ joined }) => !joined);
  return tokens.flatMap((token, i): Word[] => {
    const { term, start, end, position } = token;
    const raw = text.slice(start, end).toLowerCase();
    // Of "11.2" the whole, not its prefix: the last term at a position is the longest.
    if (tokens[i + 1]?.position === position) return [];
    if (unspaced.test(raw)) {
      // The last character of a run, which the pair before it has.
      const before = tokens[i - 1];
      if (before && before.end === end && before.start < start) return [];
      return [{ raw, start, end, term, small: /\p{Script=Hiragana}/u.test(raw) }];
    }
    return [{ raw, start, end, term, small: small.has(raw.replaceAll("’", "'")) }];
  });
}

const stemmers: Readonly<Record<Exclude<LanguageCode, "en">, (word: string) => string>> = {
  de: stemGerman,
  fr: stemFrench,
  es: stemSpanish,
  it: stemItalian,
};

/** A word as words of a language are compared: without accents, cut down to its stem. */
export function stemOf({ raw, term }: Pick<Word, "raw" | "term">, language: LanguageCode): string {
  if (language === "en" || /\d/.test(raw) || unspaced.test(raw)) return term;
  return stemmers[language](bare(raw));
}

const bare = (word: string): string =>
  word
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .replaceAll("ß", "ss")
    .replaceAll("œ", "oe");

/** The stems of what a text says, without its small words. */
export function stemsOf(text: string, language: LanguageCode, analyse: Analyse): Set<string> {
  return new Set(
    wordsIn(text, language, analyse).flatMap((word) => (word.small ? [] : [stemOf(word, language)])),
  );
}

/**
 * How far a stem of the question is among those of a sentence: 1 as it is, less as a part of a compound, which German
 * makes of what other languages say in several words.
 */
export function matchOf(stem: string, among: ReadonlySet<string>, language: LanguageCode): number {
  if (among.has(stem)) return 1;
  if (language !== "de" || stem.length < SHORTEST) return 0;
  let best = 0;
  for (const other of among) {
    if (other.length < SHORTEST) continue;
    const [long, short] = other.length > stem.length ? [other, stem] : [stem, other];
    if (long.startsWith(short) || long.endsWith(short)) best = Math.max(best, 0.75);
    else if (sharesPart(long, short)) best = Math.max(best, 0.5);
  }
  return best;
}

const SHORTEST = 4;
const PART = 6;

/** Whether one begins as the other ends, or they end alike: "Urlaubstage" and "Jahresurlaub". */
function sharesPart(a: string, b: string): boolean {
  if (a.slice(-PART) === b.slice(-PART)) return true;
  for (let size = Math.min(a.length, b.length) - 1; size >= PART; size -= 1)
    if (a.endsWith(b.slice(0, size)) || b.endsWith(a.slice(0, size))) return true;
  return false;
}

/** The numbers in a text, in digits and one spelling; an amount of money apart from a plain number. */
export function numbersIn(text: string, language: LanguageCode): Set<string> {
  const found = new Set<string>();
  for (const match of text.matchAll(/\d+(?:[.,:\u00a0\u202f ]\d+)*/g)) {
    const before = text.slice(Math.max(0, match.index - 2), match.index);
    const end = match.index + match[0].length;
    const money = /[£$€¥₹]\s?$/.test(before) || /^\s?[€£$¥₹%]/.test(text.slice(end, end + 2));
    const plain = /^\d{1,3}(?:[.,\s]\d{3})+(?:[.,]\d{2})?$/u.test(match[0])
      ? match[0].replace(/[.,\s](?=\d{3})/gu, "")
      : match[0];
    found.add(`${money ? "¤" : ""}${plain.replace(",", ".").replace(/\.00$/, "")}`);
  }
  const { numbers } = grammarOf(language);
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) {
    const value = numbers.get(word);
    if (value !== undefined) found.add(String(value));
  }
  return found;
}
