// Small words that every text is full of, and that neighbouring languages do not share.
const words: Readonly<Record<string, string>> = {
  en: "the and of to that was for with this which are be have from they were not you his her but been their has would there will shall",
  de: "der die das und den von zu mit sich des auf für ist im dem nicht ein eine als auch an werden aus er hat dass sie nach wird bei einer um am sind wie einem über einen so zum war haben nur oder aber vor zur bis durch",
  fr: "le les et des est du une dans qui pour pas au sur par plus avec ce sont aux cette nous vous ou mais leur ses être été ont elle après sans",
  es: "el los las y del en una con por es su lo al más pero sus fue son este esta cuando muy sin también hay donde desde todo nos durante hasta",
  it: "il di che è e un della per non sono gli dei con del nel alla delle più da anche si ha degli dal come questo dalla nella essere ai sul loro ma stato",
};
const languagesOf = new Map<string, string[]>();
for (const [language, list] of Object.entries(words))
  for (const word of list.split(" ")) languagesOf.set(word, [...(languagesOf.get(word) ?? []), language]);

const FEWEST = 30;
const ENOUGH = 0.15;
const CLEARLY = 3;

/**
 * The language of a text that is clearly one of five by its small words alone; null for all others, and for mixtures.
 * Costs a hundredth of asking a detector, whose tables alone take 90 MB and a tenth of a second.
 */
export function languageByWords(pieces: readonly string[]): string | null {
  const counts = new Map<string, number>();
  let all = 0;
  for (const piece of pieces)
    for (const [word] of piece.toLowerCase().matchAll(/[\p{L}\p{M}]+/gu)) {
      all++;
      for (const language of languagesOf.get(word) ?? [])
        counts.set(language, (counts.get(language) ?? 0) + 1);
    }
  const [best, second] = [...counts].sort(([, a], [, b]) => b - a);
  if (best === undefined || all < FEWEST) return null;
  return best[1] >= ENOUGH * all && best[1] >= CLEARLY * (second?.[1] ?? 0) ? best[0] : null;
}
