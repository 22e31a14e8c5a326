import type { LanguageCode } from "./languages/grammar.ts";
import { grammarOf, languageOf } from "./languages/language.ts";
import { type Analyse, numbersIn, stemOf, type Word, wordsIn } from "./words.ts";

/** A question, or one of several in one, as the answerer reads it. */
export interface Asked {
  readonly language: LanguageCode;
  readonly text: string;
  /** Where it does not say what kind of thing it asks for: the question that it goes on with. */
  readonly before: string;
  /** What it is about, each word once; never empty in a question that says anything. */
  readonly words: readonly AskedWord[];
  /** Numbers that must stand in what answers, each with the word that says what it is the number of. */
  readonly numbers: ReadonlyMap<string, Pick<Word, "raw" | "term"> | null>;
}

export interface AskedWord {
  readonly word: Pick<Word, "raw" | "term">;
  /** It names the kind of thing asked for, which an answer shows rather than says. */
  readonly light: boolean;
  /** A name: what does not speak of it does not answer. */
  readonly name: boolean;
  /** It comes from the conversation, not from the question. */
  readonly context: boolean;
}

/** Of a question this much is read. */
export const LONGEST_QUESTION = 2_000;

/** What the conversation adds to a question that leans on it. */
export interface Context {
  readonly words: string;
  /** The question before. */
  readonly before: string;
}

/** Reads a question; several in one are read one by one. */
export function readQuestion(question: string, analyse: Analyse, context?: Context): Asked[] {
  const text = withoutAsking(question.slice(0, LONGEST_QUESTION));
  const language = languageOf(text, "en");
  return partsOf(text, language).map((part) => read(part, language, analyse, context));
}

/**
 * "How much is the fee, and what reduces it?" asks two things. Each is answered for itself; a part that says "it"
 * or "they" speaks of what the part before it named.
 */
function partsOf(question: string, language: LanguageCode): string[] {
  const { and, pronouns } = grammarOf(language);
  const parts = question
    .split(/[?？]\s+/)
    .flatMap((part) => part.split(and))
    .map((part) => part.trim())
    .filter(Boolean);
  if (parts.length < 2 || parts.length > 3) return [question];
  return parts.map((part, i) => (i > 0 && pronouns.test(part) ? `${part} ${parts[i - 1]}` : part));
}

/** Words of asking in scripts without spaces, where they cannot be told apart as words. */
const askingRuns =
  /多少|什么|什麼|谁|誰|哪里|哪裡|哪儿|几点|幾點|何时|怎么|为什么|ですか|ますか|でしょうか|いくら|どこ|いつ|なぜ|何|[是吗呢](?=[？?\s]|$)|(?<=\p{Script=Han})是/gu;
const withoutAsking = (question: string): string => question.replace(askingRuns, " ");

function read(text: string, language: LanguageCode, analyse: Analyse, context?: Context): Asked {
  const { asking, light } = grammarOf(language);
  const all = wordsIn(text, language, analyse);
  const content = all.filter(({ small }) => !small);
  const telling = content.filter(({ raw }) => !asking.has(raw));
  const names = namesIn(text, all, language);
  const byStem = new Map<string, AskedWord>();
  for (const word of telling.length > 0 ? telling : content)
    byStem.set(stemOf(word, language), {
      word,
      light: light.has(word.raw),
      name: names.has(word),
      context: false,
    });
  const lent = context ? wordsIn(context.words, language, analyse).filter(({ small }) => !small) : [];
  // What the question itself says counts; without words of its own it is about what was spoken of.
  if (context && telling.length === 0) byStem.clear();
  for (const word of lent) {
    const stem = stemOf(word, language);
    if (!byStem.has(stem)) byStem.set(stem, { word, light: light.has(word.raw), name: false, context: true });
  }
  const numbers = numbersOf(text, all, language);
  return { language, text, before: context?.before ?? "", words: [...byStem.values()], numbers };
}

/** Capitals inside of a question; German begins every noun with one, where only what is no word of the language tells. */
function namesIn(text: string, all: readonly Word[], language: LanguageCode): Set<Word> {
  if (language === "de") return new Set();
  const capitals = all.filter(({ start }) => /\p{Lu}/u.test(text.slice(start, start + 2).charAt(0)));
  // All in capitals: they tell nothing.
  if (capitals.length - 1 > 0.6 * (all.length - 1)) return new Set();
  return new Set(capitals.filter((word) => word !== all[0] && !word.small));
}

/** Numbers in digits, each with what follows it: "30 metres" is not "30 April". */
function numbersOf(text: string, all: readonly Word[], language: LanguageCode): Asked["numbers"] {
  const { asking, light } = grammarOf(language);
  const found = new Map<string, Word | null>();
  for (const [i, word] of all.entries()) {
    if (!/^\d/.test(word.raw)) continue;
    const [number] = numbersIn(text.slice(Math.max(0, word.start - 2), word.end + 2), language);
    const next = all[i + 1];
    const of = next && text.slice(word.end, next.start).trim() === "" && !next.small ? next : null;
    if (number !== undefined)
      found.set(
        number,
        of === null || asking.has(of.raw) || light.has(of.raw) || /\d/.test(of.raw) ? null : of,
      );
  }
  return found;
}
