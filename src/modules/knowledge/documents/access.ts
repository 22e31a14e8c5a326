import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import { type Ctx, memberOf, standingOf } from "../../../kernel/context.ts";
import { prepare } from "../../../kernel/database/queries.ts";
import type { Tables } from "../../../kernel/database/tables.ts";
import { readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { allows } from "../../../kernel/permissions.ts";
import { type DocumentRow, documentRows } from "./view.ts";

/** Own documents, and those shared with the whole workspace; no role sees more. */
export const visibleTo =
  (memberId: string) =>
  (where: ExpressionBuilder<Tables, "document">): Expression<SqlBool> =>
    where.or([where("document.owner_id", "=", memberId), where("document.visibility", "=", "tenant")]);

/**
 * Loading is authorizing: another tenant's document, or another member's private one, is `not_found`; one that the
 * acting member may read but not change is `forbidden` for "write", which also locks the row. "withdraw" is "write"
 * for unsharing and deleting: whoever may remove members may do it with what a removed one has shared. What a removed
 * member kept private stays closed to everybody: there is no way yet to hand it over.
 */
export async function loadDocument(
  ctx: Ctx,
  id: string,
  to: "read" | "write" | "withdraw",
): Promise<DocumentRow> {
  const me = memberOf(ctx);
  const row = await readOne(ctx, to === "read" ? toRead({ id }) : toChange({ id }));
  if (!row || (row.owner_id !== me && row.visibility !== "tenant")) throw appError("not_found");
  const orphaned = row.owner_status === "removed";
  if (to === "withdraw" && orphaned && allows(standingOf(ctx), "member.remove")) return row;
  if (to !== "read" && row.owner_id !== me) {
    throw appError("forbidden", { message: "Only its owner can change or delete this document." });
  }
  return row;
}

const byId = ({ id }: { id: string }) => documentRows().where("document.document_id", "=", id);
const toRead = prepare(byId);
const toChange = prepare((p: { id: string }) => byId(p).forUpdate("document"));
