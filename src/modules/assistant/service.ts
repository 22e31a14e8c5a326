import { sql } from "kysely";
import { record } from "../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read, unit, write } from "../../kernel/database/unit.ts";
import { appError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { allows } from "../../kernel/permissions.ts";
import { openName } from "../identity/members.ts";
import { demandSeen } from "../knowledge/service.ts";
import { reachOf, reachWithOpened, visibleTo } from "../knowledge/sharing/reach.ts";
import { type ChatSummary, chatSummary, loadChat, touchChat } from "./chats.ts";
import {
  answerView,
  type Message,
  type MessageRow,
  openAnswer,
  openPart,
  openQuestion,
  type PartBody,
  type QuestionFilters,
  questionView,
  type Readable,
  sealBody,
  untoldView,
  type Viewer,
} from "./messages.ts";
import { readableIn } from "./readable.ts";

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
  const readable = await readableIn(
    ctx,
    messages.map((row) => ({
      body: row.author === "person" ? openQuestion(keys, row) : openAnswer(keys, row),
      parts: bodies.get(row.message_id) ?? [],
    })),
  );
  const shown = new Set(messages.flatMap((row) => (row.shown ? row.member_id : [])));
  const viewer: Viewer = { memberId: me, mayKnow: (asker) => chat.opening === null || shown.has(asker) };
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
            ? { ...questionView(keys, row, readable), by: askedBy(row) }
            : answerView(keys, row, bodies.get(row.message_id) ?? [], readable, viewer),
      ),
  };
}

/** Whether a message may be read under an opening (null: without one): whoever asked was told of it, or is reading. */
const toldOf = (opening: string | null, me: string) =>
  sql<boolean>`(${opening}::uuid is null or message.member_id = ${me} or exists (
    select from opening_owner told
      where told.tenant_id = message.tenant_id and told.opening_id = ${opening}::uuid
        and told.member_id = message.member_id and told.ended_at is null))`;

/**
 * Asks in a chat that one may write. The answer is written by a job, in the rights of whoever asks. Throws `not_found` for
 * filters that name what the acting member does not see.
 */
export async function ask(
  ctx: Ctx,
  chatId: string,
  text: string,
  given: QuestionFilters = {},
): Promise<{ question: Message; answer: Message }> {
  return unit(ctx, async (inner) => {
    const chat = await loadChat(inner, chatId, "write");
    const { memberId } = standingOf(inner);
    // An answer is what a search finds: whoever may not search, or whose key may not, gets none this way.
    if (!allows(standingOf(inner), "search.use")) throw appError("forbidden");
    await demandSeen(inner, given);
    const filters = Object.values(given).some((value) => value !== undefined) ? { filters: given } : {};
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
    const question = { ...person, body: sealBody(keys, person.message_id, { text, ...filters }) };
    const answer = {
      ...assistant,
      body: sealBody(keys, assistant.message_id, { question: person.message_id, ...filters }),
    };
    await write(inner, db.insertInto("message").values([question, answer]));
    await touchChat(inner, chat, text);
    record(inner, { event: "question.asked", resource: { type: "chat", id: chatId } });
    await inner.system.jobs.enqueue(inner, "assistant.answer", answer.message_id);
    const readable = await readableIn(inner, [{ body: { text, ...filters }, parts: [] }]);
    return {
      question: questionView(keys, question, readable),
      answer: answerView(keys, answer, [], readable, themselves(memberId)),
    };
  });
}

/** Whoever reads a chat without an opening reads all of it. */
export const themselves = (memberId: string): Viewer => ({ memberId, mayKnow: () => true });

export interface LoadedAnswer {
  readonly row: MessageRow;
  readonly parts: { readonly seq: number; readonly body: PartBody }[];
  /** What of all that it names the acting member may see now. */
  readonly readable: Readable;
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
  const whole = { body: openAnswer(keys, row), parts: parts.map((part) => part.body) };
  return { row, parts, readable: await readableIn(ctx, [whole]) };
}
