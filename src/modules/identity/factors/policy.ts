import { type Ctx, standingOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { isFactorDue, isFresh } from "../../../kernel/standing.ts";
import { type Factor, isConfirmed } from "../sessions/service.ts";

/** With what a member can prove that it is they, beside the password. Recovery codes stand in for these. */
export interface Factors {
  readonly totp: boolean;
  readonly passkeys: number;
  readonly recoveryCodes: number;
}

export async function factorsOf(ctx: Ctx, memberId: string): Promise<Factors> {
  return counted(await read(ctx, ...queriesOf(memberId)));
}

/**
 * The factors of a member whose password is still one of `passwords`, as stored; null when it was changed since that was
 * read. It cannot change any more before this unit of work has ended, so that a reset ends what this one opens.
 */
export async function factorsBehind(
  ctx: Ctx,
  memberId: string,
  passwords: readonly Buffer[],
): Promise<Factors | null> {
  const unchanged = db
    .selectFrom("member")
    .select("member_id")
    .where("member_id", "=", memberId)
    .where("password", "in", passwords)
    .forUpdate();
  const [still, ...found] = await read(ctx, unchanged, ...queriesOf(memberId));
  return still.length > 0 ? counted(found) : null;
}

const queriesOf = (memberId: string) =>
  [
    db
      .selectFrom("totp")
      .select("confirmed_at")
      .where("member_id", "=", memberId)
      .where("confirmed_at", "is not", null),
    db.selectFrom("passkey").select("passkey_id").where("member_id", "=", memberId),
    db
      .selectFrom("recovery_code")
      .select("code_hash")
      .where("member_id", "=", memberId)
      .where("used_at", "is", null),
  ] as const;

const counted = ([totp, passkeys, codes]: readonly [unknown[], unknown[], unknown[]]): Factors => ({
  totp: totp.length > 0,
  passkeys: passkeys.length,
  recoveryCodes: codes.length,
});

/** One change of a member's factors at a time: two requests at once must not remove the last two. */
export async function lockFactors(ctx: Ctx, memberId: string): Promise<Factors> {
  await read(ctx, db.selectFrom("member").select("member_id").where("member_id", "=", memberId).forUpdate());
  return factorsOf(ctx, memberId);
}

export const hasFactor = ({ totp, passkeys }: Factors): boolean => totp || passkeys > 0;

/** What a sign-in may go on with; empty for whoever has no second factor. */
export function methodsOf(factors: Factors): Factor[] {
  if (!hasFactor(factors)) return [];
  return [
    ...(factors.passkeys > 0 ? (["passkey"] as const) : []),
    ...(factors.totp ? (["totp"] as const) : []),
    ...(factors.recoveryCodes > 0 ? (["recovery-code"] as const) : []),
  ];
}

/**
 * Whoever has a factor must prove one before another is added, and whoever has none the password: a session that
 * somebody left open, or a cookie that was copied, must not become a key of its own. Throws `step_up_required`.
 */
export async function checkMayAdd(ctx: Ctx, factors: Factors): Promise<void> {
  if (isFresh(standingOf(ctx), ctx.clock())) return;
  if (hasFactor(factors)) throw appError("step_up_required");
  if (!(await isConfirmed(ctx)))
    throw appError("step_up_required", {
      message: "Confirm with your password to go on. It was given too long ago.",
    });
}

/** Throws `in_use` for the last factor of a member who must have one. */
export function checkMayRemove(ctx: Ctx, after: Factors): void {
  if (!hasFactor(after) && isFactorDue(standingOf(ctx), ctx.clock()))
    throw appError("in_use", {
      message: "Your role, or your workspace, asks for a second factor. Set up another one first.",
    });
}
