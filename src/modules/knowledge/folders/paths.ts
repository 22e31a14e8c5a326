import { type Ctx, keysOf, memberOf } from "../../../kernel/context.ts";
import { read, unit } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { reachOf, visibleTo } from "../sharing/reach.ts";
import { accessOf } from "../sharing/view.ts";
import { lockTree } from "./moving.ts";
import { addFolder, checkParent, checkRoomIn, MOST_FOLDERS } from "./service.ts";
import { folderRows, openFolderName } from "./view.ts";

export const MOST_PATHS = 500;
const LONGEST_NAME = 200;
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * Finds or makes the folders that dropped ones need, below `parent` or at one's own top: "a/b" is b in a. A folder of
 * that name that the acting member may write is taken; of several the oldest. Answers the folder of each path.
 */
export async function makePaths(
  ctx: Ctx,
  { parent, paths }: { parent: string | null; paths: readonly string[] },
): Promise<{ path: string; id: string }[]> {
  const wanted = paths.map((path) => ({ path, names: namesIn(path) }));
  return unit(ctx, async (inner) => {
    await lockTree(inner);
    await checkParent(inner, parent);
    const known = await foldersBelow(inner);
    const key = (above: string | null, name: string) => `${above ?? ""}/${name}`;
    const missing = countMissing(wanted, parent, known, key);
    if (missing > 0)
      await checkRoomIn(inner, parent, missing, Math.max(...wanted.map(({ names }) => names.length)));
    const items: { path: string; id: string }[] = [];
    for (const { path, names } of wanted) {
      let above = parent;
      for (const name of names) {
        const there = known.get(key(above, name));
        const id = there ?? (await addFolder(inner, name, above));
        known.set(key(above, name), id);
        above = id;
      }
      items.push({ path, id: above ?? "" });
    }
    return items;
  });
}

/** The names in a path, as they can be kept. Dots that would lead elsewhere are names like any other, and none at all here. */
function namesIn(path: string): string[] {
  const names = path
    .toWellFormed()
    .split(/[/\\]/)
    .map((name) => name.replace(UNSEEN, "").trim().slice(0, LONGEST_NAME).toWellFormed().trim())
    .filter((name) => name !== "" && name !== "." && name !== "..");
  if (names.length === 0)
    throw appError("invalid_input", { fields: { paths: "A path has the name of a folder." } });
  return names;
}

function countMissing(
  wanted: readonly { names: readonly string[] }[],
  parent: string | null,
  known: ReadonlyMap<string, string>,
  key: (above: string | null, name: string) => string,
): number {
  const made = new Set<string>();
  for (const { names } of wanted) {
    let above: string | null = parent;
    for (const name of names) {
      const at: string = key(above, name);
      const there: string | undefined = known.get(at);
      if (there === undefined) made.add(at);
      above = there ?? at;
    }
  }
  return made.size;
}

/** Folders that the acting member may write, by where they lie and what they are called. */
async function foldersBelow(ctx: Ctx): Promise<Map<string, string>> {
  const reach = reachOf(ctx);
  const [rows] = await read(
    ctx,
    folderRows(reach, (folders) => folders.where(visibleTo("folder", reach)).orderBy("created_at", "desc"))
      .orderBy("folder.created_at", "desc")
      .limit(MOST_FOLDERS),
  );
  const keys = await keysOf(ctx);
  const me = memberOf(ctx);
  return new Map(
    rows
      .filter((row) => accessOf(row, me) !== "read" && (row.parent_id !== null || row.owner_id === me))
      .map((row) => [`${row.parent_id ?? ""}/${openFolderName(keys, row)}`, row.folder_id]),
  );
}
