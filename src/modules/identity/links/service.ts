import { record } from "../../../kernel/audit.ts";
import { days, later } from "../../../kernel/clock.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { sendMail } from "../../../kernel/mail.ts";
import { forgetFailures } from "../sign-in/lockout.ts";
import { hashToken, newToken } from "./tokens.ts";

type Purpose = "verify" | "unlock";

const texts: Record<Purpose, { subject: string; text: (link: string) => string }> = {
  verify: {
    subject: "Confirm your address",
    text: (link) =>
      `Open this link to confirm that this address is yours. It works once, within a day.\n\n${link}\n\nIf you did not ask for it, ignore this mail.`,
  },
  unlock: {
    subject: "Sign-in was paused",
    text: (link) =>
      `Someone gave a wrong password for your account five times, so sign-in is paused for a while.\n\nIf it was you, this link lets you try again at once. It works once, within a day.\n\n${link}\n\nIf it was not you, you need not do anything.`,
  },
};

/** Mails a member a link for one purpose. In the open unit of work. */
export async function mailLink(ctx: Ctx, purpose: Purpose, memberId: string, address: string): Promise<void> {
  const { id: tenantId, slug } = tenantOf(ctx);
  const { token, hash } = newToken();
  const now = ctx.clock();
  await write(
    ctx,
    db.insertInto("mailed_link").values({
      tenant_id: tenantId,
      link_id: newId(),
      member_id: memberId,
      purpose,
      token_hash: hash,
      created_at: now,
      expires_at: later(now, days(1)),
    }),
  );
  const { subject, text } = texts[purpose];
  await sendMail(ctx, {
    to: address,
    subject,
    text: text(`${ctx.system.origin.current}/t/${slug}/${purpose}#${token}`),
  });
}

/** Confirms the address that a link was mailed to. Throws `link_invalid`. */
export async function verifyAddress(ctx: Ctx, token: string): Promise<void> {
  await followLink(ctx, "verify", token, async (inner, memberId) => {
    await write(
      inner,
      db
        .updateTable("member")
        .set({ verified_at: inner.clock() })
        .where("member_id", "=", memberId)
        .where("verified_at", "is", null),
    );
    record(inner, { event: "member.address-verified", resource: { type: "member", id: memberId } });
  });
}

/** Ends the pause after failed sign-ins. Throws `link_invalid`. */
export async function unlockByLink(ctx: Ctx, token: string): Promise<void> {
  await followLink(ctx, "unlock", token, async (inner, memberId) => {
    await forgetFailures(inner, memberId);
    record(inner, {
      event: "member.unlocked",
      resource: { type: "member", id: memberId },
      method: "mailed link",
    });
  });
}

async function followLink(
  ctx: Ctx,
  purpose: Purpose,
  token: string,
  act: (ctx: Ctx, memberId: string) => Promise<void>,
): Promise<void> {
  if (!ctx.tenant) throw appError("link_invalid");
  await unit(ctx, async (inner) => {
    const now = inner.clock();
    // One statement decides who of two racing requests used the link.
    const { rows } = await write(
      inner,
      db
        .updateTable("mailed_link")
        .set({ used_at: now })
        .where("token_hash", "=", hashToken(token))
        .where("purpose", "=", purpose)
        .where("used_at", "is", null)
        .where("expires_at", ">", now)
        .returning("member_id"),
    );
    const memberId = rows[0]?.member_id;
    if (!memberId) throw appError("link_invalid");
    await act(inner, memberId);
  });
}
