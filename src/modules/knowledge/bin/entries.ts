import { type RawBuilder, sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, memberOf, tenantOf } from "../../../kernel/context.ts";
import { readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { EVENTS, goneBefore } from "./view.ts";

export interface Entry {
  readonly id: string;
  readonly kind: "document" | "folder";
  /** The folder that it lay in. */
  readonly place: string | null;
}

/**
 * Entries of the acting member's own bin whose time is not over. A key that is bound to a folder finds those that lay in
 * there.
 */
export const ownEntries = (ctx: Ctx): RawBuilder<boolean> => sql<boolean>`
  (binned.tenant_id = ${tenantOf(ctx).id} and binned.owner_id = ${memberOf(ctx)} and binned.ended_at is null
   and binned.deleted_at > ${goneBefore(ctx.clock())}
   and (kernel.current_key() is null or kernel.is_in_reach_of_key(
     case binned.kind when 'folder' then binned.binned_id
       else (select d.folder_id from document d where d.tenant_id = binned.tenant_id and d.document_id = binned.binned_id) end)))`;

/** Loads and locks an entry of one's own. Throws `not_found`. */
export async function loadEntry(ctx: Ctx, id: string): Promise<Entry> {
  const row = await readOne(
    ctx,
    sql<{ kind: Entry["kind"] }>`
      select binned.kind from binned where binned.binned_id = ${id} and ${ownEntries(ctx)} for update`,
  );
  if (!row) throw appError("not_found");
  const at = await readOne(
    ctx,
    row.kind === "folder"
      ? sql<{ place: string | null }>`select parent_id as place from folder where folder_id = ${id}`
      : sql<{ place: string | null }>`select folder_id as place from document where document_id = ${id}`,
  );
  return { id, kind: row.kind, place: at?.place ?? null };
}

/**
 * Records of each document that it went, came back or was given up with a folder, so that its own history says so, and
 * who did it.
 */
export function recordEach(
  ctx: Ctx,
  what: keyof (typeof EVENTS)["document"],
  folder: string,
  documents: readonly string[],
): void {
  for (const id of documents)
    record(ctx, {
      event: EVENTS.document[what],
      resource: { type: "document", id },
      changes: { with: [null, folder] },
    });
}

/** An entry and all that came along with it, as a list of ids. */
export const withParts = (id: string | RawBuilder<unknown>): RawBuilder<unknown> => sql`
  with recursive part as (
    select b.tenant_id, b.binned_id from binned b where b.tenant_id = kernel.current_tenant() and b.binned_id = ${id}
    union
    select b.tenant_id, b.binned_id from binned b
      join part on part.tenant_id = b.tenant_id and part.binned_id = b.within_id)
  select part.binned_id from part`;
