import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne } from "../../../kernel/database/unit.ts";

export const groupNameCell = (id: string) => ({ table: "member_group", column: "name", row: id });

/** What a group is called; null when there is none of this id. */
export async function groupNameOf(ctx: Ctx, id: string): Promise<string | null> {
  const row = await readOne(
    ctx,
    db.selectFrom("member_group").select(["group_id", "name"]).where("group_id", "=", id),
  );
  return row ? (await keysOf(ctx)).openText(groupNameCell(id), row.name) : null;
}
