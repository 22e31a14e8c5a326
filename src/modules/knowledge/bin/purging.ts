import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { removeLater } from "../documents/telling.ts";
import { lockTree } from "../folders/moving.ts";
import { loadEntry, ownEntries, recordEach } from "./entries.ts";
import { EVENTS } from "./view.ts";

/** Documents that go in one unit of work. */
const AT_ONCE = 200;

/**
 * Gives up something in one's bin for ever: its text, its words and its files, of all versions. What others had in it
 * stays in theirs. What is too much for one unit of work is gone from the bin at once and from the disk soon. Throws
 * `not_found`.
 */
export async function purgeBinned(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await lockTree(inner);
    const { kind } = await loadEntry(inner, id);
    await giveUp(inner, [{ id, kind }]);
    if (!(await purgeSome(inner, id)))
      await inner.system.jobs.enqueue(inner, "knowledge.tidy-library", tenantOf(inner).id);
  });
}

/** Gives up everything in one's bin. Answers how many things that were. */
export async function emptyBin(ctx: Ctx): Promise<number> {
  return unit(ctx, async (inner) => {
    await lockTree(inner);
    const [entries] = await read(
      inner,
      sql<GivenUp>`
        select binned.binned_id as id, binned.kind from binned where ${ownEntries(inner)} order by binned.binned_id for update`,
    );
    await giveUp(inner, entries);
    record(inner, {
      event: "bin.emptied",
      resource: { type: "bin" },
      changes: { things: [entries.length, 0] },
    });
    await inner.system.jobs.enqueue(inner, "knowledge.tidy-library", tenantOf(inner).id);
    return entries.length;
  });
}

interface GivenUp {
  readonly id: string;
  readonly kind: "document" | "folder";
}

/**
 * From here on nobody gets it back; what others had in it no longer depends on it. Each document is recorded now, as
 * its owner's doing, whenever it goes from the disk.
 */
async function giveUp(ctx: Ctx, entries: readonly GivenUp[]): Promise<void> {
  const tenantId = tenantOf(ctx).id;
  const ids = entries.map(({ id }) => id);
  const [along] = await read(
    ctx,
    sql<{ id: string; entry: string }>`
      select document_id as id, binned_id as entry from document
        where tenant_id = ${tenantId} and binned_id = any(${ids}::uuid[]) and document_id <> binned_id
        order by document_no`,
  );
  for (const { id, kind } of entries)
    record(ctx, { event: EVENTS[kind].purged, resource: { type: kind, id } });
  for (const { id, entry } of along) recordEach(ctx, "purged", entry, [id]);
  await write(
    ctx,
    sql`update binned set within_id = null where tenant_id = ${tenantId} and within_id = any(${ids}::uuid[])`,
  );
  await write(
    ctx,
    sql`update binned set ended_at = ${ctx.clock()}, within_id = null
          where tenant_id = ${tenantId} and binned_id = any(${ids}::uuid[])`,
  );
}

/**
 * Removes what an entry holds, so many documents at a time, in the open unit of work, which holds the entry; with the last
 * of them its folders and the entry itself. Answers whether that is done. `anew`: nobody has recorded yet that they go.
 */
export async function purgeSome(ctx: Ctx, id: string, anew = false): Promise<boolean> {
  const tenantId = tenantOf(ctx).id;
  const [documents] = await read(
    ctx,
    sql<{ id: string }>`
      select document_id as id from document where tenant_id = ${tenantId} and binned_id = ${id}
        order by document_no limit ${AT_ONCE} for update`,
  );
  const ids = documents.map((row) => row.id);
  if (anew)
    recordEach(
      ctx,
      "purged",
      id,
      ids.filter((document) => document !== id),
    );
  const [files] = await read(
    ctx,
    sql<{ file: string }>`
      select distinct file from document_version where tenant_id = ${tenantId} and document_id = any(${ids}::uuid[])`,
  );
  await write(
    ctx,
    sql`delete from document where tenant_id = ${tenantId} and document_id = any(${ids}::uuid[])`,
  );
  removeLater(
    ctx,
    files.map((row) => row.file),
  );
  if (ids.length > 0) await ctx.system.jobs.enqueue(ctx, "knowledge.index", tenantId);
  if (ids.length === AT_ONCE) return false;
  const within = sql`select folder_id from folder where tenant_id = ${tenantId} and binned_id = ${id}`;
  // What lay in its folders and is somebody else's, or was deleted before: it lies nowhere now.
  await write(
    ctx,
    sql`update document set folder_id = null
          where tenant_id = ${tenantId} and folder_id in (${within}) and deleted_at is not null`,
  );
  await write(
    ctx,
    sql`update folder set parent_id = null
          where tenant_id = ${tenantId} and parent_id in (${within}) and binned_id is distinct from ${id}`,
  );
  await write(ctx, sql`delete from folder where tenant_id = ${tenantId} and binned_id = ${id}`);
  await write(ctx, sql`delete from binned where tenant_id = ${tenantId} and binned_id = ${id}`);
  return true;
}
