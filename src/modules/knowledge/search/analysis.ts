import { type Language, stemmers } from "./languages.ts";
import { stopWords } from "./stop-words.ts";

/**
 * One searchable term of a text. `start` and `end` are UTF-16 offsets into the text as given. Several terms
 * may share a position ("11.2" is found as "11.2" and as "11"): the longest comes last. `joined` is set on the
 * two words of a hyphenated compound taken together, which stand at the first one's position beside it. `word` is
 * a word as it is written, in lower case; null on what is not one, and on a second term of the same word.
 */
export type Token = {
  term: string;
  position: number;
  start: number;
  end: number;
  stop: boolean;
  joined: boolean;
  word: Word | null;
};

/** A word by itself: as written in lower case, folded, and its terms in one language. */
export type Word = { lower: string; folded: string; terms: readonly string[]; stop: boolean };

/** Words already seen, so that each is folded and stemmed once. Holds plaintext: never keep one across tenants. */
export type WordCache = Map<Language, Map<string, Word>>;

/**
 * Splits a text into terms: words folded (compatibility forms, case, diacritics) and stemmed in the text's language,
 * numbers and section marks whole and by their prefixes, scripts written without spaces as single characters
 * and pairs. Linear in the length of the text; never throws, whatever the text holds.
 */
export function analyse(text: string, language: Language = "en", cache: WordCache = new Map()): Token[] {
  const tokens: Token[] = [];
  const seen = cache.get(language) ?? new Map<string, Word>();
  cache.set(language, seen);
  for (const { kind, raw, start, end, position } of piecesOf(text)) {
    if (kind === "number") {
      for (const term of numberTerms(raw))
        tokens.push({ term, position, start, end, stop: false, joined: false, word: null });
    } else if (kind === "single" || kind === "pair") {
      tokens.push({ term: clip(fold(raw)), position, start, end, stop: false, joined: false, word: null });
    } else {
      let known = seen.get(raw);
      if (known === undefined) {
        known = wordIn(raw, language);
        if (raw.length <= longestTerm) seen.set(raw, known);
      }
      const joined = kind === "joined";
      const { terms, stop } = known;
      for (let i = 0; i < terms.length; i += 1) {
        const word = i === 0 && !joined ? known : null;
        tokens.push({ term: terms[i] ?? "", position, start, end, stop, joined, word });
      }
    }
  }
  return tokens;
}

/** What a query asks for at one position: a text holds it when it holds any of the alternatives. */
export type Asked = {
  alternatives: readonly string[];
  position: number;
  start: number;
  end: number;
  joined: boolean;
  /** In each of the languages; empty for what is not a word. */
  words: ReadonlyMap<Language, Word>;
};

/**
 * The terms that a query asks for, in each of the languages that its words may be of. Of a longer mark the longest
 * only, since the index holds the shorter ones as well; compounds together and word by word; of a run without spaces
 * the pairs.
 */
export function analyseQuery(text: string, spoken: readonly Language[] = ["en"]): Asked[] {
  const asked: Asked[] = [];
  let pairEnd = -1;
  for (const { kind, raw, start, end, position } of piecesOf(text)) {
    const joined = kind === "joined";
    const words = new Map<Language, Word>();
    let alternatives: string[];
    if (kind === "number") alternatives = numberTerms(raw).slice(-1);
    else if (kind === "pair") {
      // Takes the place of its first character.
      asked.pop();
      alternatives = [clip(fold(raw))];
      pairEnd = end;
    } else if (kind === "single") {
      if (end === pairEnd) {
        // Held by the pair before, unless a pair follows, which then takes its place.
        asked.push({ alternatives: [], position, start, end, joined, words });
        continue;
      }
      alternatives = [clip(fold(raw))];
    } else {
      for (const language of spoken) words.set(language, wordIn(raw, language));
      alternatives = [...words].flatMap(([language, word]) => [...word.terms, ...otherwise(word, language)]);
    }
    asked.push({ alternatives: [...new Set(alternatives)], position, start, end, joined, words });
  }
  return asked.filter(({ alternatives }) => alternatives.length > 0);
}

type Piece = {
  kind: "word" | "joined" | "number" | "single" | "pair";
  raw: string;
  start: number;
  end: number;
  position: number;
};

function* piecesOf(text: string): Generator<Piece, void> {
  let position = 0;
  let before = { raw: "", end: -2 };
  for (const match of text.matchAll(pattern)) {
    const [raw, acronym, number] = match;
    const start = match.index;
    const end = start + raw.length;
    if (number !== undefined) yield { kind: "number", raw: number, start, end, position: position++ };
    else if (acronym !== undefined) {
      yield { kind: "word", raw: acronym.replaceAll(".", ""), start, end, position: position++ };
    } else if (unspaced.test(raw)) {
      position = yield* unspacedPieces(raw, start, position);
    } else {
      if (start === before.end + 1 && isCompound(before.raw, text.charCodeAt(before.end), raw)) {
        const first = start - 1 - before.raw.length;
        yield { kind: "joined", raw: before.raw + raw, start: first, end, position: position - 1 };
      }
      yield { kind: "word", raw, start, end, position: position++ };
      before = { raw, end };
    }
  }
}

// In order: letters with dots between them (U.K.), numbers with points (11.2, 1,250.00), words. Joiners and soft
// hyphens belong to the word around them; an English ending after an apostrophe does too, `l'avocat` is two words.
const pattern =
  /(\p{L}(?:\.\p{L})+(?![\p{L}\p{N}]))|(\d+(?:[.,]\d+)+)|[\p{L}\p{N}][\p{L}\p{N}\p{M}\u00AD\p{Join_Control}\u2060]*(?:['’](?:[stdmSTDM]|re|ll|ve|RE|LL|VE)(?![\p{L}\p{N}]))?/gu;

const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * Two words with a hyphen between them, one of them short, are found written together as well: "e-mail", "B-12",
 * "re-let"; two numbers are not, so that a date is its parts. Longer ones are found by their words, and would
 * only make rows.
 */
function isCompound(left: string, between: number, right: string): boolean {
  const hyphen = between === 0x2d || between === 0x2010 || between === 0x2011;
  return (
    hyphen &&
    (left.length <= shortPart || right.length <= shortPart) &&
    left.length + right.length <= longestTerm &&
    !/^\d+$/.test(left + right)
  );
}

const shortPart = 3;
const longestTerm = 64;
const longestNumber = 4;

function* unspacedPieces(raw: string, start: number, from: number): Generator<Piece, number> {
  let position = from;
  let word = "";
  let at = start;
  // A character with its marks, so that decomposed and composed spellings are one.
  const characters = raw.match(/\P{M}\p{M}*|\p{M}+/gu) ?? [];
  for (let i = 0; i < characters.length; i += 1) {
    const character = characters[i] ?? "";
    if (!unspaced.test(character)) {
      word += character;
    } else {
      if (word !== "")
        yield { kind: "word", raw: word, start: at - word.length, end: at, position: position++ };
      word = "";
      const next = characters[i + 1] ?? "";
      const end = at + character.length;
      yield { kind: "single", raw: clip(character), start: at, end, position };
      if (next !== "" && unspaced.test(next)) {
        yield {
          kind: "pair",
          raw: clip(character) + clip(next),
          start: at,
          end: end + next.length,
          position,
        };
      }
      position += 1;
    }
    at += character.length;
  }
  if (word !== "") yield { kind: "word", raw: word, start: at - word.length, end: at, position: position++ };
  return position;
}

/**
 * A word's terms in a language. With diacritics it has two, where they differ: stemmed as it is written, and stemmed
 * as one writes it who leaves them out.
 */
function wordIn(raw: string, language: Language): Word {
  const lower = lowerCase(clip(raw));
  const folded = foldLower(lower);
  const stem = stemmers[language];
  const terms = [foldLower(stem(language === "en" ? folded : lower))];
  if (folded !== lower && language !== "en") terms.push(stem(folded));
  return {
    lower,
    folded,
    // Compatibility forms may be longer than what was cut.
    terms: [...new Set(terms.map(clip))].filter((term) => term !== ""),
    stop: stopWords[language].has(folded),
  };
}

/** The terms that a word, in lower case, has in a language. */
export const termsIn = (lower: string, language: Language): readonly string[] =>
  wordIn(lower, language).terms;

/**
 * Terms of the same word as it may be spelled otherwise: German umlauts the other way, ä as ae and ae as ä; the Spanish and
 * Portuguese endings that one leaves the accents out of, which the stemmers know with them only.
 */
function otherwise({ lower }: Word, language: Language): string[] {
  const others =
    language === "de"
      ? [
          lower.replace(/[äöü]/g, (letter) => umlauts[letter] ?? letter),
          lower.replace(/[aou]e/g, (pair) => umlauts[pair] ?? pair),
        ]
      : language === "es"
        ? [lower.replace(/ion$/, "ión")]
        : language === "pt"
          ? [lower.replace(/ao$/, "ão").replace(/oes$/, "ões")]
          : [];
  return others.filter((other) => other !== lower).flatMap((other) => wordIn(other, language).terms);
}

const umlauts: Record<string, string> = { ä: "ae", ö: "oe", ü: "ue", ae: "ä", oe: "ö", ue: "ü" };

/** `1,250.00` → `1250`, `1250.00`; `11.2.1` → `11`, `11.2`, `11.2.1`. */
function numberTerms(number: string): string[] {
  const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(number) ? number.replaceAll(",", "") : number;
  const terms: string[] = [];
  for (let i = 1; i < plain.length && i < longestTerm && terms.length < longestNumber; i += 1) {
    if (plain[i] === "." || plain[i] === ",") terms.push(plain.slice(0, i));
  }
  const whole = plain.slice(0, longestTerm);
  return terms.includes(whole) ? terms : [...terms, whole];
}

/** Compatibility forms, case and the diacritics of Latin and Greek folded away. Others carry meaning and stay. */
export const fold = (word: string): string => foldLower(lowerCase(word));

function lowerCase(word: string): string {
  if (/^[a-zA-Z0-9']*$/.test(word)) return word.toLowerCase();
  return word
    .normalize("NFKC")
    .replace(/[\u00AD\p{Join_Control}\u2060]/gu, "")
    .replaceAll("’", "'")
    .toLowerCase()
    .normalize("NFC");
}

function foldLower(word: string): string {
  if (/^[a-z0-9']*$/.test(word)) return word;
  return word
    .normalize("NFD")
    .replace(/([\p{Script=Latin}\p{Script=Greek}])[\u0300-\u036f]+/gu, "$1")
    .normalize("NFC")
    .replace(/[ßæœøłđðþıςё]/g, (letter) => unaccented[letter] ?? letter);
}

const unaccented: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
  ς: "σ",
  ё: "е",
};

/** Cuts an overlong word at a whole character, before anything is done with it that costs more than its length. */
function clip(word: string): string {
  if (word.length <= longestTerm) return word;
  const cut = word.slice(0, longestTerm);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
