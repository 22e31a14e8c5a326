import { sql } from "kysely";
import { type Ctx, keysOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read } from "../../kernel/database/unit.ts";
import { reachOfMember, visibleTo } from "../knowledge/sharing/reach.ts";
import type { Turn } from "./follow-up.ts";
import { type MessageRow, openAnswer, openPart, openQuestion } from "./messages.ts";

/** The question before another one in its chat, with those whose words are in it. */
export type Before = Turn & { readonly askers: readonly string[] };

/**
 * What a chat was last asked before a message, with the sentences of the answer whose documents a member may see now,
 * all that they cite: of what is hidden from them nothing is lent. `mayRead`: whether that member may read documents at
 * all.
 */
export async function turnBefore(
  ctx: Ctx,
  question: Pick<MessageRow, "chat_id" | "message_id" | "created_at">,
  memberId: string,
  mayRead: boolean,
): Promise<Before | undefined> {
  const earlier = (author: MessageRow["author"]) =>
    db
      .selectFrom("message")
      .where("chat_id", "=", question.chat_id)
      .where("author", "=", author)
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple("created_at", "message_id"), "<", tuple(question.created_at, question.message_id)),
      )
      .orderBy("created_at", "desc")
      .orderBy("message_id", "desc")
      .limit(1)
      .selectAll();
  const [[asked], [answer]] = await read(ctx, earlier("person"), earlier("assistant"));
  if (!asked) return undefined;
  const keys = await keysOf(ctx);
  const text = openQuestion(keys, asked).text;
  const turn = { question: text, followUp: "", lentBy: [], quotes: [], askers: [asked.member_id] };
  const answered = answer ? openAnswer(keys, answer) : null;
  if (!answer || answered?.question !== asked.message_id) return turn;
  const [rows] = await read(
    ctx,
    db.selectFrom("answer_part").where("message_id", "=", answer.message_id).orderBy("seq").selectAll(),
  );
  const parts = rows.map((row) => openPart(keys, row));
  const cited = parts.flatMap(({ citations }) => citations.map(({ document }) => document));
  const lent = answered.followUp?.documents ?? [];
  const [seen] = await read(
    ctx,
    db
      .selectFrom("document")
      .where(visibleTo("document", reachOfMember(ctx, memberId)))
      .where(sql<boolean>`document.document_id = any(${[...cited, ...lent]}::uuid[])`)
      .select("document_id"),
  );
  const visible = new Set(mayRead ? seen.map((row) => row.document_id) : []);
  const quotes = parts
    .filter(
      ({ citations }) => citations.length > 0 && citations.every(({ document }) => visible.has(document)),
    )
    .map(({ text: quote, citations }) => ({ document: citations[0]?.document ?? "", text: quote }));
  const { followUp } = answered;
  if (!followUp || !lent.every((id) => visible.has(id))) return { ...turn, quotes };
  const askers = [...new Set([asked.member_id, ...followUp.askers])];
  return { ...turn, quotes, followUp: followUp.words, lentBy: lent, askers };
}
