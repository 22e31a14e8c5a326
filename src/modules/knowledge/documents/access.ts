import { type Ctx, memberOf } from "../../../kernel/context.ts";
import { db, prepare } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { settleOpened } from "../../tenancy/openings/reading.ts";
import { isReached, type Reach, reachOf } from "../sharing/reach.ts";
import { demandAccess } from "../sharing/view.ts";
import { type DocumentRow, documentRows } from "./view.ts";

export type LoadedDocument = DocumentRow & { readonly file: string };

/**
 * Loading is authorizing: another tenant's document, or one that the acting member does not reach, is `not_found`; one
 * that they may read but not change is `forbidden` for "write", one of somebody else for "own". Both lock the row.
 */
export async function loadDocument(
  ctx: Ctx,
  id: string,
  to: "read" | "write" | "own",
): Promise<LoadedDocument> {
  const { memberId, now } = reachOf(ctx);
  const load = byId({ id, memberId, now });
  const [rows] = to === "read" ? await read(ctx, load) : (await read(ctx, lock({ id }), load)).slice(1);
  const [row] = await settleOpened(ctx, "document", rows as LoadedDocument[], (found) => found.document_id);
  if (!row) throw appError("not_found");
  demandAccess(row, memberOf(ctx), to);
  return row;
}

// Prepared, since this is what is read most. Rights are looked at behind the lock, by a statement of its own.
const byId = prepare(({ id, memberId, now }: { id: string } & Omit<Reach, "opened">) => {
  const reach = { memberId, now, opened: true };
  return documentRows(reach, (documents) => documents.where("document.document_id", "=", id))
    .where(isReached("document", reach))
    .select("document.file");
});
const lock = prepare(({ id }: { id: string }) =>
  db.selectFrom("document").where("document_id", "=", id).select("document_id").forUpdate(),
);
