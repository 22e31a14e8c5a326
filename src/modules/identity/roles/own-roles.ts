import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { holdsAll, permissions, rightsOf, roles } from "../../../kernel/permissions.ts";
import { actAlone } from "./acting.ts";
import { MOST_ROLES, openRoleName, roleNameCell } from "./service.ts";

export interface OwnRole {
  readonly id: string;
  readonly name: string;
  readonly permissions: string[];
  /** How many have it now. */
  readonly members: number;
  /** Whether it holds no more than who asks. */
  readonly mayChange: boolean;
}

/** The tenant's own roles, by name. */
export async function listOwnRoles(ctx: Ctx): Promise<OwnRole[]> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("role as r")
      .select((on) => [
        "r.role_id",
        "r.name",
        "r.permissions",
        on
          .selectFrom("member as m")
          .select(on.fn.countAll<string>().as("n"))
          .whereRef("m.tenant_id", "=", "r.tenant_id")
          .whereRef("m.role_id", "=", "r.role_id")
          .where("m.status", "<>", "removed")
          .as("members"),
      ])
      .limit(MOST_ROLES),
  );
  const keys = await keysOf(ctx);
  const { tenantKind, permissions: mine } = standingOf(ctx);
  return rows
    .map((row) => {
      const rights = rightsOf({ role: "custom", granted: row.permissions }, tenantKind);
      return {
        id: row.role_id,
        name: openRoleName(keys, row),
        permissions: [...rights].sort(),
        members: Number(row.members),
        mayChange: holdsAll(mine, rights),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/** Makes a role of at most one's own rights. Throws `forbidden`, `name_taken`, `invalid_input`, `quota`. */
export async function createRole(
  ctx: Ctx,
  name: string,
  granted: readonly string[],
): Promise<{ id: string }> {
  return unit(ctx, async (inner) => {
    await actAlone(inner);
    const chosen = chosenBy(inner, granted);
    const keys = await keysOf(inner);
    const id = newId();
    const now = inner.clock();
    const [there] = await read(inner, sql<{ n: number }>`select count(*)::int as n from role`);
    if ((there[0]?.n ?? 0) >= MOST_ROLES)
      throw appError("quota", { message: `A workspace has at most ${MOST_ROLES} roles of its own.` });
    const { count } = await write(
      inner,
      db
        .insertInto("role")
        .values({
          tenant_id: tenantOf(inner).id,
          role_id: id,
          ...named(keys, id, name),
          permissions: chosen,
          created_at: now,
          updated_at: now,
        })
        .onConflict((on) => on.doNothing()),
    );
    if (count === 0) throw appError("name_taken", { fields: { name: "Choose another name." } });
    record(inner, {
      event: "role.created",
      resource: { type: "role", id },
      changes: { name: [null, name], permissions: [null, chosen] },
    });
    return { id };
  });
}

/**
 * Changes a role for everyone who has it, from their next request on. Nobody changes a role that holds more than they
 * do, or makes it hold more. Throws `not_found`, `forbidden`, `name_taken`, `invalid_input`, `in_use`
 * (`checkNothingLeft`).
 */
export async function changeOwnRole(
  ctx: Ctx,
  id: string,
  to: { name?: string | undefined; permissions?: readonly string[] | undefined },
): Promise<void> {
  await unit(ctx, async (inner) => {
    await actAlone(inner);
    const before = await loadOwnRole(inner, id);
    const keys = await keysOf(inner);
    const chosen = to.permissions ? chosenBy(inner, to.permissions) : before.permissions;
    if (before.permissions.some((key) => !chosen.includes(key))) await checkNothingLeft(inner, id);
    const name = to.name ?? before.name;
    if (name !== before.name && (await isTaken(inner, keys, id, name)))
      throw appError("name_taken", { fields: { name: "Choose another name." } });
    await write(
      inner,
      db
        .updateTable("role")
        .set({ ...named(keys, id, name), permissions: chosen, updated_at: inner.clock() })
        .where("role_id", "=", id),
    );
    record(inner, {
      event: "role.changed",
      resource: { type: "role", id },
      changes: {
        ...(to.name === undefined ? {} : { name: [before.name, name] as const }),
        ...(to.permissions ? { permissions: [before.permissions, chosen] as const } : {}),
      },
    });
  });
}

/** Deletes a role that nobody has and that no open invitation names. Throws `not_found`, `forbidden`, `in_use`. */
export async function deleteRole(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await actAlone(inner);
    const before = await loadOwnRole(inner, id);
    // Waits for whoever is giving this role right now, and keeps others from beginning to (`roleNamed`).
    await read(inner, sql`select 1 from role where role_id = ${id} for update`);
    const now = inner.clock();
    const [[member], [invitation]] = await read(
      inner,
      db
        .selectFrom("member")
        .select("member_id")
        .where("role_id", "=", id)
        .where("status", "<>", "removed")
        .limit(1),
      db
        .selectFrom("invitation")
        .select("invitation_id")
        .where("role_id", "=", id)
        .where("accepted_at", "is", null)
        .where("revoked_at", "is", null)
        .where("expires_at", ">", now)
        .limit(1),
    );
    if (member || invitation) throw appError("in_use");
    await checkNothingLeft(inner, id);
    // What is over only remembers the role; the audit log does that, too.
    const none = { role: "viewer" as const, role_id: null };
    await write(
      inner,
      db.updateTable("member").set(none).where("role_id", "=", id).where("status", "=", "removed"),
    );
    const revoked = sql<Date>`case when accepted_at is null then coalesce(revoked_at, ${now}) else revoked_at end`;
    await write(
      inner,
      db
        .updateTable("invitation")
        .set({ ...none, revoked_at: revoked })
        .where("role_id", "=", id),
    );
    await write(inner, db.deleteFrom("role").where("role_id", "=", id));
    record(inner, {
      event: "role.deleted",
      resource: { type: "role", id },
      changes: { name: [before.name, null], permissions: [before.permissions, null] },
    });
  });
}

/**
 * What a removed member held is handed over only by who holds as much as they did, and their role is what says how
 * much that was: while something is left, the role loses nothing. Throws `in_use`.
 */
async function checkNothingLeft(ctx: Ctx, id: string): Promise<void> {
  const held = await readOne(
    ctx,
    sql<{ left: boolean }>`
      select exists (
        select from member m where m.role_id = ${id} and m.status = 'removed' and (
          exists (select from document where document.owner_id = m.member_id)
          or exists (select from folder where folder.owner_id = m.member_id)
          or exists (select from chat where chat.owner_id = m.member_id))) as left`,
  );
  if (held?.left)
    throw appError("in_use", {
      message: "Something still belongs to a removed member who had this role. Hand that over first.",
    });
}

/** Loads a role that the actor may change: one that holds no more than they do. */
async function loadOwnRole(ctx: Ctx, id: string): Promise<{ name: string; permissions: string[] }> {
  const row = await readOne(
    ctx,
    db.selectFrom("role").select(["role_id", "name", "permissions"]).where("role_id", "=", id),
  );
  if (!row) throw appError("not_found");
  const { permissions: mine, tenantKind } = standingOf(ctx);
  if (!holdsAll(mine, rightsOf({ role: "custom", granted: row.permissions }, tenantKind)))
    throw appError("forbidden", { message: "You cannot change a role that holds more than you." });
  return { name: openRoleName(await keysOf(ctx), row), permissions: row.permissions };
}

/**
 * The permissions as they are kept: each declared, in this kind of tenant, and held by who gives it. Those that every
 * role has anyway are not kept.
 */
function chosenBy(ctx: Ctx, granted: readonly string[]): string[] {
  const { permissions: mine, tenantKind } = standingOf(ctx);
  const declared = new Map(permissions().map((p) => [p.key, p]));
  const wanted = rightsOf({ role: "custom", granted }, tenantKind);
  const strange = granted.filter((key) => !wanted.has(key));
  if (strange.length > 0)
    throw appError("invalid_input", {
      fields: { permissions: `There is no permission called ${strange.slice(0, 3).join(", ")} here.` },
    });
  if (!holdsAll(mine, wanted))
    throw appError("forbidden", { message: "You cannot give more than you hold." });
  return [...wanted].filter((key) => !declared.get(key)?.always).sort();
}

const named = (keys: TenantKeys, id: string, name: string) => ({
  name: keys.seal(roleNameCell(id), name),
  name_hash: nameHash(keys, name),
});

/** Names that look alike in any case and any Unicode form are one; those of the built-in roles are taken. */
function nameHash(keys: TenantKeys, name: string): Buffer {
  const plain = name.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
  if (RESERVED.has(plain))
    throw appError("name_taken", { fields: { name: "A role of every workspace has it." } });
  return keys.lookup("role.name", plain);
}

const RESERVED = new Set<string>([...roles, "support", "custom", "operator's staff"]);

async function isTaken(ctx: Ctx, keys: TenantKeys, id: string, name: string): Promise<boolean> {
  const other = db
    .selectFrom("role")
    .select("role_id")
    .where("name_hash", "=", nameHash(keys, name))
    .where("role_id", "<>", id);
  return (await readOne(ctx, other)) !== undefined;
}
