import { record } from "../../../kernel/audit.ts";
import { days, later, minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { sendMail } from "../../../kernel/mail.ts";
import { openPreferences, type Preferences, unsaid } from "../mails/language.ts";
import { type LinkPurpose, textsIn } from "../mails/texts.ts";
import { forgetPasswordFailures } from "../sign-in/lockout.ts";
import { hashToken, newToken } from "./tokens.ts";

export type Purpose = LinkPurpose | "undo-address";

/** How long a link is good. To undo a change: a day until it is confirmed at the latest, and 72 hours from then on. */
const validFor: Readonly<Record<Purpose, number>> = {
  verify: days(1),
  unlock: days(1),
  reset: minutes(60),
  "confirm-address": days(1),
  "undo-address": days(4),
};

/** Mails a member a link for one purpose, in their language. In the open unit of work. */
export async function mailLink(
  ctx: Ctx,
  purpose: LinkPurpose,
  memberId: string,
  address: string,
): Promise<void> {
  const { language } = await preferencesOf(ctx, memberId);
  const link = await makeLink(ctx, purpose, memberId);
  await sendMail(ctx, { to: address, ...textsIn(language).links[purpose](link) });
}

/** A link that works once; of it only a hash is kept. In the open unit of work. */
export async function makeLink(
  ctx: Ctx,
  purpose: Purpose,
  memberId: string,
  changeId: string | null = null,
): Promise<string> {
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
      change_id: changeId,
      token_hash: hash,
      created_at: now,
      expires_at: later(now, validFor[purpose]),
    }),
  );
  return `${ctx.system.origin.current}/t/${slug}/${purpose}#${token}`;
}

/** How a member wants to be spoken to. */
export async function preferencesOf(ctx: Ctx, memberId: string): Promise<Preferences> {
  const [[member]] = await read(
    ctx,
    db.selectFrom("member").select(["member_id", "preferences"]).where("member_id", "=", memberId),
  );
  return member ? openPreferences(await keysOf(ctx), member) : unsaid;
}

/**
 * Uses a link up; one statement decides who of two racing requests did. Whoever was suspended or removed since has
 * none. Its member's row is locked first, as whoever makes links worthless does. Throws `link_invalid`. In the open
 * unit of work.
 */
export async function useLink(
  ctx: Ctx,
  purpose: Purpose,
  token: string,
): Promise<{ memberId: string; changeId: string | null }> {
  const now = ctx.clock();
  const hash = hashToken(token);
  const [[member]] = await read(
    ctx,
    db
      .selectFrom("member")
      .select("member_id")
      .where("status", "=", "active")
      .where(
        "member_id",
        "in",
        db.selectFrom("mailed_link").select("member_id").where("token_hash", "=", hash),
      )
      .forNoKeyUpdate(),
  );
  if (!member) throw appError("link_invalid");
  const { rows } = await write(
    ctx,
    db
      .updateTable("mailed_link")
      .set({ used_at: now })
      .where("token_hash", "=", hash)
      .where("purpose", "=", purpose)
      .where("used_at", "is", null)
      .where("expires_at", ">", now)
      .returning(["member_id", "change_id"]),
  );
  const [row] = rows;
  if (!row) throw appError("link_invalid");
  return { memberId: row.member_id, changeId: row.change_id };
}

/** Makes a member's unused links of some purposes worthless. In the open unit of work. */
export async function voidLinks(ctx: Ctx, memberId: string, purposes: readonly Purpose[]): Promise<void> {
  await write(
    ctx,
    db
      .updateTable("mailed_link")
      .set({ used_at: ctx.clock() })
      .where("member_id", "=", memberId)
      .where("purpose", "in", purposes)
      .where("used_at", "is", null),
  );
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

/**
 * Ends the pause after wrong passwords; not the one after wrong codes, or whoever reads the mail could go on guessing
 * the second factor for ever. Throws `link_invalid`.
 */
export async function unlockByLink(ctx: Ctx, token: string): Promise<void> {
  await followLink(ctx, "unlock", token, async (inner, memberId) => {
    await forgetPasswordFailures(inner, memberId);
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
  await unit(ctx, async (inner) => act(inner, (await useLink(inner, purpose, token)).memberId));
}
