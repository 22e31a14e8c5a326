import type { SearchHit } from "../../api/types.ts";

export type Group = { document: SearchHit["document"]; nameMarks: number[][]; hits: SearchHit[] };

/** Passages of one document that follow each other, under one name. */
export function groupsOf(hits: SearchHit[]): Group[] {
  const groups: Group[] = [];
  for (const hit of hits) {
    const last = groups.at(-1);
    if (last?.document.id === hit.document.id) last.hits.push(hit);
    else groups.push({ document: hit.document, nameMarks: hit.nameMarks, hits: [hit] });
  }
  return groups;
}
