import type { Defence } from "./defence.ts";

const knowledge = "src/modules/knowledge";
const users = "tenancy.isolation-users";
const files = "knowledge.files";

/** Of versions, the bin, and uploads in pieces: whose they are, and that what was deleted is gone for everybody. */
export const libraryDefences: readonly Defence[] = [
  {
    words: "a version is for who may see its document",
    claim: users,
    part: "pairs",
    file: `${knowledge}/versions/service.ts`,
    text: "  await loadDocument(ctx, row.document_id, to);\n",
    without: "",
  },
  {
    words: "the file of an old version is for who may see versions",
    claim: files,
    part: "library",
    file: `${knowledge}/versions/service.ts`,
    text: `!allows(standingOf(inner), "document.versions")`,
    without: "false",
  },
  {
    words: "what lies in the bin is its owner's",
    claim: users,
    part: "pairs",
    file: `${knowledge}/bin/entries.ts`,
    text: "and binned.owner_id = ${memberOf(ctx)} and",
    without: "and ${memberOf(ctx)}::uuid is not null and",
  },
  {
    words: "an upload is its sender's",
    claim: users,
    part: "pairs",
    file: `${knowledge}/uploads/service.ts`,
    text: "and upload.member_id = ${memberOf(ctx)} and",
    without: "and ${memberOf(ctx)}::uuid is not null and",
  },
  {
    words: "what was deleted is not found by its id",
    claim: files,
    part: "library",
    file: `${knowledge}/sharing/reach.ts`,
    text: "  return sql<boolean>`(${row[kind].alive} and (",
    without: "  return sql<boolean>`(true and (",
  },
  {
    words: "giving up a document for ever removes its files, of all versions",
    claim: files,
    part: "library",
    file: `${knowledge}/bin/purging.ts`,
    text: "    files.map((row) => row.file),\n",
    without: "    files.slice(1).map((row) => row.file),\n",
  },
];
