import { type RawBuilder, sql } from "kysely";
import { type Ctx, memberOf } from "../../../kernel/context.ts";
import { read } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { loadDocument } from "../documents/access.ts";
import { loadFolder } from "../folders/access.ts";
import { type Access, isReached, type Kind, reachOf, sharingOf } from "./reach.ts";
import { demandAccess } from "./view.ts";

/** Something that can be shared. */
export interface Shareable {
  readonly kind: Kind;
  readonly id: string;
}

interface Loaded {
  readonly owner_id: string;
  readonly reached: Access | null;
  /** The folder that it lies in; a folder lies in itself here. */
  readonly place: string | null;
}

/** Any of the three, loaded as `loadDocument` does. What only an opening shows is not found here. */
export async function loadObject(
  ctx: Ctx,
  { kind, id }: Shareable,
  to: "read" | "write" | "own",
): Promise<Loaded> {
  if (kind === "document") {
    const row = await loadDocument(ctx, id, to);
    return { ...row, place: row.folder_id };
  }
  if (kind === "folder") return { ...(await loadFolder(ctx, id, to)), place: id };
  const reach = reachOf(ctx);
  const [, [row]] = await read(
    ctx,
    to === "read" ? sql`select` : sql`select from chat where chat_id = ${id} for update`,
    sql<{ owner_id: string; reached: Access | null }>`
      select chat.owner_id, sharing.reached
        from chat cross join lateral ${sharingOf("chat", reach.memberId)} sharing
        where chat.chat_id = ${id} and ${isReached("chat", reach)}`,
  );
  if (!row) throw appError("not_found");
  demandAccess(row, memberOf(ctx), to);
  return { ...row, place: null };
}

/** The condition of a share being of this very object. */
export function sharesOn({ kind, id }: Shareable): RawBuilder<boolean> {
  if (kind === "document") return sql<boolean>`share.document_id = ${id}`;
  return kind === "folder" ? sql<boolean>`share.folder_id = ${id}` : sql<boolean>`share.chat_id = ${id}`;
}
