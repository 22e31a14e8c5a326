import { record } from "../../../kernel/audit.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { type AppError, refusal } from "../../../kernel/errors.ts";
import { notifyDaily } from "../notices/service.ts";
import type { Factor } from "../sessions/service.ts";
import {
  countAttempt,
  countForGood,
  factorGuard,
  forgetAttempts,
  lock,
  MOST_FAILURES,
} from "../sign-in/lockout.ts";

/**
 * So many wrong guesses since the last right one, however slowly, and codes of the authenticator app are closed (NIST SP
 * 800-63B, 5.2.2): they are short enough to be found by patience. A recovery code or a passkey is not, opens the account
 * as before and counts anew, so that whoever knows an only owner's password cannot shut them out for good.
 */
export const MOST_IN_ALL = 100;
/** At this many somebody who knows the password is trying: its owner mistypes once or twice. */
const TOLD_AT = 3;

/** A code or a signature that somebody gave for a member, counted as wrong until it was found right. */
export interface Guess {
  readonly memberId: string;
  readonly method: Factor;
  readonly refusedAs: "session.second-factor-refused" | "session.step-up-refused";
  readonly guard: Buffer;
  readonly failures: number;
  /** Of this member since the last right guess, with this one. */
  readonly inAll: number;
}

/** Counts a guess before it is looked at. Throws `locked`. In the open unit of work. */
export async function countGuess(
  ctx: Ctx,
  memberId: string,
  method: Factor,
  refusedAs: Guess["refusedAs"],
): Promise<Guess> {
  const guard = await factorGuard(ctx, memberId);
  const { failures, lockedUntil } = await countAttempt(ctx, guard);
  // During a pause nothing is looked at, and nothing counts.
  const inAll = lockedUntil ? 0 : await countForGood(ctx, guard);
  const guess = { memberId, method, refusedAs, guard, failures, inAll };
  if (lockedUntil) throw refused(ctx, guess, "locked");
  if (method === "totp" && inAll > MOST_IN_ALL) throw refused(ctx, guess, "closed");
  return guess;
}

export const forgetGuesses = (ctx: Ctx, { guard }: Guess): Promise<void> => forgetAttempts(ctx, guard);

/**
 * What to throw for a wrong guess; the fifth pauses the account. From the third on, whose password was right is told once
 * a day that somebody knows it. In the open unit of work.
 */
export async function refuseGuess(ctx: Ctx, guess: Guess): Promise<AppError> {
  if (guess.refusedAs === "session.second-factor-refused" && guess.inAll >= TOLD_AT)
    await notifyDaily(ctx, guess.memberId, "password-known", { ip: ctx.origin?.ip ?? "" });
  if (guess.failures >= MOST_FAILURES) await lock(ctx, guess.guard);
  return refused(ctx, guess, "factor_failed");
}

function refused(
  ctx: Ctx,
  { memberId, method, refusedAs }: Guess,
  why: "locked" | "closed" | "factor_failed",
): AppError {
  record(ctx, {
    event: refusedAs,
    resource: { type: "member", id: memberId },
    outcome: "refused",
    method,
    changes: { reason: [null, why] },
  });
  if (why === "closed") return refusal("locked", { message: CLOSED });
  return refusal(why, why === "locked" ? { retryAfter: 900 } : {});
}

const CLOSED =
  "Too many wrong codes in all. Use a passkey or a recovery code, or ask an admin of your workspace to unlock your account.";
