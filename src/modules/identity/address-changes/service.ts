import { record } from "../../../kernel/audit.ts";
import { days, later, minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { sendMail } from "../../../kernel/mail.ts";
import { isFresh } from "../../../kernel/standing.ts";
import { addressHash } from "../addresses.ts";
import { factorsOf, hasFactor } from "../factors/policy.ts";
import { forgetFactorsSince } from "../factors/reset.ts";
import { endKeysOf } from "../keys/service.ts";
import { mailLink, makeLink, preferencesOf, useLink, voidLinks } from "../links/service.ts";
import { inWords } from "../mails/language.ts";
import { textsIn } from "../mails/texts.ts";
import { addressCell, openAddress } from "../members.ts";
import { notify } from "../notices/service.ts";
import { endSessions } from "../sessions/service.ts";
import { confirmPassword } from "../sign-in/service.ts";
import { cancelChanges } from "./cancelling.ts";

const UNDO_FOR = days(3);
const MOST_AN_HOUR = 5;

const oldCell = (id: string) => ({ table: "address_change", column: "old_address", row: id });
const newCell = (id: string) => ({ table: "address_change", column: "new_address", row: id });

/**
 * Asks for another address of the acting member: it changes once the new one is confirmed. Both are mailed, the old
 * one with a link that stops it. Of several the newest counts. Says nothing about whether the new one is taken: that
 * only its owner is told. Throws `sign_in_failed`, `locked`, `step_up_required`, `rate_limited`.
 */
export async function askForAddress(ctx: Ctx, address: string, password: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const standing = standingOf(inner);
    // Asked before the password, which would else be confirmed for nothing.
    if (!isFresh(standing, inner.clock()) && hasFactor(await factorsOf(inner, standing.memberId)))
      throw appError("step_up_required");
  });
  const me = standingOf(ctx).memberId;
  await confirmPassword(ctx, me, password);
  const keys = await keysOf(ctx);
  await unit(ctx, async (inner) => {
    const member = await lockMember(inner, me);
    const now = inner.clock();
    const hash = addressHash(keys, address);
    const [[taken], [recent]] = await read(
      inner,
      db
        .selectFrom("member")
        .select("member_id")
        .where("address_hash", "=", hash)
        .where("member_id", "<>", me),
      db
        .selectFrom("address_change")
        .select((on) => on.fn.countAll<string>().as("n"))
        .where("member_id", "=", me)
        .where("created_at", ">", later(now, -minutes(60))),
    );
    // Each is a mail to an address of the member's choice.
    if (Number(recent?.n ?? 0) >= MOST_AN_HOUR) throw appError("rate_limited", { retryAfter: 3600 });
    await cancelChanges(inner, me);
    const id = newId();
    const old = openAddress(keys, member);
    await write(
      inner,
      db.insertInto("address_change").values({
        tenant_id: tenantOf(inner).id,
        change_id: id,
        member_id: me,
        old_address: keys.seal(oldCell(id), old),
        new_address: keys.seal(newCell(id), address),
        new_hash: hash,
        created_at: now,
      }),
    );
    const { language } = await preferencesOf(inner, me);
    const texts = textsIn(language);
    // Made for a taken address, too, and told nobody: the same work, whatever is there.
    const confirm = await makeLink(inner, "confirm-address", me, id);
    const undo = await makeLink(inner, "undo-address", me, id);
    const letter = taken ? texts.addressTaken() : texts.links["confirm-address"](confirm);
    await sendMail(inner, { to: address, ...letter });
    await sendMail(inner, { to: old, ...texts.addressAsked({ to: address, undo }) });
    record(inner, {
      event: "account.address-change-asked",
      resource: { type: "member", id: me },
      changes: { address: [old, address] },
    });
  });
}

/** Makes the new address the member's, by the link mailed to it. Throws `link_invalid`, `already_member`. */
export async function confirmAddress(ctx: Ctx, token: string): Promise<void> {
  if (!ctx.tenant) throw appError("link_invalid");
  const keys = await keysOf(ctx);
  await unit(ctx, async (inner) => {
    const { memberId, changeId } = await useLink(inner, "confirm-address", token);
    const change = await loadChange(inner, keys, changeId);
    if (change.confirmedAt) throw appError("link_invalid");
    const now = inner.clock();
    await giveAddress(inner, keys, memberId, change.to);
    await setChange(inner, change.id, { confirmed_at: now });
    // What was mailed to the old address must not open the account any more.
    await voidLinks(inner, memberId, ["reset", "verify", "unlock"]);
    const preferences = await preferencesOf(inner, memberId);
    const undo = await makeLink(inner, "undo-address", memberId, change.id);
    const until = inWords(later(now, UNDO_FOR), preferences);
    await sendMail(inner, {
      to: change.from,
      ...textsIn(preferences.language).addressChanged({ to: change.to, undo, until }),
    });
    await notify(inner, memberId, "address-changed", { how: "confirmed" });
    record(inner, {
      event: "account.address-changed",
      resource: { type: "member", id: memberId },
      method: "mailed link",
      changes: { address: [change.from, change.to] },
    });
  });
}

/**
 * Takes a change back, by a link mailed to the old address: gives that back to the member, ends all sessions, makes
 * later changes, second factors and API keys and everything mailed meanwhile worthless, and mails the old address a link
 * to a new password, since whoever changed it knew the present one. Throws `link_invalid`, and `already_member` when somebody else has the
 * address by now.
 */
export async function undoAddress(ctx: Ctx, token: string): Promise<void> {
  if (!ctx.tenant) throw appError("link_invalid");
  const keys = await keysOf(ctx);
  await unit(ctx, async (inner) => {
    const { memberId, changeId } = await useLink(inner, "undo-address", token);
    const change = await loadChange(inner, keys, changeId);
    const now = inner.clock();
    if (change.confirmedAt && later(change.confirmedAt, UNDO_FOR) <= now) throw appError("link_invalid");
    const before = openAddress(keys, await lockMember(inner, memberId));
    if (change.confirmedAt) await giveAddress(inner, keys, memberId, change.from);
    await setChange(inner, change.id, { undone_at: now });
    await write(
      inner,
      db
        .updateTable("address_change")
        .set({ cancelled_at: now })
        .where("member_id", "=", memberId)
        .where("created_at", ">=", change.createdAt)
        .where("change_id", "<>", change.id)
        .where("undone_at", "is", null)
        .where("cancelled_at", "is", null),
    );
    await voidLinks(inner, memberId, ["reset", "verify", "unlock", "confirm-address"]);
    // Before the sessions: one that such a factor opens at this moment is among those that end.
    await forgetFactorsSince(inner, memberId, change.createdAt);
    await endSessions(inner, { memberId }, "address change undone");
    // Sessions are not the only thing that somebody who was in the account may have left behind.
    await endKeysOf(inner, memberId, change.createdAt);
    await mailLink(inner, "reset", memberId, change.confirmedAt ? change.from : before);
    await notify(inner, memberId, "address-changed", { how: "undone" });
    record(inner, {
      event: "account.address-change-undone",
      resource: { type: "member", id: memberId },
      method: "mailed link",
      changes: { address: [before, change.confirmedAt ? change.from : before] },
    });
  });
}

interface Change {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly createdAt: Date;
  readonly confirmedAt: Date | null;
}

/** A change that stands: neither cancelled nor undone. Throws `link_invalid`. */
async function loadChange(ctx: Ctx, keys: TenantKeys, id: string | null): Promise<Change> {
  const [[row]] = await read(
    ctx,
    db
      .selectFrom("address_change")
      .selectAll()
      .where("change_id", "=", id)
      .where("undone_at", "is", null)
      .where("cancelled_at", "is", null),
  );
  if (!row) throw appError("link_invalid");
  return {
    id: row.change_id,
    from: keys.openText(oldCell(row.change_id), row.old_address),
    to: keys.openText(newCell(row.change_id), row.new_address),
    createdAt: row.created_at,
    confirmedAt: row.confirmed_at,
  };
}

/** Both addresses of a change. */
export function addressesOf(
  keys: TenantKeys,
  row: { readonly change_id: string; readonly old_address: Buffer; readonly new_address: Buffer },
): [from: string, to: string] {
  return [
    keys.openText(oldCell(row.change_id), row.old_address),
    keys.openText(newCell(row.change_id), row.new_address),
  ];
}

async function setChange(ctx: Ctx, id: string, change: { confirmed_at: Date } | { undone_at: Date }) {
  await write(ctx, db.updateTable("address_change").set(change).where("change_id", "=", id));
}

/** Throws `already_member` when another member has the address, even since a moment ago. */
async function giveAddress(ctx: Ctx, keys: TenantKeys, memberId: string, address: string): Promise<void> {
  try {
    await write(
      ctx,
      db
        .updateTable("member")
        .set({
          address: keys.seal(addressCell(memberId), address),
          address_hash: addressHash(keys, address),
        })
        .where("member_id", "=", memberId),
    );
  } catch (cause) {
    if ((cause as { code?: string }).code === UNIQUE_VIOLATION) throw appError("already_member", { cause });
    throw cause;
  }
}

const UNIQUE_VIOLATION = "23505";

async function lockMember(ctx: Ctx, memberId: string) {
  const [[member]] = await read(
    ctx,
    db
      .selectFrom("member")
      .select(["member_id", "address"])
      .where("member_id", "=", memberId)
      .forNoKeyUpdate(),
  );
  if (!member) throw appError("signed_out");
  return member;
}
