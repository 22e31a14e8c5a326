import { record } from "../../../kernel/audit.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { type AppError, refusal } from "../../../kernel/errors.ts";
import type { Factor } from "../sessions/service.ts";
import { countAttempt, factorGuard, forgetAttempts, lock, MOST_FAILURES } from "../sign-in/lockout.ts";

/** A code or a signature that somebody gave for a member, counted as wrong until it was found right. */
export interface Guess {
  readonly memberId: string;
  readonly method: Factor;
  readonly refusedAs: "session.second-factor-refused" | "session.step-up-refused";
  readonly guard: Buffer;
  readonly failures: number;
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
  const guess = { memberId, method, refusedAs, guard, failures };
  if (lockedUntil) throw refused(ctx, guess, "locked");
  return guess;
}

export const forgetGuesses = (ctx: Ctx, { guard }: Guess): Promise<void> => forgetAttempts(ctx, guard);

/** What to throw for a wrong guess; the fifth pauses the account. In the open unit of work. */
export async function refuseGuess(ctx: Ctx, guess: Guess): Promise<AppError> {
  if (guess.failures >= MOST_FAILURES) await lock(ctx, guess.guard);
  return refused(ctx, guess, "factor_failed");
}

function refused(
  ctx: Ctx,
  { memberId, method, refusedAs }: Guess,
  code: "locked" | "factor_failed",
): AppError {
  record(ctx, {
    event: refusedAs,
    resource: { type: "member", id: memberId },
    outcome: "refused",
    method,
    changes: { reason: [null, code] },
  });
  return refusal(code, code === "locked" ? { retryAfter: 900 } : {});
}
