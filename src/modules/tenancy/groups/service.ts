import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { openName } from "../../identity/members.ts";
import { groupNameCell, groupNameOf } from "./names.ts";

export const groupQuotas = { groups: 200, members: 1000 } as const;

export interface GroupSummary {
  readonly id: string;
  readonly name: string;
  readonly members: number;
  /** Whether the reader belongs to it. */
  readonly mine: boolean;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly members: { readonly id: string; readonly name: string }[];
}

/** All groups, oldest first. */
export async function listGroups(ctx: Ctx): Promise<GroupSummary[]> {
  const [rows] = await read(
    ctx,
    sql<{ group_id: string; name: Buffer; members: number; mine: boolean }>`
      select g.group_id, g.name, count(m.member_id)::int as members,
             coalesce(bool_or(m.member_id = ${memberOf(ctx)}), false) as mine
        from member_group g left join group_member m on m.tenant_id = g.tenant_id and m.group_id = g.group_id
        where g.tenant_id = ${tenantOf(ctx).id}
        group by g.group_id, g.name, g.created_at
        order by g.created_at, g.group_id`,
  );
  const keys = await keysOf(ctx);
  return rows.map(({ group_id: id, name, members, mine }) => ({
    id,
    name: keys.openText(groupNameCell(id), name),
    members,
    mine,
  }));
}

/** A group with its members. Throws `not_found`. */
export async function getGroup(ctx: Ctx, id: string): Promise<Group> {
  const [name, [rows]] = await Promise.all([
    groupNameOf(ctx, id),
    read(
      ctx,
      db
        .selectFrom("group_member")
        .innerJoin("member", (on) =>
          on
            .onRef("member.tenant_id", "=", "group_member.tenant_id")
            .onRef("member.member_id", "=", "group_member.member_id"),
        )
        .where("group_member.group_id", "=", id)
        .orderBy("member.created_at")
        .orderBy("member.member_id")
        .select(["member.member_id", "member.name"]),
    ),
  ]);
  if (name === null) throw appError("not_found");
  const keys = await keysOf(ctx);
  return { id, name, members: rows.map((row) => ({ id: row.member_id, name: openName(keys, row) })) };
}

/** Makes a group without members. Throws `name_taken`, `quota`. */
export async function createGroup(ctx: Ctx, name: string): Promise<{ id: string }> {
  return unit(ctx, async (inner) => {
    await lockGroups(inner);
    const keys = await keysOf(inner);
    const used = await readOne(inner, sql<{ n: number }>`select count(*)::int as n from member_group`);
    if ((used?.n ?? 0) >= groupQuotas.groups)
      throw appError("quota", {
        message: `This workspace has its ${groupQuotas.groups} groups. Delete one first.`,
      });
    const id = newId();
    await checkName(inner, keys, id, name);
    await write(
      inner,
      db.insertInto("member_group").values({
        tenant_id: tenantOf(inner).id,
        group_id: id,
        name: keys.seal(groupNameCell(id), name),
        name_hash: nameHash(keys, name),
        created_at: inner.clock(),
      }),
    );
    record(inner, {
      event: "group.created",
      resource: { type: "group", id },
      changes: { name: [null, name] },
    });
    return { id };
  });
}

/** Throws `not_found`, `name_taken`. */
export async function renameGroup(ctx: Ctx, id: string, name: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await lockGroups(inner);
    const before = await groupNameOf(inner, id);
    if (before === null) throw appError("not_found");
    const keys = await keysOf(inner);
    await checkName(inner, keys, id, name);
    await write(
      inner,
      db
        .updateTable("member_group")
        .set({ name: keys.seal(groupNameCell(id), name), name_hash: nameHash(keys, name) })
        .where("group_id", "=", id),
    );
    record(inner, {
      event: "group.changed",
      resource: { type: "group", id },
      changes: { name: [before, name] },
    });
  });
}

/** Deletes a group: what was shared with it is at once shared with nobody. */
export async function deleteGroup(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await lockGroups(inner);
    const name = await groupNameOf(inner, id);
    if (name === null) throw appError("not_found");
    await write(inner, db.deleteFrom("member_group").where("group_id", "=", id));
    record(inner, {
      event: "group.deleted",
      resource: { type: "group", id },
      changes: { name: [name, null] },
    });
  });
}

/**
 * Adds and removes members; what is shared with the group is theirs, or no longer theirs, from the next request on.
 * Nobody adds themself to a group with which others have shared something: that would be a way to it that its owners
 * are not told of. Throws `not_found`, `forbidden`, `quota`.
 */
export async function changeMembers(
  ctx: Ctx,
  id: string,
  { add, remove }: { add: readonly string[]; remove: readonly string[] },
): Promise<void> {
  await unit(ctx, async (inner) => {
    await lockGroups(inner);
    if ((await groupNameOf(inner, id)) === null) throw appError("not_found");
    const before = await idsOf(inner, id);
    const me = memberOf(inner);
    if (add.includes(me) && !before.has(me) && (await holdsOthersShares(inner, id)))
      throw appError("forbidden", {
        message: "Others have shared with this group. Ask another admin to add you to it.",
      });
    const everyone = await membersAmong(inner, [...add, ...remove]);
    for (const id of add) if (!everyone.get(id)?.mayJoin) throw appError("not_found");
    for (const id of remove) if (!everyone.has(id)) throw appError("not_found");
    await write(
      inner,
      sql`delete from group_member where group_id = ${id} and member_id = any(${[...remove]}::uuid[])`,
    );
    await write(
      inner,
      sql`insert into group_member (tenant_id, group_id, member_id)
        select ${tenantOf(inner).id}::uuid, ${id}::uuid, member_id from unnest(${[...add]}::uuid[]) as added (member_id)
        on conflict do nothing`,
    );
    const after = await idsOf(inner, id);
    if (after.size > groupQuotas.members)
      throw appError("quota", { message: `A group has at most ${groupQuotas.members} members.` });
    record(inner, {
      event: "group.members-changed",
      resource: { type: "group", id },
      changes: {
        added: [null, [...after.difference(before)]],
        removed: [[...before.difference(after)], null],
      },
    });
  });
}

/** Who of these is, or was, a member of the workspace; those who left may be taken out of a group, and not added. */
async function membersAmong(ctx: Ctx, ids: readonly string[]): Promise<Map<string, { mayJoin: boolean }>> {
  const [rows] = await read(
    ctx,
    sql<{ member_id: string; may_join: boolean }>`
      select member_id, status <> 'removed' and role <> 'support' as may_join from member
        where member_id = any(${[...new Set(ids)]}::uuid[])`,
  );
  return new Map(rows.map((row) => [row.member_id, { mayJoin: row.may_join }]));
}

async function idsOf(ctx: Ctx, id: string): Promise<Set<string>> {
  const [rows] = await read(
    ctx,
    db.selectFrom("group_member").where("group_id", "=", id).select("member_id"),
  );
  return new Set(rows.map((row) => row.member_id));
}

async function holdsOthersShares(ctx: Ctx, id: string): Promise<boolean> {
  const found = await readOne(
    ctx,
    db
      .selectFrom("share")
      .where("group_id", "=", id)
      .where("created_by", "<>", memberOf(ctx))
      .limit(1)
      .select("share_id"),
  );
  return found !== undefined;
}

// One change of groups at a time in a workspace: for the counts, the names, and what a membership is about to open.
const lockGroups = (ctx: Ctx) =>
  read(ctx, sql`select 1 from tenant where tenant_id = ${tenantOf(ctx).id} for no key update`);

const nameHash = (keys: TenantKeys, name: string): Buffer =>
  keys.lookup("member_group.name", name.normalize("NFKC").toLowerCase());

async function checkName(ctx: Ctx, keys: TenantKeys, id: string, name: string): Promise<void> {
  const taken = await readOne(
    ctx,
    db
      .selectFrom("member_group")
      .select("group_id")
      .where("name_hash", "=", nameHash(keys, name))
      .where("group_id", "<>", id),
  );
  if (taken) throw appError("name_taken");
}
