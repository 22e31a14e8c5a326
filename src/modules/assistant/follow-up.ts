import type { Grammar, LanguageCode } from "./languages/grammar.ts";
import { grammarOf, languageOf } from "./languages/language.ts";
import { type Context, LONGEST_QUESTION } from "./question.ts";
import { type Analyse, stemOf, type Word, wordsIn } from "./words.ts";

/** A question that was asked before, and what of its answer the one who asks now may see. */
export interface Turn {
  readonly question: string;
  /** What that one was completed with itself. */
  readonly followUp: string;
  /** The documents whose sentences lent some of that. */
  readonly lentBy: readonly string[];
  readonly quotes: readonly { readonly document: string; readonly text: string }[];
}

/** What a question was completed with: the words, and the documents whose sentences lent some of them. */
export interface Completed extends Context {
  readonly documents: readonly string[];
}

/** Of own words a question that says "it" may have so many; one that says more speaks for itself. */
const FEW = 3;
const MOST_WORDS = 12;
const MOST_NAMES = 4;

/**
 * Completes a question that leans on the conversation: it goes on with the one before ("and for the warehouse?"), speaks
 * of what that was about ("who signed it?"), or says nothing by itself ("why?"). Null for one that stands alone.
 * `before` is the newest turn.
 */
export function complete(question: string, before: Turn | undefined, analyse: Analyse): Completed | null {
  if (!before) return null;
  const text = question.slice(0, LONGEST_QUESTION);
  // Too short to tell its language by itself.
  const language = languageOf(text, languageOf(before.question, "en"));
  const grammar = grammarOf(language);
  const opened = grammar.opener.test(text);
  const own = contentOf(opened ? text.replace(grammar.opener, " ") : text, language, analyse);
  const manner = leaning(text, own, opened, grammar);
  if (manner === null) return null;
  const earlier = `${before.followUp} ${before.question.replace(grammar.opener, " ")}`;
  const all = wordsIn(earlier, language, analyse);
  const replaced = manner === "instead" ? replacedBy(own, all, earlier, grammar) : new Set<Word>();
  const has = new Set(own.map((word) => stemOf(word, language)));
  const lent = all.filter(
    (word) =>
      !word.small && !grammar.asking.has(word.raw) && !replaced.has(word) && !has.has(stemOf(word, language)),
  );
  const names = manner === "of it" ? namesIn(before.quotes, language, analyse) : [];
  const words = [
    ...lent.map((word) => ({ word: earlier.slice(word.start, word.end), document: null })),
    ...names,
  ];
  const shown = words.filter(({ word }, i) => words.findIndex((other) => other.word === word) === i);
  if (shown.length === 0) return null;
  const used = shown.slice(0, MOST_WORDS);
  return {
    words: used.map(({ word }) => word).join(" "),
    before: before.question,
    documents: [
      ...new Set([
        ...(before.followUp ? before.lentBy : []),
        ...used.flatMap(({ document }) => document ?? []),
      ]),
    ],
  };
}

/** How a question leans on the one before: it puts something else into it, or asks more of the same. */
type Manner = "instead" | "of it";

function leaning(text: string, own: readonly Word[], opened: boolean, grammar: Grammar): Manner | null {
  const telling = own.filter(({ raw }) => !grammar.light.has(raw));
  const pronoun = grammar.leans.test(text.replace(grammar.idle, " "));
  if (telling.length === 0) return "of it";
  if (pronoun && telling.length <= FEW) return "of it";
  const asks = grammar.asks.some(([, pattern]) => pattern.test(text));
  // "And when does the lease end?" only begins with "and".
  if (opened && telling.length <= (asks ? 1 : FEW)) return "instead";
  const article = new RegExp(`(?<!\\p{L})(?:${[...grammar.articles].join("|")})(?:['’]|\\s)`, "iu").test(
    text,
  );
  const named = telling.some(
    ({ raw, start }) => start > 0 && text.slice(start, start + 1) !== raw.slice(0, 1),
  );
  return grammar.silent && telling.length === 1 && own.length === 1 && !article && !named && asks
    ? "of it"
    : null;
}

function contentOf(text: string, language: LanguageCode, analyse: Analyse): Word[] {
  const { asking } = grammarOf(language);
  return wordsIn(text, language, analyse).filter(({ raw, small }) => !small && !asking.has(raw));
}

/**
 * What of the question before gives way to the new one's words: for a number its numbers, else its last name or what
 * follows its last article ("what is the rent of the office?", "and of the warehouse?").
 */
function replacedBy(own: readonly Word[], all: readonly Word[], text: string, grammar: Grammar): Set<Word> {
  if (own.every(({ raw }) => /^\d/.test(raw))) return new Set(all.filter(({ raw }) => /^\d/.test(raw)));
  const isName = (word: Word): boolean =>
    grammar.code !== "de" &&
    !word.small &&
    word.start > 0 &&
    /\p{Lu}/u.test(text.charAt(word.start)) &&
    word !== all[0];
  const name = all.findLastIndex(isName);
  const article = all.findLastIndex(
    (word, i) => grammar.articles.has(word.raw) && all[i + 1]?.small === false,
  );
  if (name < 0 && article < 0) return new Set();
  if (article >= name) return new Set(all.slice(article + 1, article + 2));
  let from = name;
  while (from > 0 && isName(all[from - 1] as Word)) from -= 1;
  return new Set(all.slice(from, name + 1));
}

/** Names in what was quoted: "her" and "it" may be who or what the answer named. */
function namesIn(
  quotes: Turn["quotes"],
  language: LanguageCode,
  analyse: Analyse,
): { word: string; document: string }[] {
  if (language === "de") return [];
  return quotes
    .slice(0, 1)
    .flatMap(({ document, text }) =>
      wordsIn(text, language, analyse)
        .filter(
          ({ start, small }) => start > 0 && !small && /\p{Lu}\p{Ll}/u.test(text.slice(start, start + 2)),
        )
        .filter(({ start }) =>
          /(?:[^\s.!?:]|\p{Lu}\p{Ll}{0,3}\.)\s+$/u.test(text.slice(Math.max(0, start - 8), start)),
        )
        .map(({ start, end }) => ({ word: text.slice(start, end), document })),
    )
    .slice(0, MOST_NAMES);
}
