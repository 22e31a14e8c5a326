import { languageByWords } from "./language-words.ts";

const FEWEST_LETTERS = 20;

/**
 * The language (ISO 639-1) of most of a text of which `pieces` are samples: the detector looks at 1,000 characters at
 * once, so each piece votes with its letters. Null when there is too little, or none that more than half of it is in.
 */
export async function languageOf(pieces: readonly string[]): Promise<string | null> {
  const plain = languageByWords(pieces);
  if (plain !== null) return plain;
  const { eld } = await import("eld/extrasmall");
  const votes = new Map<string, number>();
  let all = 0;
  for (const piece of pieces) {
    const weight = lettersIn(piece);
    if (weight < FEWEST_LETTERS) continue;
    all += weight;
    const found = eld.detect(piece);
    // Letters alone tell some languages: the detector knows words, and a list of names has none.
    if (found.isReliable() || weight > 200)
      votes.set(found.language, (votes.get(found.language) ?? 0) + weight);
  }
  const [best] = [...votes].sort(([, a], [, b]) => b - a);
  if (best === undefined || best[1] * 2 <= all) return null;
  return /^[a-z]{2}$/.test(best[0]) ? best[0] : null;
}

// Chinese, Japanese and Korean say in one character what takes others three.
function lettersIn(text: string): number {
  let count = 0;
  for (const run of text.match(/[\p{L}\p{M}]+/gu) ?? [])
    count += /[\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF]/.test(run) ? run.length * 3 : run.length;
  return count;
}
