import { later, minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { appError } from "../../../kernel/errors.ts";
import type { System } from "../../../kernel/system.ts";
import { normaliseAddress } from "../addresses.ts";
import { verifyPassword } from "../passwords/hash.ts";
import { MOST_FAILURES } from "./lockout.ts";

interface Guard {
  failures: number;
  startedAt: Date;
  lockedUntil: Date | null;
  locks: number;
}

const MOST_KEPT = 20_000;
const guards = new WeakMap<System["pool"], Map<string, Guard>>();

/**
 * Refuses a sign-in to a workspace that does not exist: after as long, in the same words, and with the same pause
 * after five failures as where there is one. Else the pause would tell which workspaces there are. Kept in memory.
 */
export async function refuseNowhere(
  ctx: Ctx,
  slug: string,
  address: string,
  password: string,
): Promise<never> {
  const guard = guardOf(ctx.system, `${slug}/${normaliseAddress(address)}`, ctx.clock());
  if (guard.lockedUntil) throw appError("locked", { retryAfter: 900 });
  // Counted before the password is looked at, as in countAttempt: of many at once the sixth is locked, too.
  const failures = ++guard.failures;
  if (failures > MOST_FAILURES) {
    lock(guard, ctx.clock());
    throw appError("locked", { retryAfter: 900 });
  }
  try {
    await verifyPassword(password, null);
  } catch (error) {
    guard.failures--;
    throw error;
  }
  if (failures >= MOST_FAILURES) lock(guard, ctx.clock());
  throw appError("sign_in_failed");
}

function lock(guard: Guard, now: Date): void {
  if (guard.lockedUntil) return;
  guard.lockedUntil = later(now, Math.min(minutes(15) * 2 ** guard.locks, minutes(24 * 60)));
  guard.locks++;
}

function guardOf(system: System, key: string, now: Date): Guard {
  const kept = guards.get(system.pool) ?? new Map<string, Guard>();
  guards.set(system.pool, kept);
  const known = kept.get(key) ?? { failures: 0, startedAt: now, lockedUntil: null, locks: 0 };
  const isOver = known.lockedUntil ? known.lockedUntil <= now : later(known.startedAt, minutes(15)) <= now;
  if (isOver) Object.assign(known, { failures: 0, startedAt: now, lockedUntil: null });
  kept.delete(key);
  kept.set(key, known);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  return known;
}
