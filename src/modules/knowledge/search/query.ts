import { analyseQuery } from "./analysis.ts";
import { type IndexKeys, positionsHash } from "./keys.ts";

/** A parsed query. `ranked` are distinct words with how often they were asked for; every phrase must be present. */
export type Query = {
  ranked: Array<{ term: string; weight: number }>;
  phrases: Array<Array<{ term: string; offset: number }>>;
};

/** What is looked at: more of a query says nothing more, and costs rows. */
const limits = { characters: 8_192, terms: 64, phraseWords: 12 };

/**
 * Reads a query: words, and phrases in quotation marks. Stop words are ranked only when there is nothing else;
 * a quotation mark without its partner counts as none. Never throws.
 */
export function parseQuery(text: string): Query {
  const pieces = text.slice(0, limits.characters).split(/["“”„«»]/);
  const lastIsOpen = pieces.length % 2 === 0;
  const weights = new Map<string, { weight: number; stop: boolean }>();
  const phrases: Query["phrases"] = [];
  let left = limits.terms;
  pieces.forEach((piece, i) => {
    const tokens = analyseQuery(piece).slice(0, left);
    left -= tokens.length;
    for (const token of tokens) {
      const known = weights.get(token.term);
      if (known) known.weight += 1;
      else weights.set(token.term, { weight: 1, stop: token.stop });
    }
    const quoted = i % 2 === 1 && !(lastIsOpen && i === pieces.length - 1);
    const words = tokens.filter((token) => !token.joined).slice(0, limits.phraseWords);
    if (quoted && words.length > 0) {
      const first = words[0]?.position ?? 0;
      phrases.push(words.map((token) => ({ term: token.term, offset: token.position - first })));
    }
  });
  const all = [...weights].map(([term, { weight, stop }]) => ({ term, weight, stop }));
  const content = all.filter((term) => !term.stop);
  const ranked = (content.length > 0 ? content : all).map(({ term, weight }) => ({ term, weight }));
  return { ranked, phrases };
}

/** The keys of the rows that `search` needs, of every segment; each 12 bytes, at most 128, in no telling order. */
export function queryTermHashes(query: Query, keys: IndexKeys): Buffer[] {
  const inPhrases = new Set(query.phrases.flat().map(({ term }) => term));
  const terms = new Set([...query.ranked.map(({ term }) => term), ...inPhrases]);
  const hashes = [...terms].flatMap((term) => {
    const hash = keys.hash(term);
    return inPhrases.has(term) ? [hash, positionsHash(keys, hash)] : [hash];
  });
  return hashes.sort(Buffer.compare);
}
