import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { later } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { rightsOf } from "../../../kernel/permissions.ts";
import { openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { actAlone } from "../../identity/roles/acting.ts";
import { endSessions } from "../../identity/sessions/service.ts";

const HOUR = 3_600_000;
const MOST = 20;

export const reasonCell = (id: string) => ({ table: "support_grant", column: "reason", row: id });

export interface GrantSummary {
  readonly id: string;
  readonly reason: string;
  readonly by: { readonly id: string; readonly name: string };
  readonly at: string;
  readonly until: string;
  readonly ended: string | null;
  readonly state: "open" | "expired" | "ended";
  /** How often somebody entered under it. */
  readonly uses: number;
}

/**
 * Lets the operator's staff in, for some hours, to see what is shared with the whole workspace. Everybody who may end
 * it again is told. Throws `quota` while many are in force.
 */
export async function grantSupport(
  ctx: Ctx,
  hours: number,
  reason: string,
): Promise<{ id: string; until: string }> {
  return unit(ctx, async (inner) => {
    await actAlone(inner);
    const now = inner.clock();
    if ((await countInForce(inner)) >= MOST)
      throw appError("quota", { message: `${MOST} grants are in force. End one of them first.` });
    const keys = await keysOf(inner);
    const id = newId();
    const until = later(now, hours * HOUR);
    await write(
      inner,
      db.insertInto("support_grant").values({
        tenant_id: tenantOf(inner).id,
        grant_id: id,
        granted_by: memberOf(inner),
        reason: keys.seal(reasonCell(id), reason),
        created_at: now,
        until,
      }),
    );
    record(inner, {
      event: "support.granted",
      resource: { type: "support-grant", id },
      changes: { reason: [null, reason], until: [null, until.toISOString()] },
    });
    await tellAdmins(inner, reason, until);
    return { id, until: until.toISOString() };
  });
}

/** Ends a grant; whoever came in under it is out with their next request. Throws `not_found`, `wrong_state`. */
export async function endSupport(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const now = inner.clock();
    const grant = await readOne(
      inner,
      db.selectFrom("support_grant").select(["ended_at", "until"]).where("grant_id", "=", id).forUpdate(),
    );
    if (!grant) throw appError("not_found");
    if (grant.ended_at || grant.until <= now) throw appError("wrong_state");
    await write(
      inner,
      db
        .updateTable("support_grant")
        .set({ ended_at: now, ended_by: memberOf(inner) })
        .where("grant_id", "=", id),
    );
    const [guests] = await read(
      inner,
      db.selectFrom("support_guest").select("member_id").where("grant_id", "=", id),
    );
    for (const { member_id: memberId } of guests) {
      await endSessions(inner, { memberId }, "support ended");
      await write(
        inner,
        db.updateTable("member").set({ status: "removed" }).where("member_id", "=", memberId),
      );
    }
    record(inner, { event: "support.ended", resource: { type: "support-grant", id } });
  });
}

/** Grants of this workspace, newest first. */
export async function listGrants(ctx: Ctx): Promise<GrantSummary[]> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("support_grant as g")
      .innerJoin("member as m", (on) =>
        on.onRef("m.tenant_id", "=", "g.tenant_id").onRef("m.member_id", "=", "g.granted_by"),
      )
      .select(["g.grant_id", "g.reason", "g.created_at", "g.until", "g.ended_at", "m.member_id", "m.name"])
      .select((on) =>
        on
          .selectFrom("support_guest as u")
          .select(sql<number>`coalesce(sum(u.entries), 0)::int`.as("n"))
          .whereRef("u.tenant_id", "=", "g.tenant_id")
          .whereRef("u.grant_id", "=", "g.grant_id")
          .as("uses"),
      )
      .orderBy("g.created_at", "desc")
      .orderBy("g.grant_id", "desc")
      .limit(500),
  );
  const keys = await keysOf(ctx);
  const now = ctx.clock();
  return rows.map((row) => ({
    id: row.grant_id,
    reason: keys.openText(reasonCell(row.grant_id), row.reason),
    by: { id: row.member_id, name: openName(keys, row) },
    at: row.created_at.toISOString(),
    until: row.until.toISOString(),
    ended: row.ended_at?.toISOString() ?? null,
    state: row.ended_at ? "ended" : row.until <= now ? "expired" : "open",
    uses: row.uses ?? 0,
  }));
}

async function countInForce(ctx: Ctx): Promise<number> {
  const row = await readOne(
    ctx,
    sql<{ n: number }>`select count(*)::int as n from support_grant
      where ended_at is null and until > ${ctx.clock()}`,
  );
  return row?.n ?? 0;
}

/** Tells everybody who may end a grant, whoever gave it among them. */
async function tellAdmins(ctx: Ctx, reason: string, until: Date): Promise<void> {
  const [members] = await read(
    ctx,
    db
      .selectFrom("member as m")
      .leftJoin("role as r", (on) =>
        on.onRef("r.tenant_id", "=", "m.tenant_id").onRef("r.role_id", "=", "m.role_id"),
      )
      .select(["m.member_id", "m.name", "m.role", "r.permissions as granted"])
      .where("m.status", "=", "active"),
  );
  const keys = await keysOf(ctx);
  const { tenantKind, memberId } = standingOf(ctx);
  const granter = members.find((m) => m.member_id === memberId);
  const by = granter ? openName(keys, granter) : "";
  for (const member of members)
    if (rightsOf(member, tenantKind).has("support.end"))
      await notify(ctx, member.member_id, "support-granted", { by, reason, until: until.toISOString() });
}
