import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { sendMail } from "../../../kernel/mail.ts";
import { inWords, openPreferences, type Preferences } from "../mails/language.ts";
import { type Moment, type Texts, textsIn } from "../mails/texts.ts";
import { openAddress } from "../members.ts";
import { type NoticeFacts, type NoticeKind, pathOf, rules } from "./kinds.ts";

/** Mails a notice in its member's language. In the open unit of work. */
export async function mailNotice<K extends NoticeKind>(
  ctx: Ctx,
  keys: TenantKeys,
  member: { member_id: string; address: Buffer; preferences: Buffer | null },
  kind: K,
  facts: NoticeFacts[K],
  at: Date,
): Promise<void> {
  const preferences = openPreferences(keys, member);
  const texts = textsIn(preferences.language);
  const path = pathOf(tenantOf(ctx).slug, kind, facts);
  const paragraphs = [
    sentenceOf(preferences, kind, facts),
    texts.when(inWords(at, preferences)),
    ...(path ? [texts.lookHere(ctx.system.origin.current + path)] : []),
    ...(rules[kind].fixed ? [texts.notYou] : []),
  ];
  await sendMail(ctx, {
    to: openAddress(keys, member),
    subject: texts.notices[kind].subject,
    text: `${paragraphs.join("\n\n")}\n`,
  });
}

/** What a notice says, in one or two sentences. */
export function sentenceOf<K extends NoticeKind>(
  preferences: Preferences,
  kind: K,
  facts: NoticeFacts[K],
): string {
  const moment: Moment = (iso) => inWords(new Date(iso), preferences);
  const notice: Texts["notices"][K] = textsIn(preferences.language).notices[kind];
  return notice.text(facts, moment);
}
