import type { Defence } from "./defence.ts";

const claim = "tenancy.isolation-everywhere";
const knowledge = "src/modules/knowledge";
const assistant = "src/modules/assistant";

/** Of what separates people and companies away from the routes that take identifiers. */
export const everywhereDefences: readonly Defence[] = [
  {
    words: "a word is suggested only where it stands in a passage that its reader may see",
    claim,
    part: "search",
    file: `${knowledge}/search/spelling.ts`,
    text: "mask === null ? null : read().filter((ordinal) => mask[ordinal] === 1);",
    without: "mask === null ? null : read();",
  },
  {
    words: "what a process remembers of who sees which documents is one member's",
    claim,
    part: "search",
    file: `${knowledge}/index/visible.ts`,
    text: "`${tenantOf(ctx).id}/${memberId}`",
    without: "`${tenantOf(ctx).id}`",
  },
  {
    words: "a search is narrowed only to what its reader sees",
    claim,
    part: "search",
    file: `${knowledge}/service.ts`,
    text: "  await demandSeen(ctx, filters);\n",
    without: "",
  },
  {
    words: "a question is narrowed only to what its asker sees",
    claim,
    part: "search",
    file: `${assistant}/service.ts`,
    text: "    await demandSeen(inner, given);\n",
    without: "",
  },
  {
    words: "a saved search is its member's alone",
    claim,
    part: "lists",
    file: `${knowledge}/saved-searches/service.ts`,
    text: 'db.selectFrom("saved_search").where("member_id", "=", memberOf(ctx)).selectAll()',
    without: 'db.selectFrom("saved_search").selectAll()',
  },
  {
    words: "a saved search names only folders that its member sees",
    claim,
    part: "search",
    file: `${knowledge}/saved-searches/service.ts`,
    text: "    await checkFolder(inner, body.filters);\n",
    without: "",
  },
  {
    words: "a stream tells of documents that its reader may see",
    claim,
    part: "streams",
    file: `${knowledge}/documents/events.ts`,
    text: '        .where(visibleTo("document", reach))\n        .where("document.updated_at", ">=", since)\n        .orderBy',
    without: '        .where("document.updated_at", ">=", since)\n        .orderBy',
  },
  {
    words: "a question is completed with nothing of a document that its asker may not see",
    claim,
    part: "answers",
    file: `${assistant}/conversation.ts`,
    text: "citations.length > 0 && citations.every(({ document }) => visible.has(document))",
    without: "citations.length > 0",
  },
  {
    words: "what a question was completed with is shown to those who may see where it comes from",
    claim,
    part: "answers",
    file: `${assistant}/messages.ts`,
    text: "return followUp.documents.every((id) => documents.has(id)) ? followUp.words : null;",
    without: "return documents ? followUp.words : null;",
  },
  {
    words: "a member takes no more than a member may",
    claim,
    part: "quotas",
    file: `${knowledge}/storage/quotas.ts`,
    text: '  demandRoom(mine, add, add.owner === memberOf(ctx) ? "You" : "The owner of this document");\n',
    without: "",
  },
  {
    words: "a company takes no more than it may",
    claim,
    part: "quotas",
    file: `${knowledge}/storage/quotas.ts`,
    text: '  demandRoom(workspace, add, "This workspace");\n',
    without: "",
  },
  {
    words: "a job sees the rows of the company in whose name it runs",
    claim,
    part: "jobs",
    file: "db/migrations/0001_tenancy.sql",
    // For these tables only: without the policy anywhere the product does not even get as far as being attacked.
    text: "on %s using (tenant_id = kernel.current_tenant())'",
    without:
      "on %1$s using (tenant_id = kernel.current_tenant() or %1$L in (''mail'', ''message'', ''document_version''))'",
  },
];
