import { sql } from "kysely";
import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { loadDocument } from "../documents/access.ts";
import { tellOfDocuments } from "../documents/telling.ts";
import { loadFolder } from "../folders/access.ts";
import { lockTree } from "../folders/moving.ts";
import { recordEach } from "./entries.ts";

/** Puts a document of one's own into the bin: nobody sees or finds it any more, from this commit on. */
export async function deleteDocument(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await loadDocument(inner, id, "own");
    await putAway(inner, {
      entries: [{ id, kind: "document", owner: memberOf(inner), within: null }],
      folders: [],
      documents: [{ id, entry: id }],
    });
    record(inner, {
      event: "document.deleted",
      resource: { type: "document", id },
      changes: { name: [redacted, null] },
    });
  });
}

/**
 * Puts a folder of one's own into the bin with all that lies in it. What others had put there goes along and is in
 * their own bins, too; they are told.
 */
export async function deleteFolder(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await lockTree(inner);
    const { owner_id: owner } = await loadFolder(inner, id, "own");
    const { folders, documents } = await contentsOf(inner, id);
    const parts = partsOf(id, folders, documents);
    await putAway(inner, parts);
    recordEach(
      inner,
      "deleted",
      id,
      documents.map((document) => document.id),
    );
    const others = parts.entries.filter((entry) => entry.owner !== owner);
    record(inner, {
      event: "folder.deleted",
      resource: { type: "folder", id },
      changes: {
        name: [redacted, null],
        folders: [folders.length, 0],
        documents: [documents.length, 0],
        ofOthers: [others.length, 0],
      },
    });
    await tellOwners(
      inner,
      others.map((entry) => entry.owner),
    );
  });
}

interface Content {
  readonly id: string;
  readonly owner: string;
  /** The folder that it lies in. */
  readonly place: string | null;
}

/** A folder with all folders in it, and the documents in them, that are not in the bin already; locked. */
async function contentsOf(ctx: Ctx, id: string): Promise<{ folders: Content[]; documents: Content[] }> {
  const below = sql`select below.folder_id from folder_above below where below.above_id = ${id}`;
  // Behind these locks: an upload into one of them has either committed, or will not find it any more.
  const [folders, documents] = await read(
    ctx,
    sql<Content>`
      select folder_id as id, owner_id as owner, parent_id as place from folder
        where folder_id in (${below}) and deleted_at is null order by folder_id for update`,
    // In the order in which the index takes them.
    sql<Content>`
      select document_id as id, owner_id as owner, folder_id as place from document
        where folder_id in (${below}) and deleted_at is null order by document_no for update`,
  );
  return { folders, documents };
}

interface Entry {
  readonly id: string;
  readonly kind: "document" | "folder";
  readonly owner: string;
  readonly within: string | null;
}

interface Parts {
  /** What is in whose bin; those within others after them. */
  readonly entries: readonly Entry[];
  readonly folders: readonly { readonly id: string; readonly entry: string }[];
  readonly documents: readonly { readonly id: string; readonly entry: string }[];
}

/**
 * Which bin each part goes into: its owner's, as part of the entry of the folder that it lies in where that has the same
 * owner, else as an entry of its own within that one.
 */
export function partsOf(root: string, folders: readonly Content[], documents: readonly Content[]): Parts {
  const entries: Entry[] = [];
  const byId = new Map(folders.map((folder) => [folder.id, folder]));
  const entryOf = new Map<string, Entry>();
  const enter = (part: Content, kind: Entry["kind"], above: Entry | null): Entry => {
    if (above?.owner === part.owner) return above;
    const entry = { id: part.id, kind, owner: part.owner, within: above?.id ?? null };
    entries.push(entry);
    return entry;
  };
  const ofFolder = (folder: Content): Entry => {
    const known = entryOf.get(folder.id);
    if (known) return known;
    const above = folder.id === root ? undefined : byId.get(folder.place ?? "");
    const entry = enter(folder, "folder", above ? ofFolder(above) : null);
    entryOf.set(folder.id, entry);
    return entry;
  };
  return {
    folders: folders.map((folder) => ({ id: folder.id, entry: ofFolder(folder).id })),
    documents: documents.map((document) => {
      const folder = byId.get(document.place ?? "");
      return { id: document.id, entry: enter(document, "document", folder ? ofFolder(folder) : null).id };
    }),
    entries,
  };
}

async function putAway(ctx: Ctx, { entries, folders, documents }: Parts): Promise<void> {
  const tenantId = tenantOf(ctx).id;
  const now = ctx.clock();
  await write(
    ctx,
    sql`
      insert into binned (tenant_id, binned_id, kind, owner_id, deleted_by, deleted_at, within_id)
        select ${tenantId}::uuid, id, kind, owner, ${memberOf(ctx)}::uuid, ${now}::timestamptz, within
          from unnest(${entries.map((e) => e.id)}::uuid[], ${entries.map((e) => e.kind)}::text[],
                      ${entries.map((e) => e.owner)}::uuid[], ${entries.map((e) => e.within)}::uuid[])
            as entry (id, kind, owner, within)`,
  );
  await write(
    ctx,
    sql`
      update folder set deleted_at = ${now}, binned_id = part.entry
        from unnest(${folders.map((f) => f.id)}::uuid[], ${folders.map((f) => f.entry)}::uuid[]) as part (id, entry)
        where folder.tenant_id = ${tenantId} and folder.folder_id = part.id`,
  );
  await write(
    ctx,
    sql`
      update document set deleted_at = ${now}, updated_at = ${now}, binned_id = part.entry
        from unnest(${documents.map((d) => d.id)}::uuid[], ${documents.map((d) => d.entry)}::uuid[]) as part (id, entry)
        where document.tenant_id = ${tenantId} and document.document_id = part.id`,
  );
  tellOfDocuments(ctx);
}

async function tellOwners(ctx: Ctx, owners: readonly string[]): Promise<void> {
  if (owners.length === 0) return;
  const counts = new Map<string, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const me = memberOf(ctx);
  const row = await readOne(
    ctx,
    db.selectFrom("member").select(["member_id", "name"]).where("member_id", "=", me),
  );
  const by = row ? openName(await keysOf(ctx), row) : "";
  for (const [owner, count] of counts) await notify(ctx, owner, "deleted-with-folder", { by, count });
}
