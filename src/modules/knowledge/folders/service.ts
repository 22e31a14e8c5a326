import { sql } from "kysely";
import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { allows } from "../../../kernel/permissions.ts";
import { settleOpened } from "../../tenancy/openings/reading.ts";
import { tellOfDocuments } from "../documents/telling.ts";
import { reachWithOpened, visibleTo } from "../sharing/reach.ts";
import { loadFolder } from "./access.ts";
import { checkMove, DEEPEST, isShared, lockTree, OUTSIDE, tooDeep } from "./moving.ts";
import { type Folder, folderNameCell, folderRows, folderView, openFolderName } from "./view.ts";

/** In one workspace. */
export const MOST_FOLDERS = 2000;

/** All folders that the acting member may see, in no order: the interface makes a tree of them. */
export async function listFolders(ctx: Ctx): Promise<Folder[]> {
  const reach = reachWithOpened(ctx);
  const [rows] = await read(
    ctx,
    folderRows(reach, (folders) => folders.where(visibleTo("folder", reach))).limit(MOST_FOLDERS),
  );
  const keys = await keysOf(ctx);
  const shown = await settleOpened(ctx, "folder", rows, (row) => row.folder_id);
  return shown.map((row) => folderView(keys, row, memberOf(ctx)));
}

export async function getFolder(ctx: Ctx, id: string): Promise<Folder> {
  return folderView(await keysOf(ctx), await loadFolder(ctx, id, "read"), memberOf(ctx));
}

/** Makes a folder, at one's own top or in a folder that one may write; shared like that one. */
export async function createFolder(
  ctx: Ctx,
  { name, parent }: { name: string; parent: string | null },
): Promise<Folder> {
  return unit(ctx, async (inner) => {
    await lockTree(inner);
    await checkParent(inner, parent);
    await checkRoomIn(inner, parent, 1);
    return getFolder(inner, await addFolder(inner, name, parent));
  });
}

/** Whether the acting member may make folders there. Throws `not_found`, `forbidden`. */
export async function checkParent(ctx: Ctx, parent: string | null): Promise<void> {
  if (parent === null && standingOf(ctx).folderId !== null) throw appError("forbidden", { message: OUTSIDE });
  if (parent !== null) {
    await loadFolder(ctx, parent, "write");
    if (!allows(standingOf(ctx), "folder.share") && (await isShared(ctx, parent)))
      throw appError("forbidden", { message: "This folder is shared, and you may not share." });
  }
}

/** Writes and records a folder, in a unit of work that holds the tree and has checked its place and the room there. */
export async function addFolder(ctx: Ctx, name: string, parent: string | null): Promise<string> {
  const keys = await keysOf(ctx);
  const id = newId();
  await write(
    ctx,
    db.insertInto("folder").values({
      tenant_id: tenantOf(ctx).id,
      folder_id: id,
      owner_id: memberOf(ctx),
      parent_id: parent,
      name: keys.seal(folderNameCell(id), name),
      created_at: ctx.clock(),
    }),
  );
  record(ctx, {
    event: "folder.created",
    resource: { type: "folder", id },
    changes: { name: [null, redacted], parent: [null, parent] },
  });
  return id;
}

/** Whether `count` folders fit in, the deepest of them `deep` below `parent`. Throws `quota`, `wrong_state`. */
export async function checkRoomIn(ctx: Ctx, parent: string | null, count: number, deep = 1): Promise<void> {
  const used = await readOne(
    ctx,
    sql<{ folders: number; depth: number }>`
      select (select count(*) from folder)::int as folders,
             (select count(*) from folder_above where folder_id = ${parent})::int as depth`,
  );
  if ((used?.folders ?? 0) + count > MOST_FOLDERS) {
    throw appError("quota", {
      message: `This workspace has its ${MOST_FOLDERS.toLocaleString("en")} folders. Delete some first.`,
    });
  }
  if ((used?.depth ?? 0) + deep > DEEPEST) throw tooDeep();
}

export async function renameFolder(ctx: Ctx, id: string, name: string): Promise<Folder> {
  return unit(ctx, async (inner) => {
    const row = await loadFolder(inner, id, "write");
    const keys = await keysOf(inner);
    await write(
      inner,
      db
        .updateTable("folder")
        .set({ name: keys.seal(folderNameCell(id), name) })
        .where("folder_id", "=", id),
    );
    record(inner, {
      event: "folder.changed",
      resource: { type: "folder", id },
      changes: openFolderName(keys, row) === name ? {} : { name: [redacted, redacted] },
    });
    return getFolder(inner, id);
  });
}

/** Moves a folder with all that lies in it. See `checkMove`. */
export async function moveFolder(ctx: Ctx, id: string, parent: string | null): Promise<Folder> {
  return unit(ctx, async (inner) => {
    await checkMove(inner, "folder", id, parent);
    const row = await loadFolder(inner, id, "write");
    await write(inner, db.updateTable("folder").set({ parent_id: parent }).where("folder_id", "=", id));
    record(inner, {
      event: "folder.moved",
      resource: { type: "folder", id },
      changes: { parent: [row.parent_id, parent] },
    });
    tellOfDocuments(inner);
    const keys = await keysOf(inner);
    // Whoever moved what is not theirs may have moved it out of their own sight.
    return getFolder(inner, id).catch(() => ({ ...folderView(keys, row, memberOf(inner)), parent: null }));
  });
}
