import { type RawBuilder, sql } from "kysely";
import { type Ctx, memberOf, standingOf } from "../../../kernel/context.ts";
import { readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { allows } from "../../../kernel/permissions.ts";
import { loadDocument } from "../documents/access.ts";
import { takeNumbers } from "../index/numbers.ts";
import { grantsIn, grantsOnDocument } from "../sharing/reach.ts";
import { loadFolder } from "./access.ts";

/** How many folders lie in each other at most. */
export const DEEPEST = 20;

/** One change of the tree at a time in a workspace: two moves that are fine alone could make a circle together. */
export const lockTree = (ctx: Ctx): Promise<number> => takeNumbers(ctx, "folder", 1);

/**
 * Whether the acting member may move an object into `target`, or to the top (null), in the open unit of work. They need
 * to write both. Out of all folders it is moved by its owner, or by the owner of a folder above it, which then no
 * longer holds it. A move that lets somebody see or write what they could not before is sharing: only the owner's, with
 * the right to share. Throws `not_found`, `forbidden`, `wrong_state`.
 */
export async function checkMove(
  ctx: Ctx,
  kind: "document" | "folder",
  id: string,
  target: string | null,
): Promise<void> {
  await lockTree(ctx);
  const me = memberOf(ctx);
  const load = kind === "document" ? loadDocument : loadFolder;
  const object = await load(ctx, id, "write");
  if (target === null) {
    // A key that is bound to a folder would move it out of its own reach.
    if (standingOf(ctx).folderId !== null) throw appError("forbidden", { message: OUTSIDE });
    if (object.owner_id !== me && !(await holdsFolderAbove(ctx, kind, id)))
      throw appError("forbidden", { message: "Only its owner can move it out of this folder." });
    return;
  }
  await loadFolder(ctx, target, "write");
  if (kind === "folder") await checkDepth(ctx, id, target);
  if (!(await widens(ctx, kind, id, target))) return;
  if (object.owner_id !== me || !allows(standingOf(ctx), `${kind}.share`))
    throw appError("forbidden", { message: "There, others would see it. Only its owner can share it." });
}

export const OUTSIDE = "This API key works in one folder. Name that folder, or one in it.";

async function holdsFolderAbove(ctx: Ctx, kind: "document" | "folder", id: string): Promise<boolean> {
  const place =
    kind === "document"
      ? sql`(select folder_id from document where document_id = ${id})`
      : sql`(select parent_id from folder where folder_id = ${id})`;
  const found = await readOne(
    ctx,
    sql<{ held: boolean }>`
      select exists (select from folder_above up join folder on folder.tenant_id = up.tenant_id and folder.folder_id = up.above_id
                      where up.folder_id = ${place} and folder.owner_id = ${memberOf(ctx)}) as held`,
  );
  return found?.held ?? false;
}

/** Throws `wrong_state` when a folder would lie in itself, or too deep. */
async function checkDepth(ctx: Ctx, id: string, target: string): Promise<void> {
  const found = await readOne(
    ctx,
    sql<{ circle: boolean; depth: number }>`
      select exists (select from folder_above where folder_id = ${target} and above_id = ${id}) as circle,
             (select count(*) from folder_above where folder_id = ${target})::int
               + (select max(depth) from (
                    select count(*) as depth from folder_above inside
                      join folder_above up on up.tenant_id = inside.tenant_id and up.folder_id = inside.folder_id
                      join folder_above within on within.tenant_id = up.tenant_id and within.folder_id = up.above_id
                      where inside.above_id = ${id} and within.above_id = ${id}
                      group by inside.folder_id) of_each)::int as depth`,
  );
  if (found?.circle) throw appError("wrong_state", { message: "A folder cannot lie in itself." });
  if ((found?.depth ?? 0) > DEEPEST) throw tooDeep();
}

export const tooDeep = () =>
  appError("wrong_state", { message: `Folders lie in each other at most ${DEEPEST} deep.` });

/**
 * Whether somebody would reach an object in `target` who does not reach it now, or not as far; or could let others
 * reach it, as the owner of a folder above it can, and cannot now.
 */
async function widens(ctx: Ctx, kind: "document" | "folder", id: string, target: string): Promise<boolean> {
  const now =
    kind === "document"
      ? sql`select 'write' as access, document.owner_id as member_id, null::uuid as group_id
              from document where document_id = ${id}
            union all
            select granted.access, granted.member_id, granted.group_id
              from document cross join lateral (${grantsOnDocument()}) granted where document.document_id = ${id}`
      : grantsIn(sql`${id}::uuid`);
  const holders =
    kind === "document"
      ? sql`select owner_id from document where document_id = ${id}
            union ${ownersAbove(sql`(select folder_id from document where document_id = ${id})`)}`
      : ownersAbove(sql`${id}`);
  const found = await readOne(
    ctx,
    sql<{ wider: boolean }>`
      select exists (
        select from (${grantsIn(sql`${target}::uuid`)}) there
          where not exists (
            select from (${now}) here
              where (here.access = 'write' or there.access = 'read')
                and ((here.member_id is not distinct from there.member_id and here.group_id is not distinct from there.group_id)
                  or (here.member_id is null and here.group_id is null))))
        or exists (${ownersAbove(sql`${target}`)} except (${holders})) as wider`,
  );
  return found?.wider ?? true;
}

/** Whoever owns a folder, or one above it: they can share all that lies in it. */
const ownersAbove = (folder: RawBuilder<unknown>) => sql`
  select holder.owner_id from folder_above up
    join folder holder on holder.tenant_id = up.tenant_id and holder.folder_id = up.above_id
    where up.folder_id = ${folder}`;

/** Whether others than the acting member would reach what they put into a folder. */
export async function isShared(ctx: Ctx, folder: string): Promise<boolean> {
  const found = await readOne(
    ctx,
    sql<{ shared: boolean }>`
      select exists (select from (${grantsIn(sql`${folder}::uuid`)}) there
                      where there.member_id is distinct from ${memberOf(ctx)}) as shared`,
  );
  return found?.shared ?? true;
}
