import { randomInt } from "node:crypto";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { notify } from "../notices/service.ts";
import { factorsOf, hasFactor, lockFactors } from "./policy.ts";

const HOW_MANY = 10;
// 32 characters that are not mistaken for each other: five bits each, twelve of them to a code.
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH = 12;

/** Ten new codes, once; those before are worth nothing any more. Throws `wrong_state` without a factor to recover. */
export async function renewRecoveryCodes(ctx: Ctx): Promise<string[]> {
  return unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    if (!hasFactor(await lockFactors(inner, memberId)))
      throw appError("wrong_state", { message: "Set up a second factor first." });
    const codes = await replaceRecoveryCodes(inner, memberId);
    record(inner, { event: "factor.recovery-codes-renewed", resource: { type: "member", id: memberId } });
    await notify(inner, memberId, "new-factor", { factor: "recovery-codes" });
    return codes;
  });
}

/** In the open unit of work. */
export async function replaceRecoveryCodes(ctx: Ctx, memberId: string): Promise<string[]> {
  const keys = await keysOf(ctx);
  const codes = Array.from({ length: HOW_MANY }, newCode);
  const now = ctx.clock();
  await write(ctx, db.deleteFrom("recovery_code").where("member_id", "=", memberId));
  await write(
    ctx,
    db.insertInto("recovery_code").values(
      codes.map((code) => ({
        tenant_id: tenantOf(ctx).id,
        member_id: memberId,
        code_hash: hashOf(keys, memberId, code),
        created_at: now,
      })),
    ),
  );
  return codes.map(spell);
}

/** With the first factor there are codes to recover it; answers them, or null when there were some already. */
export async function firstRecoveryCodes(ctx: Ctx, memberId: string): Promise<string[] | null> {
  const { recoveryCodes } = await factorsOf(ctx, memberId);
  return recoveryCodes > 0 ? null : replaceRecoveryCodes(ctx, memberId);
}

/** Spends a code: of two who give it at once, one is right. In the open unit of work. */
export async function useRecoveryCode(ctx: Ctx, memberId: string, code: string): Promise<boolean> {
  const keys = await keysOf(ctx);
  const { count } = await write(
    ctx,
    db
      .updateTable("recovery_code")
      .set({ used_at: ctx.clock() })
      .where("member_id", "=", memberId)
      .where("code_hash", "=", hashOf(keys, memberId, code))
      .where("used_at", "is", null),
  );
  return count === 1;
}

export async function forgetRecoveryCodes(ctx: Ctx, memberId: string): Promise<void> {
  await write(ctx, db.deleteFrom("recovery_code").where("member_id", "=", memberId));
}

const newCode = (): string =>
  Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join("");

const spell = (code: string): string => code.replace(/(.{4})(?=.)/g, "$1-");

// Sixty random bits under the tenant's key: without it a stolen table cannot be searched for them.
const hashOf = (keys: TenantKeys, memberId: string, code: string): Buffer =>
  keys.lookup("recovery-code", `${memberId} ${code}`);
