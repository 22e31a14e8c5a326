import { type Ctx, memberOf } from "../../../kernel/context.ts";
import { db, prepare } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { settleOpened } from "../../tenancy/openings/reading.ts";
import { isReached, type Reach, reachOf } from "../sharing/reach.ts";
import { demandAccess } from "../sharing/view.ts";
import { type FolderRow, folderRows } from "./view.ts";

/**
 * Loading is authorizing, as `loadDocument`. For "write" and "own" the row is locked, so that it is not deleted
 * meanwhile.
 */
export async function loadFolder(ctx: Ctx, id: string, to: "read" | "write" | "own"): Promise<FolderRow> {
  const { memberId, now } = reachOf(ctx);
  const load = byId({ id, memberId, now });
  const [rows] = to === "read" ? await read(ctx, load) : (await read(ctx, lock({ id }), load)).slice(1);
  const [row] = await settleOpened(ctx, "folder", rows as FolderRow[], (found) => found.folder_id);
  if (!row) throw appError("not_found");
  demandAccess(row, memberOf(ctx), to);
  return row;
}

const byId = prepare(({ id, memberId, now }: { id: string } & Omit<Reach, "opened">) => {
  const reach = { memberId, now, opened: true };
  return folderRows(reach, (folders) => folders.where("folder.folder_id", "=", id)).where(
    isReached("folder", reach),
  );
});
const lock = prepare(({ id }: { id: string }) =>
  db.selectFrom("folder").where("folder_id", "=", id).select("folder_id").forUpdate(),
);
