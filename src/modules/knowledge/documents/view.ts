import { sql } from "kysely";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import type { RowsOf } from "../../../kernel/database/queries.ts";
import { db } from "../../../kernel/database/queries.ts";
import { openName } from "../../identity/members.ts";
import { extractionMessages } from "../extraction/failure.ts";
import type { Kind } from "../extraction/sniff.ts";
import { openingOf, type Reach, seenPlace, sharingOf } from "../sharing/reach.ts";
import { type AccessView, accessOf, type Visibility, visibilityOf } from "../sharing/view.ts";

export type DocumentState = "received" | "reading" | "indexing" | "ready" | "failed";

/** A document as the interface shows it. */
export interface Document {
  readonly id: string;
  readonly name: string;
  readonly kind: Kind;
  readonly bytes: number;
  readonly pages: number | null;
  readonly state: DocumentState;
  readonly problem: Problem | null;
  /** null at the top, and where the reader may not see the folder. */
  readonly folder: string | null;
  readonly visibility: Visibility;
  readonly access: AccessView;
  readonly owner: { readonly id: string; readonly name: string };
  readonly mine: boolean;
  readonly createdAt: string;
  /** Of the document, its text or its place; not of who sees it. */
  readonly updatedAt: string;
  /** Which of its versions this is, and how many there are. */
  readonly version: number;
  readonly versions: number;
  /** A version that came later and is not the document's own: it is being read, or could not be. */
  readonly newer: Newer | null;
  /** ISO 639-1, of most of the text. */
  readonly language: string | null;
  /** How many pages are pictures without text. */
  readonly pictures: number | null;
  /** Others with the same content that the reader may see; empty where they were not asked for. */
  readonly duplicates: { readonly id: string; readonly name: string }[];
}

export interface Newer {
  readonly no: number;
  readonly state: "received" | "reading" | "failed";
  readonly problem: Problem | null;
}
export type Problem = { readonly code: string; readonly message: string };

// Where sealed fields belong.
export const nameCell = (id: string) => ({ table: "document", column: "name", row: id });
export const passageCell = (versionId: string, no: number) => ({
  table: "passage",
  column: "body",
  row: `${versionId}/${no}`,
});

const allDocuments = () => db.selectFrom("document").selectAll("document");
type Documents = ReturnType<typeof allDocuments>;

// What is shown of them, and no more: it is read for every document of every list.
const COLUMNS = [
  "document.document_id",
  "document.owner_id",
  "document.folder_id",
  "document.name",
  "document.kind",
  "document.bytes",
  "document.pages",
  "document.state",
  "document.problem",
  "document.created_at",
  "document.updated_at",
  "document.version_id",
  "document.version_no",
  "document.versions",
  "document.language",
  "document.pictures",
] as const;

/** Documents with their owners, and what `reach` makes of them. `pick` narrows them, with `visibleTo`. */
export const documentRows = (reach: Reach, pick: (documents: Documents) => Documents) =>
  db
    .selectFrom(pick(allDocuments()).as("document"))
    .innerJoin("member", (on) =>
      on
        .onRef("member.tenant_id", "=", "document.tenant_id")
        .onRef("member.member_id", "=", "document.owner_id"),
    )
    .innerJoinLateral(sharingOf("document", reach.memberId).as("sharing"), (on) => on.onTrue())
    .select(COLUMNS)
    .select(["member.name as owner_name", "sharing.reached", "sharing.whole", "sharing.shared"])
    .select([openingOf("document", reach).as("opening"), seenPlace("document", reach).as("seen_place")])
    .select(newer.as("newer"));

const newer = sql<{
  no: number;
  state: "received" | "reading" | "failed" | "ready";
  problem: string | null;
} | null>`
  case when document.versions > document.version_no then (
    select json_build_object('no', v.no, 'state', v.state, 'problem', v.problem) from document_version v
      where v.tenant_id = document.tenant_id and v.document_id = document.document_id
      order by v.no desc limit 1) end`;

export type DocumentRow = RowsOf<ReturnType<typeof documentRows>>[number];

export function documentView(
  keys: TenantKeys,
  row: DocumentRow,
  viewer: string,
  duplicates: Document["duplicates"] = [],
): Document {
  return {
    id: row.document_id,
    name: openDocumentName(keys, row),
    kind: row.kind,
    bytes: row.bytes,
    pages: row.pages,
    state: row.state,
    problem: row.state === "failed" ? problemOf(row.problem) : null,
    folder: row.seen_place,
    visibility: visibilityOf(row),
    access: accessOf(row, viewer),
    owner: { id: row.owner_id, name: openName(keys, { member_id: row.owner_id, name: row.owner_name }) },
    mine: row.owner_id === viewer,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    version: row.version_no,
    versions: row.versions,
    newer: newerView(row.newer),
    language: row.language,
    pictures: row.pictures,
    duplicates,
  };
}

function newerView(newer: DocumentRow["newer"]): Newer | null {
  if (!newer || newer.state === "ready") return null;
  return {
    no: newer.no,
    state: newer.state,
    problem: newer.state === "failed" ? problemOf(newer.problem) : null,
  };
}

export function openDocumentName(keys: TenantKeys, row: { document_id: string; name: Buffer }): string {
  return keys.openText(nameCell(row.document_id), row.name);
}

const problems: Readonly<Record<string, string>> = {
  ...extractionMessages,
  internal: "Reading the file failed on our side. Try again.",
};

/** What was wrong with a file, in words. */
export function problemOf(code: string | null): Problem {
  const known = code !== null && Object.hasOwn(problems, code) ? code : "internal";
  return { code: known, message: problems[known] ?? "" };
}
