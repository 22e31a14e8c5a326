import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { days, later, minutes, seconds } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, type Origin, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db, prepare } from "../../../kernel/database/queries.ts";
import { read, unit, write, writeSoon } from "../../../kernel/database/unit.ts";
import { appError, refusal } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { FRESH } from "../../../kernel/standing.ts";
import { voidTickets } from "../factors/tickets.ts";
import { readRefreshToken, refreshHash, refreshToken } from "./tokens.ts";

export const LONGEST = days(7);
export const IDLE = minutes(30);
const GRACE = seconds(10);

/** A signed-in session as the door needs it: who, and the newest refresh token. */
export interface OpenSession {
  readonly sessionId: string;
  readonly memberId: string;
  readonly refreshToken: string;
  /** Opened just now, and not refreshed. */
  readonly isNew?: true;
}

const clientCell = (id: string) => ({ table: "session", column: "client", row: id });

export type Factor = "totp" | "passkey" | "recovery-code";

/**
 * Opens a session for a member whose factors were checked, and enters as that member. `factor` is the second one, or
 * null where none is set up; `provedAt` when it was proved, if not now; `staffSession` the session at the operator's from
 * which a guest comes, and with which theirs ends. In the open unit of work.
 */
export async function startSession(
  ctx: Ctx,
  memberId: string,
  factor: Factor | null = null,
  provedAt: Date = ctx.clock(),
  staffSession: string | null = null,
): Promise<OpenSession> {
  const keys = await keysOf(ctx);
  const sessionId = newId();
  const now = ctx.clock();
  const token = refreshToken(keys, sessionId, 0);
  writeSoon(
    ctx,
    db.insertInto("session").values({
      tenant_id: tenantOf(ctx).id,
      session_id: sessionId,
      member_id: memberId,
      client: keys.seal(clientCell(sessionId), JSON.stringify(ctx.origin)),
      refresh_hash: refreshHash(token),
      rotated_at: now,
      created_at: now,
      last_active_at: now,
      expires_at: later(now, LONGEST),
      factor,
      factor_at: factor ? provedAt : null,
      staff_session_id: staffSession,
    }),
    signedInAt({ now, memberId }),
    // From here on the database records this unit of work as the member's own.
    sql`select kernel.enter(${tenantOf(ctx).id}, ${sessionId}, ${now}, false)`,
  );
  return { sessionId, memberId, refreshToken: token, isNew: true };
}

const signedInAt = prepare((p: { now: Date; memberId: string }) =>
  db.updateTable("member").set({ last_sign_in_at: p.now }).where("member_id", "=", p.memberId),
);

/**
 * Rotates a refresh token. The one before the newest is good for ten more seconds and gets the same successor,
 * so that two tabs can refresh at once; an older one ends the session. Throws `signed_out`.
 */
export async function refreshSession(ctx: Ctx, token: string | undefined): Promise<OpenSession> {
  if (!ctx.tenant || !token) throw appError("signed_out");
  const keys = await keysOf(ctx);
  const named = readRefreshToken(keys, token);
  if (!named) throw appError("signed_out");
  return unit(ctx, async (inner) => {
    const now = inner.clock();
    const [[session]] = await read(
      inner,
      db.selectFrom("session").selectAll().where("session_id", "=", named.sessionId).forUpdate(),
    );
    const resource = { type: "session", id: named.sessionId };
    if (
      !session ||
      session.ended_at ||
      session.expires_at <= now ||
      later(session.last_active_at, IDLE) <= now
    ) {
      record(inner, { event: "session.refresh-refused", resource, outcome: "refused" });
      throw refusal("signed_out");
    }
    const age = now.getTime() - session.rotated_at.getTime();
    const isNewest =
      named.generation === session.generation && refreshHash(token).equals(session.refresh_hash);
    if (!isNewest && !(named.generation === session.generation - 1 && age <= GRACE)) {
      await endSessions(inner, { sessionId: named.sessionId }, "refresh token reused");
      record(inner, { event: "session.refresh-reused", resource, outcome: "refused" });
      throw refusal("signed_out");
    }
    const generation = isNewest ? session.generation + 1 : session.generation;
    const next = refreshToken(keys, named.sessionId, generation);
    if (isNewest) {
      await write(
        inner,
        db
          .updateTable("session")
          .set({ generation, refresh_hash: refreshHash(next), rotated_at: now })
          .where("session_id", "=", named.sessionId),
      );
    }
    // Refuses a suspended member; and attributes what is recorded.
    await write(inner, sql`select kernel.enter(${tenantOf(ctx).id}, ${named.sessionId}, ${now}, false)`);
    record(inner, { event: "session.refreshed", resource });
    return { sessionId: named.sessionId, memberId: session.member_id, refreshToken: next };
  });
}

/** Notes that this very session has proved a second factor just now. In the open unit of work. */
export async function proveFactor(ctx: Ctx, factor: Factor): Promise<void> {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  await write(
    ctx,
    db
      .updateTable("session")
      .set({ factor, factor_at: ctx.clock() })
      .where("session_id", "=", ctx.actor.sessionId)
      .where("ended_at", "is", null),
  );
}

/** Notes that the password was given anew in this very session just now. In the open unit of work. */
export async function confirmSession(ctx: Ctx): Promise<void> {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  const { count } = await write(
    ctx,
    db
      .updateTable("session")
      .set({ confirmed_at: ctx.clock() })
      .where("session_id", "=", ctx.actor.sessionId)
      .where("ended_at", "is", null),
  );
  if (count === 0) throw appError("signed_out");
}

/** Whether this very session was opened, or the password given anew in it, within the last five minutes. */
export async function isConfirmed(ctx: Ctx): Promise<boolean> {
  if (ctx.actor.kind !== "member") return false;
  const [[row]] = await read(
    ctx,
    db
      .selectFrom("session")
      .select(["created_at", "confirmed_at"])
      .where("session_id", "=", ctx.actor.sessionId),
  );
  const at = row?.confirmed_at ?? row?.created_at;
  return at !== undefined && ctx.clock().getTime() - at.getTime() < FRESH;
}

/** Whether this session still stands; nobody else can end it any more before this unit of work has ended. */
export async function keepSession(ctx: Ctx): Promise<boolean> {
  if (ctx.actor.kind !== "member") return false;
  const [rows] = await read(
    ctx,
    db
      .selectFrom("session")
      .select("session_id")
      .where("session_id", "=", ctx.actor.sessionId)
      .where("ended_at", "is", null)
      .forUpdate(),
  );
  return rows.length > 0;
}

/** With what this session proved that it is its member's, and when; null for one that has not. */
export async function provedFactor(ctx: Ctx): Promise<{ factor: Factor; at: Date } | null> {
  if (ctx.actor.kind !== "member") return null;
  const [[row]] = await read(
    ctx,
    db.selectFrom("session").select(["factor", "factor_at"]).where("session_id", "=", ctx.actor.sessionId),
  );
  return row?.factor && row.factor_at ? { factor: row.factor as Factor, at: row.factor_at } : null;
}

/**
 * Ends sessions: one, or all of a member together with the sign-ins that they have begun. In the open unit of work;
 * answers how many.
 */
export async function endSessions(
  ctx: Ctx,
  which: { sessionId: string } | { memberId: string },
  because: string,
): Promise<number> {
  const query = db
    .updateTable("session")
    .set({ ended_at: ctx.clock(), ended_because: because })
    .where("ended_at", "is", null);
  const those =
    "sessionId" in which
      ? query.where("session_id", "=", which.sessionId)
      : query.where("member_id", "=", which.memberId);
  if ("memberId" in which) await voidTickets(ctx, which.memberId);
  return (await write(ctx, those)).count;
}

/**
 * With the first factor of a member, their other sessions end that were opened by the password alone: whoever else knew
 * it would stay in. In the open unit of work, whose session has proved the factor.
 */
export async function endUnproved(ctx: Ctx, memberId: string): Promise<void> {
  await write(
    ctx,
    db
      .updateTable("session")
      .set({ ended_at: ctx.clock(), ended_because: "first factor set up" })
      .where("member_id", "=", memberId)
      .where("factor_at", "is", null)
      .where("ended_at", "is", null),
  );
}

/** What a member's sessions proved with factors that are gone counts no more. In the open unit of work. */
export async function forgetProofs(ctx: Ctx, memberId: string): Promise<void> {
  await write(
    ctx,
    db
      .updateTable("session")
      .set({ factor: null, factor_at: null })
      .where("member_id", "=", memberId)
      .where("ended_at", "is", null),
  );
}

export async function signOut(ctx: Ctx, everywhere: boolean): Promise<void> {
  await unit(ctx, async (inner) => {
    if (inner.actor.kind !== "member") throw appError("not_signed_in");
    const { sessionId, memberId } = inner.actor;
    await endSessions(inner, everywhere ? { memberId } : { sessionId }, "signed out");
    record(inner, {
      event: everywhere ? "session.ended-everywhere" : "session.ended",
      resource: { type: "session", id: sessionId },
    });
  });
}

/** Ends one of the member's own sessions. Another's is not there. */
export async function endOwnSession(ctx: Ctx, sessionId: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const [[found]] = await read(
      inner,
      db
        .selectFrom("session")
        .select("session_id")
        .where("session_id", "=", sessionId)
        .where("member_id", "=", standingOf(inner).memberId)
        .where("ended_at", "is", null),
    );
    if (!found) throw appError("not_found");
    await endSessions(inner, { sessionId }, "ended from another session");
    record(inner, { event: "session.ended", resource: { type: "session", id: sessionId } });
  });
}

export interface SessionSummary {
  readonly id: string;
  readonly createdAt: string;
  readonly lastActiveAt: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly current: boolean;
}

/** The member's own sessions that still stand, newest first. */
export async function listSessions(ctx: Ctx): Promise<SessionSummary[]> {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  const { memberId, sessionId } = ctx.actor;
  const now = ctx.clock();
  const [rows] = await read(
    ctx,
    db
      .selectFrom("session")
      .select(["session_id", "client", "created_at", "last_active_at"])
      .where("member_id", "=", memberId)
      .where("ended_at", "is", null)
      .where("expires_at", ">", now)
      .where("last_active_at", ">", later(now, -IDLE))
      .orderBy("created_at", "desc")
      .limit(100),
  );
  const keys = await keysOf(ctx);
  return rows.map((row) => {
    const client = JSON.parse(keys.openText(clientCell(row.session_id), row.client)) as Origin | null;
    return {
      id: row.session_id,
      createdAt: row.created_at.toISOString(),
      lastActiveAt: row.last_active_at.toISOString(),
      ip: client?.ip ?? "",
      userAgent: client?.userAgent ?? "",
      current: row.session_id === sessionId,
    };
  });
}
