import type { Candidate } from "./candidates.ts";
import type { AnswerKind } from "./languages/grammar.ts";
import { grammarOf } from "./languages/language.ts";
import type { Asked, AskedWord } from "./question.ts";
import { matchOf, stemOf } from "./words.ts";

/** How well a candidate answers, and what of the question it says itself. */
export interface Scored extends Candidate {
  readonly score: number;
  readonly covers: ReadonlySet<AskedWord>;
  /** It holds the kind of thing that is asked for. */
  readonly inKind: boolean;
}

/** The least share of the question that a sentence and what stands around it must cover. */
const LEAST = 0.5;
/** The least share when the sentence also holds the kind of thing that is asked for. */
const LEAST_IN_KIND = 0.42;
/** What a word counts that comes from the conversation. */
const LENT = 0.6;
/** What a word counts that stands in the line or sentence before, in a heading or the document's name, elsewhere in the passage. */
const [IN_LEAD, IN_TITLE] = [0.85, 0.5];
const IN_PASSAGE = 0.2;
/** What a word counts that names the kind of thing asked for. */
const LIGHT = 0.3;

/** The candidates that say enough of what is asked, best first. */
export function scored(asked: Asked, candidates: readonly Candidate[], topScore: number): Scored[] {
  const weights = weightsOf(asked, candidates);
  return candidates
    .flatMap((candidate) => scoreOf(candidate, asked, weights, topScore) ?? [])
    .sort((a, b) => b.score - a.score || a.rank - b.rank || a.start - b.start);
}

/** A word that stands in few of the sentences says more; one that stands in none says most. */
function weightsOf({ words }: Asked, candidates: readonly Candidate[]): Map<AskedWord, number> {
  const total = candidates.length;
  return new Map(
    words.map((asked) => {
      const df = candidates.filter(
        (one) => matchOf(stemOf(asked.word, one.language), one.stems, one.language) > 0,
      ).length;
      const rarity = 1 + Math.log(1 + (total - df + 0.5) / (df + 0.5));
      return [asked, rarity * (asked.light ? LIGHT : 1) * (asked.context ? LENT : 1)];
    }),
  );
}

function scoreOf(
  candidate: Candidate,
  asked: Asked,
  weights: ReadonlyMap<AskedWord, number>,
  topScore: number,
): Scored | null {
  if (candidate.head || !bearsNumbers(candidate, asked)) return null;
  const { language, stems, leadStems, above, inPassage } = candidate;
  const covers = new Set<AskedWord>();
  let [covered, all, touches, says, goesOn] = [0, 0, false, false, false];
  for (const [word, weight] of weights) {
    const stem = stemOf(word.word, language);
    if (word.name && !inPassage.has(stem)) return null;
    const own = matchOf(stem, stems, language);
    const lead = matchOf(stem, leadStems, language);
    const title = matchOf(stem, above, language);
    if (own > 0) covers.add(word);
    if (own > 0 || lead > 0) touches = true;
    if (word.context && own + lead + title > 0) goesOn = true;
    if (!word.name && !word.light && own + lead + title > 0) says = true;
    all += weight;
    covered += weight * Math.max(own, lead * IN_LEAD, title * IN_TITLE, inPassage.has(stem) ? IN_PASSAGE : 0);
  }
  // What it names alone is not what is asked: "How tall is …" is not answered by whatever speaks of the house.
  const asksMore = asked.words.some(({ name, light }) => !name && !light);
  if (!touches || (asksMore && !says)) return null;
  if (!goesOn && asked.words.some(({ context }) => context)) return null;
  const kind = kindOf(asked);
  const inKind = kind !== null && grammarOf(language).shows[kind].test(withoutAsked(asked, candidate));
  const coverage = covered / all;
  if (coverage < (inKind ? LEAST_IN_KIND : LEAST)) return null;
  const strength = Math.max(0, candidate.passage.score) / topScore;
  const score =
    coverage *
    (kind === null ? 1 : inKind ? 1.35 : 0.8) *
    (0.8 + 0.2 * strength) *
    (1.03 - 0.03 * candidate.place) *
    closeness(candidate, asked, covers);
  return { ...candidate, score, covers, inKind };
}

/** More for a sentence that begins with what is asked for, says little else, or bears the number that is asked for. */
function closeness(
  { stems, text, language }: Candidate,
  asked: Asked,
  covers: ReadonlySet<AskedWord>,
): number {
  const own = [...stems];
  const first = own.findIndex((stem) =>
    [...covers].some(({ word }) => matchOf(stemOf(word, language), new Set([stem]), language) > 0),
  );
  const begins = first >= 0 && first <= 1 ? 1.06 : 1;
  const else_ = own.length - covers.size;
  // "What does 11.2 say": the sentence that bears the number, rather than one that refers to it.
  const bears = [...asked.numbers.keys()].some((number) => text.startsWith(number)) ? 1.25 : 1;
  return begins * bears * (1.1 - (0.1 * else_) / (else_ + 6));
}

/** Whether every number of the question stands in what is quoted or named above it, with what it is the number of. */
function bearsNumbers(
  { numbersAround, stems, leadStems, above, language }: Candidate,
  asked: Asked,
): boolean {
  return [...asked.numbers].every(
    ([number, of]) =>
      numbersAround.has(number) &&
      (of === null ||
        [stems, leadStems, above].some((among) => matchOf(stemOf(of, language), among, language) > 0)),
  );
}

/** "Who is the caretaker" is not answered by the word itself. */
function withoutAsked(asked: Asked, { text, language }: Candidate): string {
  const stems = asked.words.map(({ word }) => stemOf(word, language)).filter((stem) => stem.length > 3);
  return text.replace(/\p{L}+/gu, (word) =>
    stems.some((stem) => word.toLowerCase().startsWith(stem)) ? "_" : word,
  );
}

function kindOf({ language, text, before }: Asked): AnswerKind | null {
  const { asks } = grammarOf(language);
  const of = (question: string) => asks.find(([, pattern]) => pattern.test(question))?.[0];
  return of(text) ?? of(before) ?? null;
}

/** From the best down, what is nearly as good and says something else. */
export function choose(candidates: readonly Scored[], most: number): Scored[] {
  const chosen: Scored[] = [];
  const best = candidates[0]?.score ?? 0;
  const covered = new Set<AskedWord>();
  for (const candidate of candidates) {
    if (chosen.length >= most || candidate.score < best * 0.7) break;
    // "It includes …" comes with the sentence before, which then need not stand there twice.
    const led = chosen.findIndex((other) => leads(other, candidate));
    if (led >= 0) chosen.splice(led, 1, candidate);
    if (led >= 0 || chosen.some((other) => repeats(candidate, other))) continue;
    const adds = [...candidate.covers].some((word) => !covered.has(word));
    if (candidate.score < best * 0.9 && !adds && !chosen.some((other) => contradicts(candidate, other)))
      continue;
    chosen.push(candidate);
    for (const word of candidate.covers) covered.add(word);
  }
  return chosen;
}

/** Whether one is quoted with the other anyway. */
const leads = (a: Candidate, b: Candidate): boolean =>
  a.passage.id === b.passage.id && a.start === b.lead?.start && a.end === b.lead.end;

/** Nearly the same words, and no number apart: rows of a price list differ in nothing else. */
export function repeats(a: Candidate, b: Candidate): boolean {
  if (leads(a, b) || leads(b, a)) return true;
  if (a.passage.id === b.passage.id && a.start < b.end && b.start < a.end) return true;
  const shared = [...a.stems].filter((stem) => b.stems.has(stem)).length;
  if (shared / Math.min(a.stems.size, b.stems.size) < 0.75) return false;
  return a.numbers.isSubsetOf(b.numbers) || b.numbers.isSubsetOf(a.numbers);
}

/**
 * Whether two documents say the same of different values: the same words around other numbers or other names. That
 * they do is shown; which of them holds, the reader knows.
 */
export function contradicts(a: Candidate, b: Candidate): boolean {
  if (a.passage.document.id === b.passage.document.id || repeats(a, b)) return false;
  const [ofA, ofB] = [frameOf(a), frameOf(b)];
  const shared = [...ofA].filter((stem) => ofB.has(stem)).length;
  return shared > 0 && shared / Math.max(ofA.size, ofB.size) >= 0.75;
}

/** What a sentence says without its numbers and names. */
function frameOf({ stems, text, language }: Candidate): Set<string> {
  const named = new Set(
    [...text.matchAll(/(?<=[\p{L}\d.,;)]\s+)\p{Lu}[\p{L}-]*/gu)].map(([word]) =>
      word
        .toLowerCase()
        .normalize("NFD")
        .replace(/\p{M}+/gu, ""),
    ),
  );
  const names = language === "de" ? new Set<string>() : named;
  const { numbers } = grammarOf(language);
  return new Set(
    [...stems].filter(
      (stem) =>
        !/\d/.test(stem) &&
        !numbers.has(stem) &&
        ![...names].some((name) => name.startsWith(stem) || stem.startsWith(name)),
    ),
  );
}
