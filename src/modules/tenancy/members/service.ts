import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { allows, holdsAll, rightsOf } from "../../../kernel/permissions.ts";
import { endKeysOf } from "../../identity/keys/service.ts";
import { openAddress, openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { actAlone, withRights } from "../../identity/roles/acting.ts";
import { nameOfRole, roleNamed, roleWords } from "../../identity/roles/service.ts";
import { endSessions } from "../../identity/sessions/service.ts";
import { forgetFailures } from "../../identity/sign-in/lockout.ts";

export interface MemberSummary {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  /** A built-in role, `support`, or the id of a custom one. */
  readonly role: string;
  /** What people call the role. */
  readonly roleName: string;
  /** `removed`: has left, and something that they own is still here. */
  readonly status: "active" | "suspended" | "removed";
  readonly lastSignInAt: string | null;
}

/**
 * Everyone who is a member now, in order of joining, the operator's staff only while their grant is in force; for whoever
 * may hand it over, also who has left something behind. Addresses are shown to those who manage members.
 */
export async function listMembers(ctx: Ctx): Promise<MemberSummary[]> {
  const words = await roleWords(ctx);
  const handsOver = allows(standingOf(ctx), "member.hand-over");
  const [rows] = await read(
    ctx,
    db
      .selectFrom("member")
      .select(["member_id", "name", "address", "role", "role_id", "status", "last_sign_in_at"])
      .where((on) => on.or([on("status", "<>", "removed"), ...(handsOver ? [ownsSomething] : [])]))
      .where((on) => on.or([on("role", "<>", "support"), on("member_id", "in", guestsInForce(ctx.clock()))]))
      .orderBy("created_at")
      .orderBy("member_id")
      .limit(5000),
  );
  const keys = await keysOf(ctx);
  const manages = allows(standingOf(ctx), "member.invite");
  return rows.map((row) => ({
    id: row.member_id,
    name: openName(keys, row),
    address: manages || row.member_id === standingOf(ctx).memberId ? openAddress(keys, row) : "",
    role: nameOfRole(row),
    roleName: words(row),
    status: row.status,
    lastSignInAt: manages ? (row.last_sign_in_at?.toISOString() ?? null) : null,
  }));
}

const ownsSomething = sql<boolean>`(
  exists (select from document d where d.tenant_id = member.tenant_id and d.owner_id = member.member_id)
  or exists (select from folder f where f.tenant_id = member.tenant_id and f.owner_id = member.member_id)
  or exists (select from chat c where c.tenant_id = member.tenant_id and c.owner_id = member.member_id))`;

const guestsInForce = (now: Date) =>
  db
    .selectFrom("support_guest as g")
    .innerJoin("support_grant as f", (on) =>
      on.onRef("f.tenant_id", "=", "g.tenant_id").onRef("f.grant_id", "=", "g.grant_id"),
    )
    .select("g.member_id")
    .where("f.ended_at", "is", null)
    .where("f.until", ">", now);

/** Gives a member another role, at most one's own. Throws `forbidden`, `last_owner`, `not_found`. */
export async function changeRole(ctx: Ctx, memberId: string, name: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const member = await loadManaged(inner, memberId);
    const given = await roleNamed(inner, name);
    const { permissions, tenantKind } = standingOf(inner);
    if (!holdsAll(permissions, rightsOf(given, tenantKind)))
      throw appError("forbidden", { message: "You cannot give more than you hold." });
    if (member.role === "owner" && given.role !== "owner") await keepAnOwner(inner, memberId);
    await write(
      inner,
      db
        .updateTable("member")
        .set({ role: given.role, role_id: given.roleId })
        .where("member_id", "=", memberId),
    );
    const words = await roleWords(inner);
    const said = (row: { role: string; role_id: string | null }) =>
      row.role_id === null ? row.role : words(row);
    const role = said({ role: given.role, role_id: given.roleId });
    record(inner, {
      event: "member.role-changed",
      resource: { type: "member", id: memberId },
      changes: { role: [said(member), role] },
    });
    if (memberId !== memberOf(inner))
      await notify(inner, memberId, "role-changed", { role, by: await nameOf(inner) });
  });
}

/** What the acting member is called. */
async function nameOf(ctx: Ctx): Promise<string> {
  const self = db.selectFrom("member").select(["member_id", "name"]).where("member_id", "=", memberOf(ctx));
  const row = await readOne(ctx, self);
  return row ? openName(await keysOf(ctx), row) : "";
}

/** Suspends a member: sessions and API keys end, sign-in is refused, everything of theirs stays. */
export async function suspendMember(ctx: Ctx, memberId: string): Promise<void> {
  await changeStatus(ctx, memberId, "suspended", "member.suspended");
}

export async function reinstateMember(ctx: Ctx, memberId: string): Promise<void> {
  await changeStatus(ctx, memberId, "active", "member.reinstated");
}

/** Removes a member. The address may be invited again and is then a new account. */
export async function removeMember(ctx: Ctx, memberId: string): Promise<void> {
  await changeStatus(ctx, memberId, "removed", "member.removed");
}

/** Ends the pauses after failed sign-ins, wrong codes of a second factor among them. Throws `wrong_state` for oneself. */
export async function unlockMember(ctx: Ctx, memberId: string): Promise<void> {
  await unit(ctx, async (inner) => {
    // Else whoever has only a cookie could guess codes without end.
    if (memberId === standingOf(inner).memberId)
      throw appError("wrong_state", {
        message: "Ask another admin, or use the link that was mailed to you.",
      });
    await loadManaged(inner, memberId);
    await forgetFailures(inner, memberId);
    record(inner, {
      event: "member.unlocked",
      resource: { type: "member", id: memberId },
      method: "by an admin",
    });
  });
}

async function changeStatus(
  ctx: Ctx,
  memberId: string,
  status: "active" | "suspended" | "removed",
  event: string,
): Promise<void> {
  await unit(ctx, async (inner) => {
    const member = await loadManaged(inner, memberId);
    if (member.status === status) throw appError("wrong_state");
    if (member.role === "owner" && status !== "active") await keepAnOwner(inner, memberId);
    if (status === "removed") await endUploads(inner, memberId);
    await write(
      inner,
      db
        .updateTable("member")
        .set({ status, ...(status === "removed" ? { address_hash: null } : {}) })
        .where("member_id", "=", memberId),
    );
    if (status !== "active") {
      await endSessions(inner, { memberId }, event);
      await endKeysOf(inner, memberId);
    }
    record(inner, {
      event,
      resource: { type: "member", id: memberId },
      changes: { status: [member.status, status] },
    });
  });
}

/** What they had begun to send counts no longer, and goes. Before their own row is locked: knowledge/index/numbers.ts. */
async function endUploads(ctx: Ctx, memberId: string): Promise<void> {
  const now = ctx.clock();
  const { count } = await write(
    ctx,
    db
      .updateTable("upload")
      .set({ expires_at: now })
      .where("member_id", "=", memberId)
      .where("expires_at", ">", now),
  );
  if (count > 0) await ctx.system.jobs.enqueue(ctx, "knowledge.tidy-library", tenantOf(ctx).id);
}

/** Loads a member whom the actor may manage: one who holds no more than the actor, and is not the operator's. */
export async function loadManaged(ctx: Ctx, memberId: string) {
  // One change of members at a time in a tenant: the last two owners must not demote each other at once.
  await actAlone(ctx);
  const member = await readOne(ctx, withRights(memberId));
  if (!member || member.status === "removed") throw appError("not_found");
  if (member.role === "support")
    throw appError("wrong_state", {
      message: "This is the operator's staff. End the support access instead.",
    });
  const { permissions, tenantKind } = standingOf(ctx);
  if (!holdsAll(permissions, rightsOf(member, tenantKind)))
    throw appError("forbidden", { message: "You cannot change someone who holds more than you." });
  return member;
}

async function keepAnOwner(ctx: Ctx, leaving: string): Promise<void> {
  const others = await readOne(
    ctx,
    db
      .selectFrom("member")
      .select("member_id")
      .where("role", "=", "owner")
      .where("status", "=", "active")
      .where("member_id", "<>", leaving)
      .limit(1),
  );
  if (!others) throw appError("last_owner");
}
