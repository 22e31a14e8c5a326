import { sql } from "kysely";
import { record } from "../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read, unit, write } from "../../kernel/database/unit.ts";
import { appError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { allows } from "../../kernel/permissions.ts";
import { openName } from "../identity/members.ts";
import { readableDocuments } from "../knowledge/service.ts";
import { reachOf, reachWithOpened, visibleTo } from "../knowledge/sharing/reach.ts";
import { type ChatSummary, chatSummary, loadChat, touchChat } from "./chats.ts";
import {
  answerView,
  type Message,
  type MessageRow,
  openPart,
  type PartBody,
  questionView,
  sealBody,
  untoldView,
} from "./messages.ts";

const MOST_MESSAGES = 500;

export interface Chat extends ChatSummary {
  readonly messages: Message[];
}

/** A chat with its newest messages (at most 500), in order, each as the acting member may see it. */
export async function readChat(ctx: Ctx, id: string): Promise<Chat> {
  const chat = await loadChat(ctx, id, "read");
  const me = memberOf(ctx);
  const [messages, partRows] = await read(
    ctx,
    db
      .selectFrom("message")
      .innerJoin("chat", (on) =>
        on.onRef("chat.tenant_id", "=", "message.tenant_id").onRef("chat.chat_id", "=", "message.chat_id"),
      )
      .innerJoin("member", (on) =>
        on
          .onRef("member.tenant_id", "=", "message.tenant_id")
          .onRef("member.member_id", "=", "message.member_id"),
      )
      .where(visibleTo("chat", reachWithOpened(ctx)))
      .where("message.chat_id", "=", id)
      .orderBy("message.created_at", "desc")
      .orderBy("message.message_id", "desc")
      .limit(MOST_MESSAGES)
      .selectAll("message")
      .select(["member.name as member_name", toldOf(chat.opening, me).as("shown")]),
    db
      .selectFrom("answer_part")
      .innerJoin("message", (on) =>
        on
          .onRef("message.tenant_id", "=", "answer_part.tenant_id")
          .onRef("message.message_id", "=", "answer_part.message_id"),
      )
      .where("message.chat_id", "=", id)
      .orderBy("answer_part.seq")
      .selectAll("answer_part"),
  );
  const keys = await keysOf(ctx);
  const parts = Map.groupBy(partRows, (row) => row.message_id);
  const bodies = new Map(
    [...parts].map(([message, rows]) => [message, rows.map((row) => openPart(keys, row))]),
  );
  // Without what is opened: an opened chat shows what was asked, and of the documents those that are opened by id.
  const readable = await readableDocuments(ctx, reachOf(ctx), documentsIn([...bodies.values()].flat()));
  const askedBy = (row: { member_id: string; member_name: Buffer }) => ({
    id: row.member_id,
    name: openName(keys, { member_id: row.member_id, name: row.member_name }),
  });
  return {
    ...chatSummary(keys, chat, me),
    messages: messages
      .reverse()
      // A question that is not for the reader stands there as one; its answer, which says what it was about, does not.
      .filter((row) => row.shown || row.author === "person")
      .map((row) =>
        !row.shown
          ? untoldView(row)
          : row.author === "person"
            ? { ...questionView(keys, row), by: askedBy(row) }
            : answerView(keys, row, bodies.get(row.message_id) ?? [], readable, me),
      ),
  };
}

/** Whether a message may be read under an opening (null: without one): whoever asked was told of it, or is reading. */
const toldOf = (opening: string | null, me: string) =>
  sql<boolean>`(${opening}::uuid is null or message.member_id = ${me} or exists (
    select from opening_owner told
      where told.tenant_id = message.tenant_id and told.opening_id = ${opening}::uuid
        and told.member_id = message.member_id and told.ended_at is null))`;

export const documentsIn = (parts: readonly PartBody[]): string[] =>
  parts.flatMap((part) => part.citations.map((citation) => citation.document));

/** Asks in a chat that one may write. The answer is written by a job, in the rights of whoever asks. */
export async function ask(
  ctx: Ctx,
  chatId: string,
  text: string,
): Promise<{ question: Message; answer: Message }> {
  return unit(ctx, async (inner) => {
    const chat = await loadChat(inner, chatId, "write");
    const { memberId } = standingOf(inner);
    // An answer is what a search finds: whoever may not search, or whose key may not, gets none this way.
    if (!allows(standingOf(inner), "search.use")) throw appError("forbidden");
    const keys = await keysOf(inner);
    const asked = inner.clock();
    const row = (author: MessageRow["author"], at: Date): Omit<MessageRow, "body"> => ({
      tenant_id: tenantOf(inner).id,
      message_id: newId(at.getTime()),
      chat_id: chatId,
      author,
      member_id: memberId,
      state: author === "person" ? "done" : "working",
      attempt: 0,
      created_at: at,
    });
    const person = row("person", asked);
    // A millisecond later, so that it always stands after its question.
    const assistant = row("assistant", new Date(asked.getTime() + 1));
    const question = { ...person, body: sealBody(keys, person.message_id, { text }) };
    const answer = {
      ...assistant,
      body: sealBody(keys, assistant.message_id, { question: person.message_id }),
    };
    await write(inner, db.insertInto("message").values([question, answer]));
    await touchChat(inner, chat, text);
    record(inner, { event: "question.asked", resource: { type: "chat", id: chatId } });
    await inner.system.jobs.enqueue(inner, "assistant.answer", answer.message_id);
    return {
      question: questionView(keys, question),
      answer: answerView(keys, answer, [], new Map(), memberId),
    };
  });
}

export interface LoadedAnswer {
  readonly row: MessageRow;
  readonly parts: { readonly seq: number; readonly body: PartBody }[];
  /** Names of the cited documents that the acting member may see now. */
  readonly readable: ReadonlyMap<string, string>;
}

/** An answer as far as it is written. Throws `not_found` unless the acting member may read its chat. */
export async function loadAnswer(ctx: Ctx, id: string): Promise<LoadedAnswer> {
  const reach = reachOf(ctx);
  // In this order: an answer that is seen as done has all of its parts.
  const [[row], partRows] = await read(
    ctx,
    db
      .selectFrom("message")
      .innerJoin("chat", (on) =>
        on.onRef("chat.tenant_id", "=", "message.tenant_id").onRef("chat.chat_id", "=", "message.chat_id"),
      )
      .where(visibleTo("chat", reach))
      .where("message.message_id", "=", id)
      .where("message.author", "=", "assistant")
      .selectAll("message"),
    db.selectFrom("answer_part").where("message_id", "=", id).orderBy("seq").selectAll(),
  );
  if (!row) throw appError("not_found");
  const keys = await keysOf(ctx);
  const parts = partRows.map((part) => ({ seq: part.seq, body: openPart(keys, part) }));
  return { row, parts, readable: await readableDocuments(ctx, reach, documentsIn(parts.map((p) => p.body))) };
}
