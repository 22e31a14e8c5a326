import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, standingOf, tenantOf } from "../../../kernel/context.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError, isAppError } from "../../../kernel/errors.ts";
import { allows } from "../../../kernel/permissions.ts";
import { tellOfDocuments } from "../documents/telling.ts";
import { loadFolder } from "../folders/access.ts";
import { DEEPEST, isShared, lockTree, OUTSIDE } from "../folders/moving.ts";
import { takeNumbers } from "../index/numbers.ts";
import { waitingAlready } from "../storage/quotas.ts";
import { loadEntry, recordEach, withParts } from "./entries.ts";
import { EVENTS } from "./view.ts";

/**
 * Brings something of one's own back out of the bin, with what came along with it: where it lay, if that folder is there
 * and one may write it, else to the top; to the top, too, if others would see it there and one may not share. Throws
 * `not_found` for what is not in one's bin, or no longer, and `quota` when too much waits to be read already.
 */
export async function restoreBinned(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    // What comes back has new numbers (the database gives them), and the counter is taken before all else.
    await takeNumbers(inner, "document", 1);
    // Folders come back into the tree: nobody else changes it meanwhile.
    await lockTree(inner);
    const entry = await loadEntry(inner, id);
    const place = await placeFor(inner, entry);
    const ids = await withinEntry(inner, id);
    const tenantId = tenantOf(inner).id;
    const now = inner.clock();
    const { count: folders } = await write(
      inner,
      sql`
        update folder set deleted_at = null, binned_id = null
          where tenant_id = ${tenantId} and binned_id = any(${ids}::uuid[])`,
    );
    await write(
      inner,
      sql`
        update folder set parent_id = ${place}
          where tenant_id = ${tenantId} and folder_id = ${id} and parent_id is distinct from ${place}`,
    );
    const [locked] = await read(
      inner,
      sql<{ id: string }>`
        select document_id as id from document
          where tenant_id = ${tenantId} and binned_id = any(${ids}::uuid[]) order by document_no for update`,
    );
    await write(
      inner,
      sql`
        update document set deleted_at = null, binned_id = null, updated_at = ${now},
               folder_id = case when document_id = ${id} then ${place}::uuid else folder_id end
          where tenant_id = ${tenantId} and binned_id = any(${ids}::uuid[])`,
    );
    await write(
      inner,
      sql`delete from binned where tenant_id = ${tenantId} and binned_id = any(${ids}::uuid[])`,
    );
    record(inner, {
      event: EVENTS[entry.kind].restored,
      resource: { type: entry.kind, id },
      changes: { folder: [entry.place, place], folders: [0, folders], documents: [0, locked.length] },
    });
    const along = locked.map((document) => document.id).filter((document) => document !== id);
    recordEach(inner, "restored", id, along);
    await readOn(
      inner,
      locked.map((document) => document.id),
    );
    await inner.system.jobs.enqueue(inner, "knowledge.index", tenantId);
    tellOfDocuments(inner);
  });
}

/** What was deleted before it had been read was not read in the bin: it waits again. */
async function readOn(ctx: Ctx, documents: readonly string[]): Promise<void> {
  const [unread] = await read(
    ctx,
    sql<{ id: string }>`
      select version_id as id from document_version
        where tenant_id = ${tenantOf(ctx).id} and document_id = any(${documents}::uuid[])
          and state in ('received', 'reading')
        order by created_at, version_id`,
  );
  if (unread.length === 0) return;
  const waiting = await waitingAlready(ctx, unread.length);
  for (const { id } of unread) await ctx.system.jobs.enqueue(ctx, "knowledge.read-document", id, waiting);
}

/** The entry and all within it. What its owner gave up for ever is not among them: it was taken out then. */
async function withinEntry(ctx: Ctx, id: string): Promise<string[]> {
  const [rows] = await read(
    ctx,
    sql<{ id: string }>`
      select binned_id as id from binned
        where tenant_id = ${tenantOf(ctx).id} and binned_id in (${withParts(id)}) order by binned_id for update`,
  );
  return rows.map((row) => row.id);
}

/** Its old folder, if it is there and may be written, shows it to nobody without right, and is not too deep; else the top. */
async function placeFor(
  ctx: Ctx,
  { id, kind, place }: { id: string; kind: "document" | "folder"; place: string | null },
): Promise<string | null> {
  const old = place === null ? null : await writable(ctx, kind, place);
  const target = old !== null && kind === "folder" && (await tooDeepIn(ctx, id, old)) ? null : old;
  // A key that is bound to a folder would put it where it does not reach.
  if (target === null && standingOf(ctx).folderId !== null) throw appError("forbidden", { message: OUTSIDE });
  return target;
}

async function writable(ctx: Ctx, kind: "document" | "folder", folder: string): Promise<string | null> {
  try {
    await loadFolder(ctx, folder, "write");
    // It may be shared since, and with more people: then bringing it back there is sharing it.
    return allows(standingOf(ctx), `${kind}.share`) || !(await isShared(ctx, folder)) ? folder : null;
  } catch (error) {
    if (isAppError(error) && (error.code === "not_found" || error.code === "forbidden")) return null;
    throw error;
  }
}

async function tooDeepIn(ctx: Ctx, id: string, target: string): Promise<boolean> {
  const found = await readOne(
    ctx,
    sql<{ depth: number }>`
      select ((select count(*) from folder_above where folder_id = ${target})
        + (select coalesce(max(depth), 1) from (
             select count(*) as depth from folder_above inside
               join folder_above up on up.tenant_id = inside.tenant_id and up.folder_id = inside.folder_id
               join folder_above within on within.tenant_id = up.tenant_id and within.folder_id = up.above_id
               where inside.above_id = ${id} and within.above_id = ${id}
               group by inside.folder_id) of_each))::int as depth`,
  );
  return (found?.depth ?? 0) > DEEPEST;
}
