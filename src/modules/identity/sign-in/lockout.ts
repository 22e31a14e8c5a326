import { sql } from "kysely";
import { days, later, minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db, prepare } from "../../../kernel/database/queries.ts";
import { read, write, writeSoon } from "../../../kernel/database/unit.ts";
import { networkOf } from "../../../kernel/limits/network.ts";
import type { Solved } from "../challenges/service.ts";

export const MOST_FAILURES = 5;
export const WINDOW = minutes(15);
const LOCK = minutes(15);
const LONGEST_LOCK = minutes(24 * 60);
const QUIET = days(7);

export interface Attempt {
  /** Failures in the window with this attempt, which counts as one until it succeeds. */
  readonly failures: number;
  readonly lockedUntil: Date | null;
}

/** So many wrong passwords for an address come without a challenge, and so many of a network. */
export const FREE_FAILURES = 2;
export const FREE_FAILURES_OF_NETWORK = 10;

/** What `countSignIn` answers. */
export interface CountedSignIn {
  /** Neither counted nor looked at: a solved challenge must come with it. */
  readonly needs_challenge: boolean;
  readonly failures: number;
  readonly locked_until: Date | null;
}

/**
 * Counts an attempt to sign in as a failure before the password is looked at, like `countAttempt`, and uses up the
 * challenge that came with it. Alike for addresses that nobody has.
 */
export function countSignIn(ctx: Ctx, addressHash: Buffer, network: Buffer, solved: Solved | null) {
  const now = ctx.clock();
  return sql<CountedSignIn>`select * from kernel.count_sign_in(${tenantOf(ctx).id}, ${addressHash}, ${network}, ${now},
    ${later(now, -WINDOW)}, ${FREE_FAILURES}, ${FREE_FAILURES_OF_NETWORK}, ${solved?.challenge ?? null}, ${solved?.expiresAt ?? null})`;
}

/** Where failures of a network are counted, an IPv6 /64 as one. */
export async function networkGuard(ctx: Ctx): Promise<Buffer> {
  return (await keysOf(ctx)).lookup("sign-in-guard.network", networkOf(ctx.origin?.ip ?? ""));
}

/** Counts a failure for its network, and forgets guards that have been quiet for a week. In the open unit of work. */
export function countForNetwork(ctx: Ctx, network: Buffer): void {
  const now = ctx.clock();
  const windowStart = later(now, -WINDOW);
  writeSoon(
    ctx,
    sql`
      insert into sign_in_guard as g (tenant_id, address_hash, failures, window_started_at)
      values (${tenantOf(ctx).id}, ${network}, 1, ${now})
      on conflict (tenant_id, address_hash) do update set
        failures = case when g.window_started_at <= ${windowStart}::timestamptz then 1
                        -- Counted no further than matters: it must not run over.
                        else least(g.failures + 1, 1000) end,
        window_started_at = case when g.window_started_at <= ${windowStart}::timestamptz
                                 then ${now}::timestamptz else g.window_started_at end`,
    sql`
      delete from sign_in_guard where (tenant_id, address_hash) in (
        select tenant_id, address_hash from sign_in_guard
          where window_started_at < ${later(now, -QUIET)}::timestamptz and in_all = 0
            and (locked_until is null or locked_until < ${later(now, -QUIET)}::timestamptz)
          limit 20 for update skip locked)`,
  );
}

/**
 * Counts an attempt as a failure before the password is looked at, so that many at once cannot get more guesses
 * than one after the other. Counts for addresses that nobody has, too. In the open unit of work.
 */
export async function countAttempt(ctx: Ctx, addressHash: Buffer): Promise<Attempt> {
  const now = ctx.clock();
  const windowStart = later(now, -WINDOW);
  const { rows } = await write(
    ctx,
    sql<{ failures: number; locked_until: Date | null }>`
      insert into sign_in_guard as g (tenant_id, address_hash, failures, window_started_at)
      values (${tenantOf(ctx).id}, ${addressHash}, 1, ${now})
      on conflict (tenant_id, address_hash) do update set
        failures = case when g.locked_until > ${now}::timestamptz then g.failures
                        when g.window_started_at <= ${windowStart}::timestamptz or g.locked_until is not null then 1
                        else g.failures + 1 end,
        window_started_at = case when g.window_started_at <= ${windowStart}::timestamptz or g.locked_until <= ${now}::timestamptz
                                 then ${now}::timestamptz else g.window_started_at end,
        locked_until = case when g.locked_until <= ${now}::timestamptz then null else g.locked_until end
      returning failures, locked_until`,
  );
  const row = rows[0] as { failures: number; locked_until: Date | null };
  if (row.locked_until === null && row.failures > MOST_FAILURES)
    return { failures: row.failures, lockedUntil: await lock(ctx, addressHash) };
  return { failures: row.failures, lockedUntil: row.locked_until };
}

/**
 * Counts an attempt in a total that no time forgets, only a success; answers it. After `countAttempt`, in the same unit
 * of work, which holds the guard's row.
 */
export async function countForGood(ctx: Ctx, guard: Buffer): Promise<number> {
  const { rows } = await write(
    ctx,
    db
      .updateTable("sign_in_guard")
      .set({ in_all: sql<number>`least(in_all + 1, 10000)` })
      .where("address_hash", "=", guard)
      .returning("in_all"),
  );
  return rows[0]?.in_all ?? 0;
}

/** Locks for 15 minutes, twice as long at each repetition, never longer than a day. */
export async function lock(ctx: Ctx, addressHash: Buffer): Promise<Date> {
  const [[guard]] = await read(
    ctx,
    db.selectFrom("sign_in_guard").select(["locks", "locked_until"]).where("address_hash", "=", addressHash),
  );
  // Of many attempts at once several come here: together they are one repetition.
  if (guard?.locked_until && guard.locked_until > ctx.clock()) return guard.locked_until;
  const locks = guard?.locks ?? 0;
  const until = later(ctx.clock(), Math.min(LOCK * 2 ** locks, LONGEST_LOCK));
  await write(
    ctx,
    db
      .updateTable("sign_in_guard")
      .set({ locked_until: until, locks: locks + 1 })
      .where("address_hash", "=", addressHash)
      // One pause at a time: guesses that were under way together earn it once.
      .where((on) => on.or([on("locked_until", "is", null), on("locked_until", "<=", ctx.clock())])),
  );
  return until;
}

/** Takes an attempt back whose password nobody looked at: the server was too busy. */
export async function giveAttemptBack(ctx: Ctx, addressHash: Buffer): Promise<void> {
  await write(
    ctx,
    db
      .updateTable("sign_in_guard")
      .set((on) => ({ failures: on("failures", "-", 1) }))
      .where("address_hash", "=", addressHash)
      .where("failures", ">", 0),
  );
}

/** Forgets an address's failures, after a success. */
export async function forgetAttempts(ctx: Ctx, addressHash: Buffer): Promise<void> {
  await write(ctx, forgetting(addressHash));
}

export const forgetting = (addressHash: Buffer) => forgettingAt({ addressHash });

const forgettingAt = prepare((p: { addressHash: Buffer }) =>
  db.deleteFrom("sign_in_guard").where("address_hash", "=", p.addressHash),
);

/**
 * Where failures to confirm a password inside a session are counted: apart from sign-in, so that a stranger's
 * wrong guesses do not keep a signed-in member from changing their password.
 */
export async function confirmationGuard(ctx: Ctx, memberId: string): Promise<Buffer> {
  return (await keysOf(ctx)).lookup("sign-in-guard.member", memberId);
}

/**
 * Where wrong codes of a member are counted, in sign-in and inside a session together: apart from passwords, so that
 * whoever knows the password cannot begin to count anew by giving it again.
 */
export async function factorGuard(ctx: Ctx, memberId: string): Promise<Buffer> {
  return (await keysOf(ctx)).lookup("sign-in-guard.factor", memberId);
}

/** Where failures of a passkey that signs in alone are counted, whether it is anybody's or not. */
export async function passkeyGuard(ctx: Ctx, credentialId: string): Promise<Buffer> {
  return (await keysOf(ctx)).lookup("sign-in-guard.passkey", credentialId);
}

/** Forgets a member's failures, of passwords and of codes: an admin said so. */
export async function forgetFailures(ctx: Ctx, memberId: string): Promise<void> {
  await forgetPasswordFailures(ctx, memberId);
  await forgetAttempts(ctx, await factorGuard(ctx, memberId));
}

/** Forgets a member's wrong passwords: a mailed link was followed, which says nothing of the second factor. */
export async function forgetPasswordFailures(ctx: Ctx, memberId: string): Promise<void> {
  await forgetAttempts(ctx, await confirmationGuard(ctx, memberId));
  await write(
    ctx,
    db
      .deleteFrom("sign_in_guard")
      .where(
        "address_hash",
        "in",
        db.selectFrom("member").select("address_hash").where("member_id", "=", memberId),
      ),
  );
}
