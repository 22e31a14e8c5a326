import { english } from "./english.ts";
import { french } from "./french.ts";
import { german } from "./german.ts";
import type { Grammar, LanguageCode } from "./grammar.ts";
import { italian } from "./italian.ts";
import { spanish } from "./spanish.ts";

const grammars: Readonly<Record<LanguageCode, Grammar>> = {
  en: english,
  de: german,
  fr: french,
  es: spanish,
  it: italian,
};

export const grammarOf = (code: LanguageCode): Grammar => grammars[code];

/** Of a text this much is looked at. */
const LOOKED_AT = 2_000;

/** The language whose small words a text has most of; `otherwise` when it has none. */
export function languageOf(text: string, otherwise: LanguageCode): LanguageCode {
  const words = text
    .slice(0, LOOKED_AT)
    .toLowerCase()
    .match(/[\p{L}\p{M}]+/gu);
  let best: { code: LanguageCode; count: number } = { code: otherwise, count: 0 };
  for (const code of [otherwise, ...(Object.keys(grammars) as LanguageCode[])]) {
    const { small, asking } = grammars[code];
    // What only asks tells a question's language as well as its small words do.
    const count = (words ?? []).filter((word) => small.has(word) || asking.has(word)).length;
    if (count > best.count) best = { code, count };
  }
  return best.code;
}
