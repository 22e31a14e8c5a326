import type { Hit } from "./rank.ts";

export type DocumentHit = { document: number; score: number; best: Hit };

/** The documents of hits, in the order of their best passages: what stands around these is in their scores already. */
export function documentsOf(hits: readonly Hit[]): DocumentHit[] {
  const documents = new Map<number, DocumentHit>();
  for (const hit of hits) {
    const { document, score } = hit;
    if (!documents.has(document)) documents.set(document, { document, score, best: hit });
  }
  return [...documents.values()];
}
