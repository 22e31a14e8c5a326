import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import type { JobSpec } from "../../../kernel/jobs.ts";
import { cancelChanges } from "../address-changes/cancelling.ts";
import { addressHash } from "../addresses.ts";
import { endKeysOf } from "../keys/service.ts";
import { mailLink, useLink, voidLinks } from "../links/service.ts";
import { hashToken } from "../links/tokens.ts";
import { openAddress, passwordCell, tenantNameCell } from "../members.ts";
import { notify } from "../notices/service.ts";
import { hashPassword } from "../passwords/hash.ts";
import { checkPassword } from "../passwords/policy.ts";
import { endSessions } from "../sessions/service.ts";
import { forgetPasswordFailures } from "../sign-in/lockout.ts";
import { evenly } from "./evenly.ts";
import { isTooOften } from "./guard.ts";

/**
 * Asks for a link to a new password. Answers alike, and takes alike long, whether there is such a workspace, such an
 * address, or a member who may have one: what differs happens in the job, after the answer. `admit` may refuse
 * beforehand, within the same time.
 */
export async function askForReset(
  ctx: Ctx,
  address: string,
  admit: () => Promise<unknown> = async () => {},
): Promise<void> {
  await evenly(async () => {
    await admit();
    if (!ctx.tenant) return;
    const hash = addressHash(await keysOf(ctx), address);
    await unit(ctx, async (inner) => {
      const [[member]] = await read(
        inner,
        db.selectFrom("member").select("member_id").where("address_hash", "=", hash),
      );
      const tooOften = await isTooOften(inner, hash);
      if (!tooOften) await inner.system.jobs.enqueue(inner, mailResetLink.name, hash.toString("hex"));
      record(inner, {
        event: "account.reset-asked",
        resource: { type: "member", ...(member ? { id: member.member_id } : {}) },
        ...(tooOften ? { outcome: "refused", changes: { reason: [null, "rate_limited"] } } : {}),
      });
    });
  });
}

/**
 * Mails a link to a new password when the address is that of an active member; only the newest is good. One whose
 * address was never confirmed gets the link that confirms it: a stranger at a mistyped address must not get the account.
 * Its id is the address's keyed hash in hex.
 */
export const mailResetLink: JobSpec = {
  name: "identity.mail-reset-link",
  whileClosing: "whoever is to take their data out must be able to get in",
  concurrency: 1,
  retries: 5,
  run: async (ctx, id) => {
    const keys = await keysOf(ctx);
    await unit(ctx, async (inner) => {
      const member = await readOne(
        inner,
        db
          .selectFrom("member")
          .select(["member_id", "address", "verified_at"])
          .where("address_hash", "=", Buffer.from(id, "hex"))
          .where("status", "=", "active")
          // Two of these jobs at once must leave one link.
          .forNoKeyUpdate(),
      );
      if (!member) return;
      const purpose = member.verified_at ? "reset" : "verify";
      await voidLinks(inner, member.member_id, ["reset"]);
      await mailLink(inner, purpose, member.member_id, openAddress(keys, member));
    });
  },
};

/**
 * Chooses a new password by a mailed link: ends all sessions, begun sign-ins and API keys, opens none, and leaves second
 * factors and their guard as they are. Throws `link_invalid`, `password_policy`, which leaves the link good.
 */
export async function choosePassword(ctx: Ctx, token: string, password: string): Promise<void> {
  if (!ctx.tenant) throw appError("link_invalid");
  const keys = await keysOf(ctx);
  const [[member], [tenant]] = await read(
    ctx,
    db
      .selectFrom("mailed_link as l")
      .innerJoin("member as m", (on) =>
        on.onRef("m.tenant_id", "=", "l.tenant_id").onRef("m.member_id", "=", "l.member_id"),
      )
      .select(["m.member_id", "m.address"])
      .where("l.token_hash", "=", hashToken(token))
      .where("l.purpose", "=", "reset")
      .where("l.used_at", "is", null)
      .where("l.expires_at", ">", ctx.clock())
      .where("m.status", "=", "active"),
    db.selectFrom("tenant").select(["name", "passwords"]),
  );
  if (!member || !tenant) throw appError("link_invalid");
  checkPassword(password, {
    address: openAddress(keys, member),
    tenantName: keys.openText(tenantNameCell(tenantOf(ctx).id), tenant.name),
    rule: tenant.passwords,
  });
  const phc = await hashPassword(password, ctx.system.config.passwordHash);
  await unit(ctx, async (inner) => {
    const { memberId } = await useLink(inner, "reset", token);
    await write(
      inner,
      db
        .updateTable("member")
        .set({ password: keys.seal(passwordCell(memberId), phc) })
        .where("member_id", "=", memberId),
    );
    await endSessions(inner, { memberId }, "password reset");
    // Whoever was in with the old password may have made one, and it would go on without any.
    await endKeysOf(inner, memberId);
    await voidLinks(inner, memberId, ["reset", "unlock"]);
    // Whoever asked for another address knew the password that is gone.
    await cancelChanges(inner, memberId);
    await forgetPasswordFailures(inner, memberId);
    await notify(inner, memberId, "password-changed", { how: "reset" });
    record(inner, {
      event: "account.password-reset",
      resource: { type: "member", id: memberId },
      method: "mailed link",
      changes: { password: [redacted, redacted] },
    });
  });
}
