import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read, write } from "../../kernel/database/unit.ts";
import { beginningOf, openTitle, titleCell } from "./chats.ts";
import { openAnswer, openQuestion, sealBody } from "./messages.ts";

/**
 * Deletes what a member asked, with its answers, from all chats: also the title that a chat took from a question of
 * theirs, and the words that a later question borrowed. In the open unit of work.
 */
export async function forgetQuestions(ctx: Ctx, memberId: string): Promise<void> {
  const keys = await keysOf(ctx);
  const asked = sql`select chat_id from message where tenant_id = ${tenantOf(ctx).id} and member_id = ${memberId}`;
  const [chats, messages] = await read(
    ctx,
    db.selectFrom("chat").select(["chat_id", "title"]).where(sql<boolean>`chat_id in (${asked})`),
    db.selectFrom("message").selectAll().where(sql<boolean>`chat_id in (${asked})`),
  );
  const theirs = messages.filter((m) => m.member_id === memberId && m.author === "person");
  for (const chat of chats) {
    const title = openTitle(keys, chat);
    const taken = theirs.some(
      (m) => m.chat_id === chat.chat_id && beginningOf(openQuestion(keys, m).text) === title,
    );
    if (taken)
      await write(
        ctx,
        db
          .updateTable("chat")
          .set({ title: keys.seal(titleCell(chat.chat_id), "") })
          .where("chat_id", "=", chat.chat_id),
      );
  }
  for (const message of messages) {
    if (message.author !== "assistant" || message.member_id === memberId) continue;
    const { followUp, ...body } = openAnswer(keys, message);
    if (followUp?.askers.includes(memberId))
      await write(
        ctx,
        db
          .updateTable("message")
          .set({ body: sealBody(keys, message.message_id, body) })
          .where("message_id", "=", message.message_id),
      );
  }
  await write(ctx, db.deleteFrom("message").where("member_id", "=", memberId));
}
