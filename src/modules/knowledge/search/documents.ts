import type { Hit } from "./rank.ts";

export type DocumentHit = { document: number; score: number; best: Hit };

/** What each further passage of a document adds to its best one, less and less. */
const further = 0.1;

/** The documents of hits, best first: by their best passage, and a little by how many more they have. */
export function documentsOf(hits: readonly Hit[]): DocumentHit[] {
  const documents = new Map<number, DocumentHit & { seen: number }>();
  for (const hit of hits) {
    const known = documents.get(hit.document);
    if (known === undefined) {
      documents.set(hit.document, { document: hit.document, score: hit.score, best: hit, seen: 1 });
    } else {
      known.score += hit.score * further ** known.seen;
      known.seen += 1;
    }
  }
  return [...documents.values()]
    .sort((a, b) => b.score - a.score || a.best.passage - b.best.passage)
    .map(({ seen: _, ...document }) => document);
}
