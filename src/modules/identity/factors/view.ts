import { type Ctx, keysOf, memberOf, standingOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { isFactorDue } from "../../../kernel/standing.ts";
import { passkeyNameCell } from "./passkeys.ts";

/** One's own second factors, as the page shows them: never a secret. */
export async function listFactors(ctx: Ctx) {
  const mine = memberOf(ctx);
  const [[totp], codes, passkeys] = await read(
    ctx,
    db.selectFrom("totp").select("confirmed_at").where("member_id", "=", mine),
    db.selectFrom("recovery_code").select(["created_at", "used_at"]).where("member_id", "=", mine),
    db
      .selectFrom("passkey")
      .select(["passkey_id", "name", "created_at", "last_used_at"])
      .where("member_id", "=", mine)
      .orderBy("created_at"),
  );
  const keys = await keysOf(ctx);
  const [first] = codes;
  return {
    required: isFactorDue(standingOf(ctx), ctx.clock()),
    totp: totp?.confirmed_at ? { createdAt: totp.confirmed_at.toISOString() } : null,
    recoveryCodes: first
      ? { left: codes.filter((c) => !c.used_at).length, createdAt: first.created_at.toISOString() }
      : null,
    passkeys: passkeys.map((p) => ({
      id: p.passkey_id,
      name: keys.openText(passkeyNameCell(p.passkey_id), p.name),
      createdAt: p.created_at.toISOString(),
      lastUsedAt: p.last_used_at?.toISOString() ?? null,
    })),
  };
}
