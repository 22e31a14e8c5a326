import { candidatesOf } from "./candidates.ts";
import { choose, contradicts, repeats, type Scored, scored } from "./choosing.ts";
import { type Context, readQuestion } from "./question.ts";
import type { Analyse } from "./words.ts";

/** A passage that search found, best first. `score` is the search's own; only its size beside the others counts. */
export type AnswerPassage = {
  id: string;
  /** `at`: when its text last changed, where that is known. */
  document: { id: string; name: string; at?: Date };
  page: number | null;
  heading: string | null;
  text: string;
  score: number;
};

/**
 * What is quoted: the citations' own texts (`passage.text.slice(start, end)`, in UTF-16 code units), a line each. A row
 * of a table and an item of a list come after the line that they belong to, each with its citation where other lines
 * stand between the two.
 */
export type AnswerPart = {
  text: string;
  citations: Array<{ passageId: string; start: number; end: number }>;
};

export type ExtractiveOptions = {
  /** The knowledge module's `analyse`: words are compared as search compares them. */
  analyse: Analyse;
  /** At most this many quotations; 4 by default. */
  sentences?: number;
  /** What the conversation adds, where the question leans on it. */
  context?: Context | undefined;
};

export interface ExtractiveAnswer {
  readonly parts: AnswerPart[];
  readonly nothingFound: boolean;
  /** Of the parts, the places of those with which documents contradict each other: they come first, the newest before. */
  readonly differing: number[];
}

/**
 * Answers from the passages' own sentences: those that cover the question's words best (a rarer word counts
 * more), hold the kind of thing it asks for, and do not repeat each other. `nothingFound` with no parts when no
 * sentence covers enough of the question: an unrelated quotation is worse than none. Never throws.
 */
export function answerExtractively(
  question: string,
  passages: readonly AnswerPassage[],
  options: ExtractiveOptions,
): ExtractiveAnswer {
  const candidates = passages
    .slice(0, MOST_PASSAGES)
    .flatMap((passage, rank) => candidatesOf(passage, rank, options.analyse));
  const topScore = Math.max(...passages.map((passage) => passage.score), Number.MIN_VALUE);
  const asked = readQuestion(question, options.analyse, options.context);
  const most = Math.ceil((options.sentences ?? 4) / asked.length);
  const chosen: Scored[] = [];
  for (const part of asked) {
    const best = choose(scored(part, candidates, topScore), most);
    chosen.push(...best.filter((one) => !chosen.some((other) => repeats(one, other))));
  }
  const differing = differingOf(chosen);
  const ordered = inOrder(chosen, differing);
  return {
    parts: ordered.map(partOf),
    nothingFound: chosen.length === 0,
    differing: ordered.flatMap((one, i) => (differing.has(one) ? [i] : [])),
  };
}

const MOST_PASSAGES = 50;

/** Those that say something else than the best one, and it with them. */
function differingOf(chosen: readonly Scored[]): Set<Scored> {
  const [best] = chosen;
  const others = best ? chosen.filter((one) => contradicts(one, best)) : [];
  return new Set(best && others.length > 0 ? [best, ...others] : []);
}

/**
 * What differs first, the newest before; then the document of the best sentence, and inside a document its sentences
 * as they follow each other.
 */
function inOrder(chosen: readonly Scored[], differing: ReadonlySet<Scored>): Scored[] {
  const documents = [...new Set(chosen.map(({ passage }) => passage.document.id))];
  const at = ({ passage }: Scored): number => passage.document.at?.getTime() ?? 0;
  return [...chosen].sort((a, b) => {
    if (differing.has(a) !== differing.has(b)) return differing.has(a) ? -1 : 1;
    if (differing.has(a) && at(a) !== at(b)) return at(b) - at(a);
    return (
      documents.indexOf(a.passage.document.id) - documents.indexOf(b.passage.document.id) ||
      (a.passage.page ?? 0) - (b.passage.page ?? 0) ||
      (a.passage.id === b.passage.id ? a.start - b.start : a.rank - b.rank)
    );
  });
}

function partOf({ passage, start, end, lead }: Scored): AnswerPart {
  const cite = (from: number, to: number) => ({ passageId: passage.id, start: from, end: to });
  const adjoins = lead !== null && passage.text.slice(lead.end, start).trim() === "";
  const citations =
    lead === null
      ? [cite(start, end)]
      : adjoins
        ? [cite(lead.start, end)]
        : [cite(lead.start, lead.end), cite(start, end)];
  return { text: citations.map((one) => passage.text.slice(one.start, one.end)).join("\n"), citations };
}
