import type { Defence } from "./defence.ts";

const escalation = "tenancy.no-escalation";

/** Of what the attacker's classes beyond single calls notice: names that lead elsewhere, calls at the same moment. */
export const attackBeyondDefences: readonly Defence[] = [
  {
    words: "a document's name leads nowhere when it is saved",
    claim: "knowledge.files",
    part: "attack",
    operation: "PATCH /api/t/{slug}/documents/{id}",
    file: "src/modules/knowledge/documents/download.ts",
    text: "name: fileName(openDocumentName(await keysOf(ctx), row))",
    without: "name: openDocumentName(await keysOf(ctx), row)",
  },
  {
    words: "two owners who take the role from each other at the same moment leave one",
    claim: escalation,
    part: "attack",
    operation: "PATCH /api/t/{slug}/members/{id}",
    file: "src/modules/identity/roles/acting.ts",
    text: " for no key update`",
    without: "`",
  },
];
