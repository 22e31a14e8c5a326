import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { openAddress, tenantNameCell } from "../members.ts";
import { notify } from "../notices/service.ts";
import { endUnproved, proveFactor } from "../sessions/service.ts";
import { checkMayAdd, checkMayRemove, hasFactor, lockFactors } from "./policy.ts";
import { firstRecoveryCodes } from "./recovery-codes.ts";
import { leaveWithoutFactor } from "./reset.ts";
import { enrolmentUri, newSecret, stepOf } from "./totp-code.ts";

const secretCell = (memberId: string) => ({ table: "totp", column: "secret", row: memberId });
const pendingCell = (memberId: string) => ({ table: "totp", column: "pending", row: memberId });

/**
 * A new secret for an authenticator app. It counts for nothing until a code of it was given; one that was set up before
 * stays good until then, so that a new telephone can follow an old one. Throws `step_up_required`.
 */
export async function beginTotp(ctx: Ctx): Promise<{ secret: string; uri: string }> {
  return unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    await checkMayAdd(inner, await lockFactors(inner, memberId));
    const keys = await keysOf(inner);
    const tenant = tenantOf(inner);
    const [[member], [workspace]] = await read(
      inner,
      db.selectFrom("member").select(["member_id", "address"]).where("member_id", "=", memberId),
      db.selectFrom("tenant").select("name"),
    );
    if (!member || !workspace) throw appError("signed_out");
    const secret = newSecret();
    const pending = keys.seal(pendingCell(memberId), secret);
    await write(
      inner,
      db
        .insertInto("totp")
        .values({ tenant_id: tenant.id, member_id: memberId, pending })
        .onConflict((on) => on.columns(["tenant_id", "member_id"]).doUpdateSet({ pending })),
    );
    record(inner, { event: "factor.totp-begun", resource: { type: "member", id: memberId } });
    const issuer = keys.openText(tenantNameCell(tenant.id), workspace.name);
    return { secret, uri: enrolmentUri(secret, issuer, openAddress(keys, member)) };
  });
}

/**
 * The first code of a new secret sets it up; this session has proved it. Answers recovery codes when there were none.
 * Throws `factor_failed`, `wrong_state`, `step_up_required`.
 */
export async function confirmTotp(ctx: Ctx, code: string): Promise<{ recoveryCodes: string[] | null }> {
  return unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const factors = await lockFactors(inner, memberId);
    await checkMayAdd(inner, factors);
    const keys = await keysOf(inner);
    const [[row]] = await read(
      inner,
      db.selectFrom("totp").select(["pending", "secret"]).where("member_id", "=", memberId),
    );
    if (!row?.pending)
      throw appError("wrong_state", { message: "Begin to set up an authenticator app first." });
    const secret = keys.openText(pendingCell(memberId), row.pending);
    const step = stepOf(secret, code, inner.clock());
    if (step === null) throw appError("factor_failed");
    await write(
      inner,
      db
        .updateTable("totp")
        .set({
          secret: keys.seal(secretCell(memberId), secret),
          pending: null,
          confirmed_at: inner.clock(),
          // The code that confirmed it was used.
          last_step: step,
        })
        .where("member_id", "=", memberId),
    );
    const recoveryCodes = await firstRecoveryCodes(inner, memberId);
    await proveFactor(inner, "totp");
    if (!hasFactor(factors)) await endUnproved(inner, memberId);
    record(inner, {
      event: row.secret ? "factor.totp-replaced" : "factor.totp-added",
      resource: { type: "member", id: memberId },
      method: "totp",
    });
    await notify(inner, memberId, "new-factor", { factor: "totp" });
    return { recoveryCodes };
  });
}

/** Removes the authenticator app. Throws `not_found`, `in_use`. */
export async function removeTotp(ctx: Ctx): Promise<void> {
  await unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const factors = await lockFactors(inner, memberId);
    if (!factors.totp) throw appError("not_found");
    const after = { ...factors, totp: false };
    checkMayRemove(inner, after);
    await write(inner, db.deleteFrom("totp").where("member_id", "=", memberId));
    if (!hasFactor(after)) await leaveWithoutFactor(inner, memberId);
    record(inner, { event: "factor.totp-removed", resource: { type: "member", id: memberId } });
    await notify(inner, memberId, "factor-removed", { factor: "totp" });
  });
}

/** Whether a code is right and its time step was never used before. In the open unit of work. */
export async function useTotp(ctx: Ctx, memberId: string, code: string): Promise<boolean> {
  const [[row]] = await read(
    ctx,
    db.selectFrom("totp").select("secret").where("member_id", "=", memberId).where("secret", "is not", null),
  );
  if (!row?.secret) return false;
  const step = stepOf((await keysOf(ctx)).openText(secretCell(memberId), row.secret), code, ctx.clock());
  if (step === null) return false;
  // One statement decides who of two with the same code was first; codes of earlier steps are spent with it.
  const { count } = await write(
    ctx,
    db
      .updateTable("totp")
      .set({ last_step: step })
      .where("member_id", "=", memberId)
      .where((on) => on.or([on("last_step", "is", null), on("last_step", "<", step)])),
  );
  return count === 1;
}
