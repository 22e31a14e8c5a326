import { record } from "../../../kernel/audit.ts";
import { days, later } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { type Place, pageOf as page } from "../../../kernel/paging.ts";
import { openPreferences, type Preferences } from "../mails/language.ts";
import { textsIn } from "../mails/texts.ts";
import { type NoticeFacts, type NoticeKind, noticeKinds, type Places, pathOf, rules } from "./kinds.ts";
import { mailNotice, sentenceOf } from "./mail.ts";

const factsCell = (id: string) => ({ table: "notice", column: "facts", row: id });

/**
 * Tells a member of something that concerns them, in the page and by mail, each if they want it; what concerns the
 * safety of their account is told in both places always. In the open unit of work, so that it is told when, and only
 * when, it happened. Does nothing for who is no member any more; a suspended one gets no mail.
 */
export async function notify<K extends NoticeKind>(
  ctx: Ctx,
  memberId: string,
  kind: K,
  facts: NoticeFacts[K],
): Promise<void> {
  const now = ctx.clock();
  const [[member], [choice], [mailed]] = await read(
    ctx,
    db
      .selectFrom("member")
      .select(["member_id", "address", "preferences", "status", "role", "verified_at"])
      .where("member_id", "=", memberId),
    choicesOf(memberId).where("kind", "=", kind),
    db
      .selectFrom("notice")
      .select("notice_id")
      .where("member_id", "=", memberId)
      .where("kind", "=", kind)
      .where("mailed", "=", true)
      .where("created_at", ">", new Date(now.getTime() - ONE_MAIL_MS))
      .limit(1),
  );
  if (!member || member.status === "removed") return;
  const keys = await keysOf(ctx);
  const places = placesOf(kind, choice);
  const clean = tidied(facts);
  // Of many things of one kind, such as a hundred shared documents, one mail tells; the page tells of each.
  const mailing = places.mail && (rules[kind].fixed || !mailed) && mayBeMailed(member);
  if (!places.page && !mailing) return;
  const id = newId();
  await write(
    ctx,
    db.insertInto("notice").values({
      tenant_id: tenantOf(ctx).id,
      notice_id: id,
      member_id: memberId,
      kind,
      facts: keys.seal(factsCell(id), JSON.stringify(clean)),
      created_at: now,
      in_page: places.page,
      mailed: mailing,
    }),
  );
  if (mailing) await mailNotice(ctx, keys, member, kind, clean, now);
}

const ONE_MAIL_MS = 15 * 60_000;

/** Like `notify`, at most once in a day: of something that somebody else can repeat at will. */
export async function notifyDaily<K extends NoticeKind>(
  ctx: Ctx,
  memberId: string,
  kind: K,
  facts: NoticeFacts[K],
): Promise<void> {
  const told = db
    .selectFrom("notice")
    .select("notice_id")
    .where("member_id", "=", memberId)
    .where("kind", "=", kind)
    .where("created_at", ">", later(ctx.clock(), -days(1)))
    .limit(1);
  // One after the other, so that two at once do not both find nothing.
  const [, [found]] = await read(
    ctx,
    db.selectFrom("member").select("member_id").where("member_id", "=", memberId).forUpdate(),
    told,
  );
  if (!found) await notify(ctx, memberId, kind, facts);
}

// The operator's staff in another's workspace have their mails in their own.
const mayBeMailed = (member: { status: string; role: string; verified_at: Date | null }): boolean =>
  member.status === "active" && member.role !== "support" && member.verified_at !== null;

/** One line each: what somebody gave as a name or a reason must not look like a paragraph of ours. */
function tidied<F extends object>(facts: F): F {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      typeof value === "string"
        ? value
            .replace(/[\s\p{Cc}]+/gu, " ")
            .trim()
            .slice(0, 500)
            .toWellFormed()
        : value,
    ]),
    // The same members with the same kinds of values.
  ) as F;
}

export interface NoticeItem {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly at: string;
  readonly text: string;
  readonly path: string | null;
  readonly read: boolean;
}

/** The acting member's notices, newest first, in their language, and how many of all are unread. */
export async function listNotices(
  ctx: Ctx,
  { cursor, limit }: { cursor?: Place | undefined; limit: number },
): Promise<{ items: NoticeItem[]; next: string | null; unread: number }> {
  const me = memberOf(ctx);
  const mine = () =>
    db
      .selectFrom("notice")
      .where("member_id", "=", me)
      .where("in_page", "=", true)
      .where("kind", "in", noticeKinds);
  let query = mine()
    .select(["notice_id", "kind", "facts", "created_at", "read_at"])
    .orderBy("created_at", "desc")
    .orderBy("notice_id", "desc")
    .limit(limit + 1);
  if (cursor)
    query = query.where((on) =>
      on.or([
        on("created_at", "<", cursor.at),
        on.and([on("created_at", "=", cursor.at), on("notice_id", "<", cursor.id)]),
      ]),
    );
  const [rows, [count], [member]] = await read(
    ctx,
    query,
    mine()
      .where("read_at", "is", null)
      .select((on) => on.fn.countAll<string>().as("unread")),
    db.selectFrom("member").select(["member_id", "preferences"]).where("member_id", "=", me),
  );
  if (!member) throw appError("signed_out");
  const keys = await keysOf(ctx);
  const preferences = openPreferences(keys, member);
  const { slug } = tenantOf(ctx);
  const shown = page(
    rows,
    limit,
    (row): Place => ({ at: row.created_at, id: row.notice_id }),
    (row) => itemOf(keys, preferences, slug, row),
  );
  return { ...shown, unread: Number(count?.unread ?? 0) };
}

function itemOf(
  keys: TenantKeys,
  preferences: Preferences,
  slug: string,
  row: { notice_id: string; kind: string; facts: Buffer; created_at: Date; read_at: Date | null },
): NoticeItem {
  // Only kinds that are declared were asked for, and facts were sealed as those of their kind.
  const kind = row.kind as NoticeKind;
  const facts = JSON.parse(keys.openText(factsCell(row.notice_id), row.facts)) as NoticeFacts[NoticeKind];
  return {
    id: row.notice_id,
    kind,
    at: row.created_at.toISOString(),
    text: sentenceOf(preferences, kind, facts),
    path: pathOf(slug, kind, facts),
    read: row.read_at !== null,
  };
}

/** Marks one's own notices as read: all of those that are named, or none. Another's is not there: throws `not_found`. */
export async function markRead(ctx: Ctx, ids: readonly string[] | "all"): Promise<void> {
  await unit(ctx, async (inner) => {
    const me = memberOf(inner);
    const unread = db
      .updateTable("notice")
      .set({ read_at: inner.clock() })
      .where("member_id", "=", me)
      .where("read_at", "is", null);
    if (ids === "all") {
      await write(inner, unread);
      return;
    }
    const named = [...new Set(ids)];
    if (named.length === 0) return;
    const [mine] = await read(
      inner,
      db.selectFrom("notice").select("notice_id").where("member_id", "=", me).where("notice_id", "in", named),
    );
    if (mine.length < named.length) throw appError("not_found");
    await write(inner, unread.where("notice_id", "in", named));
  });
}

export interface NoticeChoice extends Places {
  readonly kind: NoticeKind;
  readonly words: string;
  readonly fixed: boolean;
}

/** Where the acting member is told of each kind. */
export async function listChoices(ctx: Ctx): Promise<NoticeChoice[]> {
  const me = memberOf(ctx);
  const [choices, [member]] = await read(
    ctx,
    choicesOf(me),
    db.selectFrom("member").select(["member_id", "preferences"]).where("member_id", "=", me),
  );
  if (!member) throw appError("signed_out");
  const { notices } = textsIn(openPreferences(await keysOf(ctx), member).language);
  return noticeKinds.map((kind) => ({
    kind,
    words: notices[kind].words,
    ...placesOf(
      kind,
      choices.find((choice) => choice.kind === kind),
    ),
    fixed: rules[kind].fixed,
  }));
}

/** Throws `invalid_input` for a kind that concerns the safety of the account: whoever gets in must not silence it. */
export async function choosePlaces(ctx: Ctx, kind: NoticeKind, { page, mail }: Places): Promise<void> {
  if (rules[kind].fixed) {
    const message = "This concerns the safety of your account and is always told.";
    throw appError("invalid_input", { message, fields: { kind: message } });
  }
  await unit(ctx, async (inner) => {
    const me = memberOf(inner);
    const [[before]] = await read(inner, choicesOf(me).where("kind", "=", kind));
    await write(
      inner,
      db
        .insertInto("notice_choice")
        .values({ tenant_id: tenantOf(inner).id, member_id: me, kind, in_page: page, by_mail: mail })
        .onConflict((on) =>
          on.columns(["tenant_id", "member_id", "kind"]).doUpdateSet({ in_page: page, by_mail: mail }),
        ),
    );
    const old = placesOf(kind, before);
    record(inner, {
      event: "account.notices-changed",
      resource: { type: "member", id: me },
      changes: { kind: [kind, kind], page: [old.page, page], mail: [old.mail, mail] },
    });
  });
}

const choicesOf = (memberId: string) =>
  db.selectFrom("notice_choice").select(["kind", "in_page", "by_mail"]).where("member_id", "=", memberId);

function placesOf(kind: NoticeKind, choice: { in_page: boolean; by_mail: boolean } | undefined): Places {
  const { fixed, usual } = rules[kind];
  return fixed || !choice ? usual : { page: choice.in_page, mail: choice.by_mail };
}
