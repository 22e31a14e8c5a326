import { record } from "../../../kernel/audit.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { write } from "../../../kernel/database/unit.ts";
import { endKeysOf } from "../keys/service.ts";
import { notify } from "../notices/service.ts";
import { forgetProofs } from "../sessions/service.ts";
import { factorsOf, hasFactor } from "./policy.ts";
import { forgetRecoveryCodes } from "./recovery-codes.ts";
import { voidTickets } from "./tickets.ts";

/**
 * Forgets every second factor of a member: they lost them, or somebody else is to begin with this account. Whoever must
 * have one sets up a new one at the next sign-in. In the open unit of work.
 */
export async function forgetFactors(ctx: Ctx, memberId: string): Promise<void> {
  await write(ctx, db.deleteFrom("totp").where("member_id", "=", memberId));
  await write(ctx, db.deleteFrom("passkey").where("member_id", "=", memberId));
  await voidTickets(ctx, memberId);
  await leaveWithoutFactor(ctx, memberId);
}

/**
 * What ends with a member's last factor: the codes that stand in for one, what sessions proved with it, and API keys. A
 * key is made with a factor and works as long as its owner has one, so that no key acts for somebody whose own sessions
 * would have to set up a factor first. In the open unit of work, which holds the member's row.
 */
export async function leaveWithoutFactor(ctx: Ctx, memberId: string): Promise<void> {
  await forgetRecoveryCodes(ctx, memberId);
  await forgetProofs(ctx, memberId);
  await endKeysOf(ctx, memberId);
}

/**
 * Forgets the second factors of a member that came since a moment, because somebody else may have set them up; records
 * and tells the member which are gone. In the open unit of work, which holds the member's row.
 */
export async function forgetFactorsSince(ctx: Ctx, memberId: string, since: Date): Promise<void> {
  const ofMember = { type: "member", id: memberId };
  // One that was shown and not confirmed yet may be anybody's, too.
  await write(ctx, db.updateTable("totp").set({ pending: null }).where("member_id", "=", memberId));
  const apps = await write(
    ctx,
    db.deleteFrom("totp").where("member_id", "=", memberId).where("confirmed_at", ">=", since),
  );
  const passkeys = await write(
    ctx,
    db
      .deleteFrom("passkey")
      .where("member_id", "=", memberId)
      .where("created_at", ">=", since)
      .returning("passkey_id"),
  );
  const codes = await write(
    ctx,
    db.deleteFrom("recovery_code").where("member_id", "=", memberId).where("created_at", ">=", since),
  );
  await voidTickets(ctx, memberId);
  if (apps.count > 0)
    record(ctx, { event: "factor.totp-removed", resource: ofMember, method: "mailed link" });
  for (const { passkey_id: id } of passkeys.rows)
    record(ctx, {
      event: "factor.passkey-removed",
      resource: { type: "passkey", id },
      method: "mailed link",
    });
  const gone = [
    ...(apps.count > 0 ? (["totp"] as const) : []),
    ...passkeys.rows.map(() => "passkey" as const),
    ...(codes.count > 0 ? (["recovery-codes"] as const) : []),
  ];
  if (gone.length === 0) return;
  const isAnyLeft = hasFactor(await factorsOf(ctx, memberId));
  if (!isAnyLeft) await leaveWithoutFactor(ctx, memberId);
  for (const factor of isAnyLeft ? new Set(gone) : (["all"] as const))
    await notify(ctx, memberId, "factor-removed", { factor });
}
