export type LanguageCode = "en" | "de" | "fr" | "es" | "it";

/** The kinds of thing that a question can ask for. */
export type AnswerKind = "length" | "contact" | "money" | "count" | "date" | "person" | "place" | "reason";

/** What the answerer knows of a language. Words are in lower case, with their accents. */
export interface Grammar {
  readonly code: LanguageCode;
  /** Words that say nothing by themselves. */
  readonly small: ReadonlySet<string>;
  /** Words of asking, which an answer does not repeat. */
  readonly asking: ReadonlySet<string>;
  /** Words that name the kind of thing asked for ("cost", "phone"): an answer shows it rather than says so. */
  readonly light: ReadonlySet<string>;
  /** A sentence or a question that begins with one, or has one, speaks of what was named before. */
  readonly pronouns: RegExp;
  /** What a question has that leans on what was said before. */
  readonly leans: RegExp;
  /** Where such a word stands for nothing ("is it allowed", "gibt es"). */
  readonly idle: RegExp;
  /** Articles: what follows one is what a question is about. */
  readonly articles: ReadonlySet<string>;
  /** Whether a subject need not be said, so that a question of a verb alone leans on the one before. */
  readonly silent: boolean;
  /** How a sentence begins that makes no sense without the one before. */
  readonly subject: RegExp;
  /** Between two questions in one. */
  readonly and: RegExp;
  /** How a question begins that goes on with the one before ("and", "what about"). */
  readonly opener: RegExp;
  /** Abbreviations that end with a full stop inside of a sentence. */
  readonly abbreviations: ReadonlySet<string>;
  /** Those of them that are words of their own, unless a number follows. */
  readonly beforeNumber: ReadonlySet<string>;
  /** Whether "3." is the third, as in "am 3. März". */
  readonly ordinals: boolean;
  /** In order: the first that a question matches is what it asks for. */
  readonly asks: readonly (readonly [AnswerKind, RegExp])[];
  /** How a sentence looks that holds a thing of the kind. */
  readonly shows: Readonly<Record<AnswerKind, RegExp>>;
  /** Words for numbers, so that "two" and "2" are one. */
  readonly numbers: ReadonlyMap<string, number>;
}

export const wordSet = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Whole words, whatever letters they are of: `\b` knows only those of English. */
export const words = (alternatives: string, flags = "iu"): RegExp => new RegExp(whole(alternatives), flags);
const whole = (alternatives: string): string => `(?<![\\p{L}\\p{N}])(?:${alternatives})(?![\\p{L}\\p{N}])`;

export const numberMap = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text
      .trim()
      .split(/\s+/)
      .map((pair) => {
        const [word = "", value] = pair.split("=");
        return [word, Number(value)];
      }),
  );

interface Vocabulary {
  readonly numbers: ReadonlyMap<string, number>;
  readonly months: string;
  readonly days: string;
  /** Units of time. */
  readonly units: string;
  /** How often, and when without a date: "monthly", "noon". */
  readonly times: string;
  /** What makes a time of a length: "two hours before". */
  readonly before: string;
  readonly currencies: string;
  /** Sums without a currency: "three months' rent". */
  readonly sums: string;
  readonly titles: string;
  /** Offices and parts that people have: "manager", "tenant". */
  readonly offices: string;
  readonly places: string;
  readonly inPlaces: string;
  readonly reasons: string;
}

/** The patterns of `shows` from a language's own words. */
export function showsOf(v: Vocabulary): Grammar["shows"] {
  const amount = `(?:\\d[\\d.,]*|${[...v.numbers.keys()].join("|")})`;
  return {
    length: words(
      `${amount}(?:[’']s?)?[\\s-]+(?:\\(\\d+\\)\\s+)?(?:\\p{L}+\\s+)?(?:${v.units})|(?:${v.times})`,
    ),
    contact: /\d(?:[\s/-]?\d){6,}|\S@\S/u,
    money: new RegExp(
      `[£$€¥₹]\\s?\\d|\\d\\s?[%€£$]|\\d\\s?(?:${v.currencies})(?![\\p{L}\\p{N}])|${whole(v.sums)}`,
      "iu",
    ),
    count: words(amount),
    date: new RegExp(
      [
        whole(`\\d{1,2}(?:st|nd|rd|th|er|º|°|\\.)?(?:\\s+(?:of|de|di))?\\s+(?:${v.months})`),
        whole(`(?:${v.months})\\.?\\s+\\d+`),
        whole("(?:19|20)\\d\\d"),
        whole("\\d{1,2}[/.]\\d{1,2}[/.]\\d{2,4}"),
        whole("\\d{1,2}(?:[:.]\\d\\d|\\s?[ap]\\.?m)"),
        whole(v.days),
        whole(v.times),
        whole(`(?:${v.months})`),
        whole(`(?:${v.units})\\s+(?:${v.before})`),
      ].join("|"),
      "iu",
    ),
    person: new RegExp(
      `${whole(`${v.titles}`)}\\s+\\p{Lu}|\\p{Lu}\\p{Ll}+\\s+(?:\\p{Lu}\\.?\\s+)?\\p{Lu}\\p{Ll}+|${whole(v.offices)}`,
      "u",
    ),
    place: new RegExp(
      `${whole(`(?:${v.inPlaces})`)}\\s+(?:\\p{Ll}{1,3}['’]?\\s*)?\\p{Lu}|${whole(`(?:${v.places})`)}|\\d+,?\\s+\\p{Lu}`,
      "u",
    ),
    reason: words(v.reasons),
  };
}
