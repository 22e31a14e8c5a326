import { createHmac } from "node:crypto";
import { later, minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { type AppError, appError } from "../../../kernel/errors.ts";
import { networkOf } from "../../../kernel/limits/network.ts";
import type { System } from "../../../kernel/system.ts";
import { normaliseAddress } from "../addresses.ts";
import type { Solved } from "../challenges/service.ts";
import { LIFE as TICKET_LIFE } from "../factors/tickets.ts";
import { verifyPassword } from "../passwords/hash.ts";
import { FREE_FAILURES, FREE_FAILURES_OF_NETWORK, MOST_FAILURES } from "./lockout.ts";

interface Guard {
  /** A keyed hash: other processes are told of it. */
  readonly key: string;
  failures: number;
  startedAt: Date;
  lockedUntil: Date | null;
  locks: number;
}

const MOST_KEPT = 20_000;
const guards = new WeakMap<System["pool"], Map<string, Guard>>();
const used = new WeakMap<System["pool"], Moments>();
const tickets = new WeakMap<System["pool"], Moments>();

/**
 * Refuses a sign-in to a workspace that does not exist: after as long, in the same words, and with the same pause
 * after five failures as where there is one. Else the pause would tell which workspaces there are. Kept in memory, and told
 * to other processes: each would else count from nothing, and so tell it again.
 */
export async function refuseNowhere(
  ctx: Ctx,
  slug: string,
  address: string,
  password: string,
  solved: Solved | null,
): Promise<never> {
  const { guard, network, lacksChallenge } = stateOf(ctx, slug, address, solved);
  if (guard.lockedUntil) throw appError("locked", { retryAfter: 900 });
  if (lacksChallenge) throw appError("challenge_required");
  // Counted before the password is looked at, as in countAttempt: of many at once the sixth is locked, too.
  const failures = count(ctx.system, guard, 1);
  if (failures > MOST_FAILURES) {
    lock(guard, ctx.clock());
    throw appError("locked", { retryAfter: 900 });
  }
  try {
    await verifyPassword(password, null, ctx.system.config.passwordHash);
  } catch (error) {
    count(ctx.system, guard, -1);
    throw error;
  }
  count(ctx.system, network, 1);
  if (failures >= MOST_FAILURES) lock(guard, ctx.clock());
  throw appError("sign_in_failed");
}

/** The same as `demandChallenge`. */
export async function demandChallengeNowhere(
  ctx: Ctx,
  slug: string,
  address: string,
  solved: Solved | null,
): Promise<void> {
  if (stateOf(ctx, slug, address, solved).lacksChallenge) throw appError("challenge_required");
}

function stateOf(ctx: Ctx, slug: string, address: string, solved: Solved | null) {
  const now = ctx.clock();
  const guard = guardOf(ctx.system, `${slug}/${normaliseAddress(address)}`, now);
  const network = guardOf(ctx.system, `${slug}/network/${networkOf(ctx.origin?.ip ?? "")}`, now);
  // Used up first, as the database does it.
  const isSolved = solved !== null && spend(ctx.system, slug, solved, now);
  const isFree = guard.failures < FREE_FAILURES && network.failures < FREE_FAILURES_OF_NETWORK;
  return { guard, network, lacksChallenge: !isFree && !isSolved };
}

/** Whether a solution serves for the first time. */
function spend(system: System, slug: string, { challenge, expiresAt }: Solved, now: Date): boolean {
  const kept = mapOf(used, system);
  const key = `${slug}/${challenge.toString("hex")}`;
  if (kept.has(key)) return false;
  remember(kept, key, expiresAt, now);
  return true;
}

type Moments = Map<string, Date>;

function mapOf(all: WeakMap<System["pool"], Moments>, { pool }: System): Moments {
  const kept = all.get(pool) ?? new Map<string, Date>();
  all.set(pool, kept);
  return kept;
}

function remember(kept: Moments, key: string, until: Date, now: Date): void {
  kept.set(key, until);
  // The oldest come first, and all live equally long.
  for (const [old, end] of kept) {
    if (end > now && kept.size <= MOST_KEPT) break;
    kept.delete(old);
  }
}

/** Remembers a challenge for a passkey: only who brings one is counted, as where there is a workspace. */
export function noteTicketNowhere(ctx: Ctx, slug: string, ticket: string): void {
  remember(mapOf(tickets, ctx.system), `${slug}/${ticket}`, later(ctx.clock(), TICKET_LIFE), ctx.clock());
}

/** The same for a passkey that signs in alone: nobody's, like any that this workspace would not know. */
export function refusePasskeyNowhere(ctx: Ctx, slug: string, ticket: string, credentialId: string): AppError {
  const issued = mapOf(tickets, ctx.system);
  const until = issued.get(`${slug}/${ticket}`);
  issued.delete(`${slug}/${ticket}`);
  if (!until || until <= ctx.clock()) return appError("sign_in_failed");
  const guard = guardOf(ctx.system, `${slug}/passkey/${credentialId}`, ctx.clock());
  if (guard.lockedUntil) return appError("locked", { retryAfter: 900 });
  if (count(ctx.system, guard, 1) >= MOST_FAILURES) lock(guard, ctx.clock());
  return appError("sign_in_failed");
}

const TOPIC = "nowhere:";
const hearing = new WeakSet<System["hub"]>();

/** From now on counts what other processes have met, too. */
export function hearOfNowhere(system: System): void {
  if (hearing.has(system.hub)) return;
  hearing.add(system.hub);
  system.hub.hear(TOPIC, (told) => {
    if (told !== null) guardOfKey(system, told.slice(1), system.clock()).failures += told[0] === "-" ? -1 : 1;
  });
}

function count(system: System, guard: Guard, by: 1 | -1): number {
  guard.failures += by;
  system.hub.tell(`${TOPIC}${by < 0 ? "-" : "+"}${guard.key}`);
  return guard.failures;
}

function lock(guard: Guard, now: Date): void {
  if (guard.lockedUntil) return;
  guard.lockedUntil = later(now, Math.min(minutes(15) * 2 ** guard.locks, minutes(24 * 60)));
  guard.locks++;
}

const guardOf = (system: System, of: string, now: Date): Guard =>
  guardOfKey(
    system,
    createHmac("sha256", system.challengeKey).update(`nowhere/${of}`).digest("base64url"),
    now,
  );

function guardOfKey(system: System, key: string, now: Date): Guard {
  const kept = guards.get(system.pool) ?? new Map<string, Guard>();
  guards.set(system.pool, kept);
  const known = kept.get(key) ?? { key, failures: 0, startedAt: now, lockedUntil: null, locks: 0 };
  const isOver = known.lockedUntil ? known.lockedUntil <= now : later(known.startedAt, minutes(15)) <= now;
  if (isOver) Object.assign(known, { failures: 0, startedAt: now, lockedUntil: null });
  kept.delete(key);
  kept.set(key, known);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  return known;
}
