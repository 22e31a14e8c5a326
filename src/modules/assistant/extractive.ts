import { asksFor, type Wanted } from "./question-kinds.ts";
import { splitSentences } from "./sentences.ts";

/** A passage that search found, best first. `score` is the search's own; only its size beside the others counts. */
export type AnswerPassage = {
  id: string;
  document: { id: string; name: string };
  page: number | null;
  heading: string | null;
  text: string;
  score: number;
};

/** `text` is the quoted sentence: exactly `passage.text.slice(start, end)` of its citation, in UTF-16 code units. */
export type AnswerPart = {
  text: string;
  citations: Array<{ passageId: string; start: number; end: number }>;
};

export type ExtractiveOptions = {
  /** The knowledge module's `analyse`: words are compared as search compares them. */
  analyse: (text: string) => ReadonlyArray<{ term: string; position: number; stop: boolean }>;
  /** At most this many sentences; 4 by default. */
  sentences?: number;
};

/**
 * Answers from the passages' own sentences: those that cover the question's words best (a rarer word counts
 * more), hold the kind of thing it asks for, and do not repeat each other. `nothingFound` with no parts when no
 * sentence covers enough of the question: an unrelated quotation is worse than none. Never throws.
 */
export function answerExtractively(
  question: string,
  passages: readonly AnswerPassage[],
  options: ExtractiveOptions,
): { parts: AnswerPart[]; nothingFound: boolean } {
  const candidates = passages
    .slice(0, mostPassages)
    .flatMap((passage, rank) => candidatesOf(passage, rank, options));
  const topScore = Math.max(...passages.map((passage) => passage.score), Number.MIN_VALUE);
  const asked = partsOfQuestion(question.slice(0, longestQuestion));
  const most = Math.ceil((options.sentences ?? 4) / asked.length);
  const chosen: Scored[] = [];
  for (const part of asked) {
    const best = choose(scoredFor(readQuestion(part, options.analyse), candidates, topScore), most);
    chosen.push(...best.filter((one) => !chosen.some((other) => repeats(one, other))));
  }
  return { parts: inOrder(chosen).map(partOf), nothingFound: chosen.length === 0 };
}

/**
 * "How much is the fee, and what reduces it?" asks two things. Each is answered for itself; a part that says "it"
 * or "they" speaks of what the part before it named.
 */
function partsOfQuestion(question: string): string[] {
  const parts = question.split(
    /[,;?]?\s+and\s+(?=(?:what|how|when|who|whom|whose|where|why|which)\b)|\?\s+/i,
  );
  const whole = parts.map((part) => part.trim()).filter(Boolean);
  if (whole.length < 2 || whole.length > 3) return [question];
  return whole.map((part, i) =>
    i > 0 && /\b(?:it|its|they|them|their|this|that|these|those)\b/i.test(part)
      ? `${part} ${whole[i - 1]}`
      : part,
  );
}

/** The sentences that say enough of what is asked, best first. */
function scoredFor(asked: Asked, candidates: readonly Candidate[], topScore: number): Scored[] {
  if (asked.terms.size === 0) return [];
  const rarity = rarityOf(asked.terms, candidates);
  return candidates
    .map((candidate) => ({ ...candidate, ...scoreOf(candidate, asked, rarity, topScore) }))
    .filter((candidate) => candidate.enough)
    .sort((a, b) => b.score - a.score || a.rank - b.rank || a.start - b.start);
}

const longestQuestion = 2_000;
const mostPassages = 50;
const longestSentence = 1_200;

/** The least share of the question that a sentence and what stands around it must cover. */
const leastCoverage = 0.5;
/** The least share when the sentence also holds the kind of thing that is asked for. */
const leastCoverageInKind = 0.4;

type Asked = { terms: Set<string>; specific: Set<string>; wanted: Wanted };

/** Words of asking, which an answer does not repeat. */
const askingWords = new Set(
  `tell me please know want need find show give list explain describe mean say says said state stated according
   much many long often far old big soon document documents file files anything something anyone someone
   question answer information detail details get got happen happens
   clause section article paragraph chapter page`.split(/\s+/),
);

function readQuestion(question: string, analyse: ExtractiveOptions["analyse"]): Asked {
  const asking = new Set([...askingWords].flatMap((word) => analyse(word).map(({ term }) => term)));
  const content = analyse(question).filter(({ stop }) => !stop);
  const telling = content.filter(({ term }) => !asking.has(term));
  const terms = new Set((telling.length > 0 ? telling : content).map(({ term }) => term));
  return { terms, specific: specificOf(question, analyse, terms), wanted: asksFor(question) };
}

/** Numbers and names in the question: what does not speak of them does not answer it. */
function specificOf(
  question: string,
  analyse: ExtractiveOptions["analyse"],
  terms: Set<string>,
): Set<string> {
  const words = question.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const capitals = words.filter((word) => /^["'“‘(]*\p{Lu}/u.test(word));
  const named =
    capitals.length <= words.length / 2 ? words.slice(1).filter((word) => capitals.includes(word)) : [];
  const numbers = words.filter((word) => /\p{N}/u.test(word));
  return new Set(
    [...named, ...numbers].flatMap((word) => {
      // Of "11.2" the whole, not its prefix: the last term at a position is the longest.
      const tokens = analyse(word).filter((token, i, all) => all[i + 1]?.position !== token.position);
      return tokens.filter(({ stop, term }) => !stop && terms.has(term)).map(({ term }) => term);
    }),
  );
}

type Candidate = {
  passage: AnswerPassage;
  rank: number;
  start: number;
  end: number;
  text: string;
  heading: boolean;
  /** Place in the passage, 0 first to 1 last. */
  place: number;
  terms: Set<string>;
  /** Words of the line it belongs to and of the heading above: half of it. Of the document's name: too. */
  around: Set<string>;
  /** Words of the whole passage and all around it. */
  passageTerms: Set<string>;
};

function candidatesOf(passage: AnswerPassage, rank: number, { analyse }: ExtractiveOptions): Candidate[] {
  const termsOf = (text: string): Set<string> =>
    new Set(analyse(text).flatMap(({ term, stop }) => (stop ? [] : [term])));
  const { text } = passage;
  const sentences = splitSentences(text);
  const above = termsOf(`${passage.heading ?? ""} . ${passage.document.name}`);
  const passageTerms = union(termsOf(text), above);
  let heading = new Set<string>();
  return sentences.flatMap(({ start, end, kind, intro }, i): Candidate[] => {
    const own = termsOf(text.slice(start, end));
    const around = union(above, heading, intro ? termsOf(text.slice(intro.start, intro.end)) : new Set());
    if (kind === "heading") heading = own;
    if (end - start > longestSentence || own.size === 0) return [];
    const place = sentences.length > 1 ? i / (sentences.length - 1) : 0;
    const quote = text.slice(start, end);
    const isHead = kind === "heading" || /[:：]$/.test(quote);
    return [
      { passage, rank, start, end, text: quote, heading: isHead, place, terms: own, around, passageTerms },
    ];
  });
}

/** A word that stands in few of the sentences says more; one that stands in none says most. */
function rarityOf(terms: ReadonlySet<string>, candidates: readonly Candidate[]): Map<string, number> {
  const total = candidates.length;
  return new Map(
    [...terms].map((term) => {
      const df = candidates.filter((candidate) => candidate.terms.has(term)).length;
      return [term, 1 + Math.log(1 + (total - df + 0.5) / (df + 0.5))];
    }),
  );
}

function scoreOf(
  candidate: Candidate,
  asked: Asked,
  rarity: ReadonlyMap<string, number>,
  topScore: number,
): { score: number; enough: boolean; covers: string[] } {
  let covered = 0;
  let all = 0;
  const covers: string[] = [];
  for (const [term, weight] of rarity) {
    all += weight;
    if (candidate.terms.has(term)) {
      covered += weight;
      covers.push(term);
    } else if (candidate.around.has(term)) covered += weight / 2;
  }
  const coverage = covered / all;
  const inKind = asked.wanted?.test(candidate.text);
  const specific = [...asked.specific].every((term) => candidate.passageTerms.has(term));
  const least = inKind ? leastCoverageInKind : leastCoverage;
  // "What does 11.2 say": the sentence that bears the number, rather than one that refers to it.
  const bears = [...asked.specific].some((term) => /\d/.test(term) && candidate.text.startsWith(term));
  const strength = Math.max(0, candidate.passage.score) / topScore;
  const score =
    coverage *
    (bears ? 1.25 : 1) *
    (inKind ? 1.35 : asked.wanted === null ? 1 : 0.85) *
    (0.8 + 0.2 * strength) *
    (1.03 - 0.03 * candidate.place);
  return { score, covers, enough: !candidate.heading && specific && covers.length > 0 && coverage >= least };
}

type Scored = Candidate & ReturnType<typeof scoreOf>;

/** From the best down, what is nearly as good and says something else. */
function choose(scored: readonly Scored[], most: number): Scored[] {
  const chosen: Scored[] = [];
  const best = scored[0]?.score ?? 0;
  for (const candidate of scored) {
    if (chosen.length >= most || candidate.score < best * 0.7) break;
    if (chosen.every((other) => !repeats(candidate, other))) chosen.push(candidate);
  }
  return chosen;
}

/** Nearly the same words, and no number apart: rows of a price list differ in nothing else. */
function repeats(a: Candidate, b: Candidate): boolean {
  const shared = [...a.terms].filter((term) => b.terms.has(term)).length;
  if (shared / Math.min(a.terms.size, b.terms.size) < 0.75) return false;
  const numbersOf = ({ terms }: Candidate): Set<string> =>
    new Set([...terms].filter((term) => isNumber.test(term)));
  const [ofA, ofB] = [numbersOf(a), numbersOf(b)];
  return ofA.isSubsetOf(ofB) || ofB.isSubsetOf(ofA);
}

/** Digits, or a number's word as the stemmer leaves it. */
const isNumber =
  /\d|^(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelv|fifteen|twenti|thirti|forti|fifti|sixti|nineti|hundr(?:ed)?|thousand)$/;

/** The document of the best sentence first, and inside a document as its sentences follow each other. */
function inOrder(chosen: readonly Scored[]): Scored[] {
  const documents = [...new Set(chosen.map(({ passage }) => passage.document.id))];
  return [...chosen].sort(
    (a, b) =>
      documents.indexOf(a.passage.document.id) - documents.indexOf(b.passage.document.id) ||
      (a.passage.page ?? 0) - (b.passage.page ?? 0) ||
      a.rank - b.rank ||
      a.start - b.start,
  );
}

const partOf = ({ passage, start, end, text }: Scored): AnswerPart => ({
  text,
  citations: [{ passageId: passage.id, start, end }],
});

const union = (...sets: ReadonlySet<string>[]): Set<string> => new Set(sets.flatMap((set) => [...set]));
