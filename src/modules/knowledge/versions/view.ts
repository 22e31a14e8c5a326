import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db, type RowsOf } from "../../../kernel/database/queries.ts";
import { openName } from "../../identity/members.ts";
import { type Problem, problemOf } from "../documents/view.ts";
import type { Kind } from "../extraction/sniff.ts";

/** A version of a document as the interface shows it. */
export interface Version {
  readonly id: string;
  readonly no: number;
  readonly kind: Kind;
  readonly bytes: number;
  readonly pages: number | null;
  /** What its sender called the file. */
  readonly name: string;
  readonly by: { readonly id: string; readonly name: string };
  readonly at: string;
  /** Whether it is the document's own: what is read, found and downloaded as the document. */
  readonly current: boolean;
  readonly state: "received" | "reading" | "ready" | "failed";
  readonly problem: Problem | null;
  /** The number of the version whose file this is again. */
  readonly restoredFrom: number | null;
}

export const versionNameCell = (id: string) => ({ table: "document_version", column: "name", row: id });

export const versionRows = () =>
  db
    .selectFrom("document_version as v")
    .innerJoin("document as d", (on) =>
      on.onRef("d.tenant_id", "=", "v.tenant_id").onRef("d.document_id", "=", "v.document_id"),
    )
    .innerJoin("member", (on) =>
      on.onRef("member.tenant_id", "=", "v.tenant_id").onRef("member.member_id", "=", "v.created_by"),
    )
    .selectAll("v")
    .select(["d.version_id as current_id", "member.name as by_name"]);

export type VersionRow = RowsOf<ReturnType<typeof versionRows>>[number];

export const versionView = (keys: TenantKeys, row: VersionRow): Version => ({
  id: row.version_id,
  no: row.no,
  kind: row.kind,
  bytes: row.bytes,
  pages: row.pages,
  name: openVersionName(keys, row),
  by: { id: row.created_by, name: openName(keys, { member_id: row.created_by, name: row.by_name }) },
  at: row.created_at.toISOString(),
  current: row.version_id === row.current_id,
  state: row.state,
  problem: row.state === "failed" ? problemOf(row.problem) : null,
  restoredFrom: row.restored_from,
});

export const openVersionName = (keys: TenantKeys, row: { version_id: string; name: Buffer }): string =>
  keys.openText(versionNameCell(row.version_id), row.name);
