import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { crossInto, read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { addressCell, nameCell, openAddress, openName, tenantNameCell } from "../../identity/members.ts";
import { type OpenSession, startSession } from "../../identity/sessions/service.ts";
import { foreignContext } from "../tenants/service.ts";
import { reasonCell } from "./service.ts";

/** So long one entry lasts at most; the grant itself may allow another. */
const LONGEST_MS = 8 * 3_600_000;

export interface OpenGrant {
  readonly id: string;
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string };
  readonly reason: string;
  readonly until: string;
}

interface GrantRow {
  readonly grant_id: string;
  readonly tenant_id: string;
  readonly slug: string;
  readonly until: Date;
}

/** The workspaces that let the operator's staff in now. For the operator's own workspace: anywhere else it is empty. */
export async function listOpenGrants(ctx: Ctx): Promise<OpenGrant[]> {
  const rows = await grantsInForce(ctx);
  const items: OpenGrant[] = [];
  for (const { grant_id: id, tenant_id: tenantId, slug, until } of rows) {
    const there = foreignContext(ctx, tenantId, slug);
    const [[grant], [tenant]] = await read(
      there,
      db.selectFrom("support_grant").select("reason").where("grant_id", "=", id),
      db.selectFrom("tenant").select("name"),
    );
    if (!grant || !tenant) continue;
    const keys = await keysOf(there);
    const name = keys.openText(tenantNameCell(tenantId), tenant.name);
    const reason = keys.openText(reasonCell(id), grant.reason);
    items.push({ id, tenant: { id: tenantId, slug, name }, reason, until: until.toISOString() });
  }
  return items;
}

/**
 * Enters a workspace under its grant: as a guest of role `support`, in a session that ends with the grant, and with the
 * session from which they come. Recorded in
 * the operator's audit log and in the workspace's own, in one transaction. Answers the guest's session and a context in
 * that workspace. Throws `not_found` when there is no such grant any more.
 */
export async function enterTenant(ctx: Ctx, grantId: string): Promise<{ there: Ctx; session: OpenSession }> {
  let session: OpenSession | null = null;
  const there = await unit(ctx, async (inner) => {
    const grant = (await grantsInForce(inner)).find((g) => g.grant_id === grantId);
    if (!grant) throw appError("not_found");
    const staff = await staffOf(inner);
    const other = foreignContext(ctx, grant.tenant_id, grant.slug);
    record(inner, {
      event: "support.entered",
      resource: { type: "support-grant", id: grantId },
      changes: { workspace: [null, grant.slug], until: [null, grant.until.toISOString()] },
    });
    await crossInto(inner, other, async (tenant) => {
      session = await openGuest(tenant, grantId, staff);
    });
    return other;
  });
  if (!session) throw new Error("nobody entered");
  return { there, session };
}

/** Who comes, as the operator's own workspace knows them, with the second factor that their session there proved. */
interface Staff {
  readonly id: string;
  readonly sessionId: string;
  readonly name: string;
  readonly address: string;
  readonly factor: "totp" | "passkey" | "recovery-code" | null;
  readonly factorAt: Date | null;
}

async function staffOf(ctx: Ctx): Promise<Staff> {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  const [[member], [session]] = await read(
    ctx,
    db.selectFrom("member").select(["member_id", "name", "address"]).where("member_id", "=", memberOf(ctx)),
    db.selectFrom("session").select(["factor", "factor_at"]).where("session_id", "=", ctx.actor.sessionId),
  );
  if (!member || !session) throw appError("signed_out");
  const keys = await keysOf(ctx);
  return {
    id: member.member_id,
    sessionId: ctx.actor.sessionId,
    name: openName(keys, member),
    address: openAddress(keys, member),
    factor: session.factor,
    factorAt: session.factor_at,
  };
}

/** The guest's session in the workspace. In the open unit of work, after crossing into it. */
async function openGuest(ctx: Ctx, grantId: string, staff: Staff): Promise<OpenSession> {
  const now = ctx.clock();
  // Held until the end of this transaction: whoever ends the grant waits, and then finds the session to be ended.
  const grant = await readOne(
    ctx,
    db
      .selectFrom("support_grant")
      .select("until")
      .where("grant_id", "=", grantId)
      .where("ended_at", "is", null)
      .where("until", ">", now)
      .forUpdate(),
  );
  if (!grant) throw appError("not_found");
  const memberId = await guestOf(ctx, grantId, staff);
  const session = await startSession(ctx, memberId, staff.factor, staff.factorAt ?? now, staff.sessionId);
  const expires = new Date(Math.min(grant.until.getTime(), now.getTime() + LONGEST_MS));
  await write(
    ctx,
    db.updateTable("session").set({ expires_at: expires }).where("session_id", "=", session.sessionId),
  );
  record(ctx, {
    event: "support.entered",
    resource: { type: "support-grant", id: grantId },
    changes: { name: [null, staff.name], until: [null, expires.toISOString()] },
  });
  return session;
}

/** One guest for each grant and person of the operator's; made when they first come. */
async function guestOf(ctx: Ctx, grantId: string, staff: Staff): Promise<string> {
  const { rows } = await write(
    ctx,
    db
      .updateTable("support_guest")
      .set({ entries: sql<number>`entries + 1` })
      .where("grant_id", "=", grantId)
      .where("staff_id", "=", staff.id)
      .returning("member_id"),
  );
  if (rows[0]) return rows[0].member_id;
  const { id } = tenantOf(ctx);
  const memberId = newId();
  const keys = await keysOf(ctx);
  await write(
    ctx,
    db.insertInto("member").values({
      tenant_id: id,
      member_id: memberId,
      address_hash: null,
      address: keys.seal(addressCell(memberId), staff.address),
      name: keys.seal(nameCell(memberId), `${staff.name} (operator)`),
      password: null,
      role: "support",
      verified_at: ctx.clock(),
    }),
  );
  await write(
    ctx,
    db
      .insertInto("support_guest")
      .values({ tenant_id: id, member_id: memberId, grant_id: grantId, staff_id: staff.id, entries: 1 }),
  );
  return memberId;
}

async function grantsInForce(ctx: Ctx): Promise<GrantRow[]> {
  const [rows] = await read(
    ctx,
    sql<GrantRow>`select grant_id, tenant_id, slug, until from directory.support_grants(${ctx.clock()})`,
  );
  return rows;
}
