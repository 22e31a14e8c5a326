import type { AnswerPassage } from "./extractive.ts";
import type { LanguageCode } from "./languages/grammar.ts";
import { grammarOf, languageOf } from "./languages/language.ts";
import { type Sentence, splitSentences } from "./sentences.ts";
import { type Analyse, numbersIn, stemsOf } from "./words.ts";

/** Something of a passage that can be quoted, with what is compared of it. */
export interface Candidate {
  readonly passage: AnswerPassage;
  readonly language: LanguageCode;
  /** The passage's place among those that search found. */
  readonly rank: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly kind: Sentence["kind"] | "list";
  /** What it makes no sense without, to be quoted with it: the head of its table, the line above its list, the sentence before. */
  readonly lead: { readonly start: number; readonly end: number } | null;
  /** It announces what follows, and says nothing by itself. */
  readonly head: boolean;
  /** Place in the passage, 0 first to 1 last. */
  readonly place: number;
  readonly stems: ReadonlySet<string>;
  readonly leadStems: ReadonlySet<string>;
  /** Of the headings above and the document's name. */
  readonly above: ReadonlySet<string>;
  /** Of the whole passage and all above it. */
  readonly inPassage: ReadonlySet<string>;
  readonly numbers: ReadonlySet<string>;
  /** Its own, and those of all that leads to it. */
  readonly numbersAround: ReadonlySet<string>;
}

const LONGEST = 1_200;
const MOST_ITEMS = 12;

/** Everything of a passage that can be quoted: sentences, items and rows, and lists as a whole. */
export function candidatesOf(passage: AnswerPassage, rank: number, analyse: Analyse): Candidate[] {
  const { text } = passage;
  const language = languageOf(text, languageOf(`${passage.heading ?? ""} ${passage.document.name}`, "en"));
  const grammar = grammarOf(language);
  const sentences = splitSentences(text, grammar);
  const title = `${passage.heading ?? ""} . ${passage.document.name}`;
  const above = stemsOf(title, language, analyse);
  const inPassage = union(stemsOf(text, language, analyse), above);
  const titleNumbers = numbersIn(title, language);
  const found: Candidate[] = [];
  let heading: { stems: ReadonlySet<string>; numbers: ReadonlySet<string> } = {
    stems: new Set(),
    numbers: new Set(),
  };
  for (const [i, sentence] of sentences.entries()) {
    const { start, end, kind } = sentence;
    const quote = text.slice(start, end);
    const stems = stemsOf(quote, language, analyse);
    const numbers = numbersIn(quote, language);
    if (kind === "heading") heading = { stems, numbers };
    const last = lastItem(sentences, i, text);
    const lead = leadOf(sentence, sentences[i - 1], text, grammar.subject);
    const leadText = lead ? text.slice(lead.start, lead.end) : "";
    const common = {
      passage,
      language,
      rank,
      start,
      place: sentences.length > 1 ? i / (sentences.length - 1) : 0,
      above: union(above, heading.stems),
      inPassage,
    };
    const around = union(numbers, numbersIn(leadText, language), titleNumbers, heading.numbers);
    if (stems.size === 0 || end - start > LONGEST) continue;
    found.push({
      ...common,
      end,
      text: quote,
      kind,
      lead,
      head: kind === "heading" || /[:：]$/.test(quote) || isTableHead(sentence, sentences[i + 1], quote),
      stems,
      leadStems: stemsOf(leadText, language, analyse),
      numbers,
      numbersAround: around,
    });
    if (last && last.end - start <= LONGEST) {
      const items = text.slice(end, last.end);
      found.push({
        ...common,
        end: last.end,
        text: text.slice(start, last.end),
        kind: "list",
        lead: null,
        head: false,
        stems,
        leadStems: new Set(),
        // Whoever asks for one item is answered with that one: what all of them say counts less here.
        above: union(common.above, stemsOf(items, language, analyse)),
        numbers: union(numbers, numbersIn(items, language)),
        numbersAround: union(around, numbersIn(items, language)),
      });
    }
  }
  return found;
}

/** The last item of the list that a line announces. */
function lastItem(sentences: readonly Sentence[], at: number, text: string): Sentence | null {
  const line = sentences[at];
  if (!line || line.kind === "row" || !/[:：]$/.test(text.slice(line.start, line.end))) return null;
  let last: Sentence | null = null;
  for (const item of sentences.slice(at + 1, at + 1 + 2 * MOST_ITEMS)) {
    if (item.kind !== "item" || item.intro?.start !== line.start) break;
    last = item;
  }
  return last;
}

/** A row whose cells name themselves needs no head, and is none. */
const namesItself = (row: string): boolean => (row.match(/(?:^|\|)\s*[^|:]+:\s/g) ?? []).length >= 2;

const isTableHead = (sentence: Sentence, next: Sentence | undefined, quote: string): boolean =>
  sentence.kind === "row" &&
  next?.kind === "row" &&
  next.intro?.start === sentence.start &&
  !namesItself(quote);

function leadOf(
  sentence: Sentence,
  before: Sentence | undefined,
  text: string,
  subject: RegExp,
): Candidate["lead"] {
  const quote = text.slice(sentence.start, sentence.end);
  if (sentence.intro) {
    const intro = text.slice(sentence.intro.start, sentence.intro.end);
    return sentence.kind === "row" && namesItself(intro) ? null : sentence.intro;
  }
  // "It includes …": the sentence before says what.
  if (sentence.kind !== "prose" || before?.kind !== "prose" || !subject.test(quote)) return null;
  if (/\n\s*\n/.test(text.slice(before.end, sentence.start))) return null;
  return { start: before.start, end: before.end };
}

const union = <T>(...sets: ReadonlySet<T>[]): Set<T> => new Set(sets.flatMap((set) => [...set]));
