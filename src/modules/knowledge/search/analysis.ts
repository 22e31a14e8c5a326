import { stemEnglish } from "./stemmer.ts";
import { stopWords } from "./stop-words.ts";

/**
 * One searchable term of a text. `start` and `end` are UTF-16 offsets into the text as given. Several terms
 * may share a position ("11.2" is found as "11.2" and as "11"): the longest comes last. `joined` is set on the
 * two words of a hyphenated compound taken together, which stand at the first one's position beside it.
 */
export type Token = {
  term: string;
  position: number;
  start: number;
  end: number;
  stop: boolean;
  joined: boolean;
};

/** Words already seen, so that each is folded and stemmed once. Holds plaintext: never keep one across tenants. */
export type WordCache = Map<string, { term: string; stop: boolean }>;

/**
 * Splits a text into terms: words folded (compatibility forms, case, diacritics) and stemmed as English,
 * numbers and section marks whole and by their prefixes, scripts written without spaces as single characters
 * and pairs. Linear in the length of the text; never throws, whatever the text holds.
 */
export function analyse(text: string, cache: WordCache = new Map()): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  let before = { raw: "", end: -2 };
  for (const match of text.matchAll(pattern)) {
    const [raw, acronym, number] = match;
    const start = match.index;
    const end = start + raw.length;
    if (number !== undefined) {
      for (const term of numberTerms(number))
        tokens.push({ term, position, start, end, stop: false, joined: false });
      position += 1;
    } else if (acronym !== undefined) {
      position = addWord(tokens, acronym.replaceAll(".", ""), start, end, position, cache);
    } else if (unspaced.test(raw)) {
      position = addUnspaced(tokens, raw, start, position, cache);
    } else {
      if (start === before.end + 1 && isCompound(before.raw, text.charCodeAt(before.end), raw)) {
        addWord(tokens, before.raw + raw, start - 1 - before.raw.length, end, position - 1, cache, true);
      }
      position = addWord(tokens, raw, start, end, position, cache);
      before = { raw, end };
    }
  }
  return tokens;
}

/**
 * The terms that a query asks for: at each position the longest one only, since the index holds the shorter
 * ones of a longer mark as well. Compounds are asked for together and word by word.
 */
export function analyseQuery(text: string): Token[] {
  const tokens = analyse(text);
  const longer = (token: Token, next: Token | undefined): boolean =>
    next !== undefined && next.position === token.position && !next.joined;
  return tokens.filter((token, i) => token.joined || !longer(token, tokens[i + 1]));
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
  return hyphen && !/^\d+$/.test(left + right) && (left.length <= shortPart || right.length <= shortPart);
}

const shortPart = 3;
const longestTerm = 64;
const longestNumber = 4;

function addWord(
  tokens: Token[],
  raw: string,
  start: number,
  end: number,
  position: number,
  cache: WordCache,
  joined = false,
) {
  let known = cache.get(raw);
  if (known === undefined) {
    const folded = fold(raw);
    known = { term: clip(stemEnglish(folded)), stop: stopWords.has(folded) };
    if (raw.length <= longestTerm) cache.set(raw, known);
  }
  if (known.term === "") return position;
  tokens.push({ term: known.term, position, start, end, stop: known.stop, joined });
  return position + 1;
}

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

function addUnspaced(tokens: Token[], raw: string, start: number, from: number, cache: WordCache): number {
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
      if (word !== "") position = addWord(tokens, word, at - word.length, at, position, cache);
      word = "";
      const next = characters[i + 1] ?? "";
      const single = fold(character);
      tokens.push({
        term: single,
        position,
        start: at,
        end: at + character.length,
        stop: false,
        joined: false,
      });
      if (next !== "" && unspaced.test(next)) {
        const end = at + character.length + next.length;
        tokens.push({ term: single + fold(next), position, start: at, end, stop: false, joined: false });
      }
      position += 1;
    }
    at += character.length;
  }
  return word === "" ? position : addWord(tokens, word, at - word.length, at, position, cache);
}

/** Compatibility forms, case and the diacritics of Latin and Greek folded away. Others carry meaning and stay. */
function fold(word: string): string {
  if (/^[a-zA-Z0-9']*$/.test(word)) return word.toLowerCase();
  return word
    .normalize("NFKC")
    .replace(/[\u00AD\p{Join_Control}\u2060]/gu, "")
    .replaceAll("’", "'")
    .toLowerCase()
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

/** Cuts an overlong term at a whole character. */
function clip(term: string): string {
  if (term.length <= longestTerm) return term;
  const cut = term.slice(0, longestTerm);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
