import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { holdsAll, type RoleOfMember, rightsOf } from "../../../kernel/permissions.ts";
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
 * to everybody whom the removed member did not share it with. Whoever owns a folder reaches, changes and shares what
 * others put into it, and a chat shows what others asked: nobody gives that away of someone who holds more than they
 * do, and those others are told. Throws `not_found`, `forbidden` for what belonged to someone who held more rights, or
 * holds what belongs to one, `wrong_state` for who is not removed, or has nothing left.
 */
export async function handOver(ctx: Ctx, from: string, to: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await actAlone(inner);
    // Many folders are locked below: one change of the tree at a time. Knowledge says in which order (index/numbers.ts).
    await write(
      inner,
      sql`update tenant_counter set value = value where tenant_id = ${tenantOf(inner).id} and counter = 'folder'`,
    );
    const [giver, taker] = [await memberRow(inner, from), await takerRow(inner, to)];
    if (!giver) throw appError("not_found");
    if (giver.status !== "removed") throw appError("wrong_state");
    const { permissions, tenantKind } = standingOf(inner);
    if (!holdsAll(permissions, rightsOf(giver, tenantKind)))
      throw appError("forbidden", { message: "They held more than you. Ask an owner to hand it over." });
    const held = await holdingsOf(inner, from);
    if (held.documents + held.folders + held.chats === 0)
      throw appError("wrong_state", { message: "There is nothing left to hand over." });
    const others = (await othersWithin(inner, from)).filter(({ member_id }) => member_id !== to);
    if (others.some((other) => !holdsAll(permissions, rightsOf(other, tenantKind))))
      throw appError("forbidden", {
        message: "Somebody who holds more than you has something in it. Ask an owner to hand it over.",
      });
    await read(
      inner,
      sql`select from document where owner_id = ${from} order by document_no for no key update`,
    );
    await giveAll(inner, from, to);
    const { groups: _, ...counts } = held;
    record(inner, {
      event: "member.handed-over",
      resource: { type: "member", id: from },
      changes: { to: [from, to], counts: [null, counts], others: [null, counted(others)] },
    });
    const keys = await keysOf(inner);
    const names = { from: openName(keys, giver), to: openName(keys, taker) };
    await notify(inner, to, "handed-over", { from: names.from, ...counts });
    for (const { member_id } of others)
      if (member_id !== memberOf(inner)) await notify(inner, member_id, "owner-changed", names);
  });
}

/** Makes everything of one member another's, in the open unit of work; nobody is asked and nobody is told. */
export async function giveAll(inner: Ctx, from: string, to: string): Promise<void> {
  for (const table of ["folder", "document", "chat"] as const)
    await write(inner, db.updateTable(table).set({ owner_id: to }).where("owner_id", "=", from));
  // What lies in the removed member's bin comes along.
  await write(inner, db.updateTable("binned").set({ owner_id: to }).where("owner_id", "=", from));
  // Nobody shares with themself.
  await write(
    inner,
    sql`
      delete from share where member_id = ${to} and (
        exists (select from document where document.document_id = share.document_id and document.owner_id = ${to})
        or exists (select from folder where folder.folder_id = share.folder_id and folder.owner_id = ${to})
        or exists (select from chat where chat.chat_id = share.chat_id and chat.owner_id = ${to}))`,
  );
}

/** Who may be given what somebody held. Throws `not_found`, `wrong_state` for who is not active. */
export async function takerRow(ctx: Ctx, memberId: string) {
  const taker = await memberRow(ctx, memberId);
  if (!taker || taker.status === "removed" || taker.role === "support") throw appError("not_found");
  if (taker.status !== "active") throw appError("wrong_state");
  return taker;
}

type Other = RoleOfMember & {
  readonly member_id: string;
  readonly documents: number;
  readonly folders: number;
  readonly questions: number;
};

/**
 * Whose documents and folders lie below a member's folders, and who asked in their chats, in the open unit of work.
 * Both are locked, so that nothing of anybody else gets there before they have another owner.
 */
async function othersWithin(ctx: Ctx, from: string): Promise<Other[]> {
  const below = sql`
    select below.folder_id from folder_above below
      join folder held on held.tenant_id = below.tenant_id and held.folder_id = below.above_id
      where held.owner_id = ${from}`;
  const [, , rows] = await read(
    ctx,
    sql`select from folder where folder_id in (${below}) order by folder_id for update`,
    sql`select from chat where owner_id = ${from} order by chat_id for update`,
    sql<Other>`
      select member.member_id, member.role, role.permissions as granted,
             sum(part.documents)::int as documents, sum(part.folders)::int as folders, sum(part.questions)::int as questions
        from (
          select owner_id, 1 as documents, 0 as folders, 0 as questions from document where folder_id in (${below})
          union all
          select owner_id, 0, 1, 0 from folder where folder_id in (${below})
          union all
          select message.member_id, 0, 0, 1 from chat
            join message on message.tenant_id = chat.tenant_id and message.chat_id = chat.chat_id
            where chat.owner_id = ${from} and message.author = 'person') part
        join member on member.member_id = part.owner_id
        left join role on role.tenant_id = member.tenant_id and role.role_id = member.role_id
        where member.member_id <> ${from}
        group by member.member_id, member.role, role.permissions`,
  );
  return rows;
}

const counted = (others: readonly Other[]) => ({
  members: others.length,
  documents: others.reduce((sum, { documents }) => sum + documents, 0),
  folders: others.reduce((sum, { folders }) => sum + folders, 0),
  questions: others.reduce((sum, { questions }) => sum + questions, 0),
});

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
