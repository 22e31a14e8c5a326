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
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** null at the top, and where the reader may not see the folder. */
  readonly folder: string | null;
  readonly visibility: Visibility;
  readonly access: AccessView;
  readonly owner: { readonly id: string; readonly name: string };
  readonly mine: boolean;
  readonly createdAt: string;
}

// Where sealed fields belong.
export const nameCell = (id: string) => ({ table: "document", column: "name", row: id });
export const passageCell = (id: string, no: number) => ({
  table: "passage",
  column: "body",
  row: `${id}/${no}`,
});

const allDocuments = () => db.selectFrom("document").selectAll("document");
type Documents = ReturnType<typeof allDocuments>;

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
    .selectAll("document")
    .select(["member.name as owner_name", "sharing.reached", "sharing.whole", "sharing.shared"])
    .select([openingOf("document", reach).as("opening"), seenPlace("document", reach).as("seen_place")]);

export type DocumentRow = RowsOf<ReturnType<typeof documentRows>>[number];

export function documentView(keys: TenantKeys, row: DocumentRow, viewer: string): Document {
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
  };
}

export function openDocumentName(keys: TenantKeys, row: { document_id: string; name: Buffer }): string {
  return keys.openText(nameCell(row.document_id), row.name);
}

const problems: Readonly<Record<string, string>> = {
  ...extractionMessages,
  internal: "Reading the file failed on our side. Try again.",
};

function problemOf(code: string | null): { code: string; message: string } {
  const known = code !== null && Object.hasOwn(problems, code) ? code : "internal";
  return { code: known, message: problems[known] ?? "" };
}
