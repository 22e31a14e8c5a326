import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { holdsAll, rightsOf } from "../../../kernel/permissions.ts";
import { openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { actAlone } from "../../identity/roles/acting.ts";

export interface Holdings {
  readonly documents: number;
  readonly folders: number;
  readonly chats: number;
  readonly groups: number;
}

/** How much belongs to a member, removed or not, and to how many groups they belong. Throws `not_found`. */
export async function holdingsOf(ctx: Ctx, memberId: string): Promise<Holdings> {
  const found = await readOne(
    ctx,
    sql<Holdings>`
      select (select count(*) from document where owner_id = m.member_id)::int as documents,
             (select count(*) from folder where owner_id = m.member_id)::int as folders,
             (select count(*) from chat where owner_id = m.member_id)::int as chats,
             (select count(*) from group_member g where g.member_id = m.member_id)::int as groups
        from member m where m.tenant_id = ${tenantOf(ctx).id} and m.member_id = ${memberId}`,
  );
  if (!found) throw appError("not_found");
  return found;
}

/**
 * Gives everything of a removed member to an active one; who it is shared with stays as it is. Until then it is closed
 * to everybody whom the removed member did not share it with. Throws `not_found`, `forbidden` for what belonged to
 * someone who held more rights, `wrong_state` for who is not removed, or has nothing left.
 */
export async function handOver(ctx: Ctx, from: string, to: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await actAlone(inner);
    const [giver, taker] = [await memberRow(inner, from), await memberRow(inner, to)];
    if (!giver || !taker || taker.status === "removed" || taker.role === "support")
      throw appError("not_found");
    if (giver.status !== "removed" || taker.status !== "active") throw appError("wrong_state");
    const { permissions, tenantKind } = standingOf(inner);
    if (!holdsAll(permissions, rightsOf(giver, tenantKind)))
      throw appError("forbidden", { message: "They held more than you. Ask an owner to hand it over." });
    const held = await holdingsOf(inner, from);
    if (held.documents + held.folders + held.chats === 0)
      throw appError("wrong_state", { message: "There is nothing left to hand over." });
    for (const table of ["document", "folder", "chat"] as const)
      await write(inner, db.updateTable(table).set({ owner_id: to }).where("owner_id", "=", from));
    // Nobody shares with themself.
    await write(
      inner,
      sql`
        delete from share where member_id = ${to} and (
          exists (select from document where document.document_id = share.document_id and document.owner_id = ${to})
          or exists (select from folder where folder.folder_id = share.folder_id and folder.owner_id = ${to})
          or exists (select from chat where chat.chat_id = share.chat_id and chat.owner_id = ${to}))`,
    );
    const { groups: _, ...counts } = held;
    record(inner, {
      event: "member.handed-over",
      resource: { type: "member", id: from },
      changes: { to: [from, to], counts: [null, counts] },
    });
    await notify(inner, to, "handed-over", { from: openName(await keysOf(inner), giver), ...counts });
  });
}

const memberRow = (ctx: Ctx, id: string) =>
  readOne(
    ctx,
    db
      .selectFrom("member")
      .leftJoin("role", (on) =>
        on.onRef("role.tenant_id", "=", "member.tenant_id").onRef("role.role_id", "=", "member.role_id"),
      )
      .where("member.member_id", "=", id)
      .select([
        "member.member_id",
        "member.name",
        "member.status",
        "member.role",
        "role.permissions as granted",
      ]),
  );
