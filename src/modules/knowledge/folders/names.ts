import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { reachOf, visibleTo } from "../sharing/reach.ts";
import { openFolderName } from "./view.ts";

/** Of some folders, those that the caller reaches by owning and sharing, with what they are called. */
export async function namesOfFolders(ctx: Ctx, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("folder")
      .select(["folder_id", "name"])
      .where("folder_id", "in", ids)
      .where(visibleTo("folder", reachOf(ctx))),
  );
  const keys = await keysOf(ctx);
  return new Map(rows.map((row) => [row.folder_id, openFolderName(keys, row)]));
}
