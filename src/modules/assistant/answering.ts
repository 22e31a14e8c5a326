import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read, unit, write } from "../../kernel/database/unit.ts";
import type { JobSpec } from "../../kernel/jobs.ts";
import { rightsOf } from "../../kernel/permissions.ts";
import { type Found, findPassages, wordsOf } from "../knowledge/service.ts";
import { isReached, reachOfMember, sharingOf } from "../knowledge/sharing/reach.ts";
import { turnBefore } from "./conversation.ts";
import { type AnswerPart, answerExtractively } from "./extractive.ts";
import { complete } from "./follow-up.ts";
import {
  type AnswerBody,
  type MessageRow,
  openAnswer,
  openQuestion,
  type PartBody,
  type QuestionBody,
  sealBody,
  sealPart,
} from "./messages.ts";
import { differ, nothingFound } from "./phrases.ts";
import type { Context } from "./question.ts";

/** Told after each part, and when the answer is done. */
export const answerTopic = (id: string): string => `answer:${id}`;

const PASSAGES = 24;

/**
 * Writes an answer from what the member who asked may see now. A job that is tried again begins a new attempt; what a
 * former one still writes is refused, since it names its own attempt.
 */
export const answerQuestion: JobSpec = {
  name: "assistant.answer",
  whileClosing: "it ends an answer to a question that came before, and none can come any more",
  concurrency: 4,
  perTenant: 2,
  retries: 2,
  run: async (ctx, id, last) => {
    const started = performance.now();
    const begun = await begin(ctx, id);
    if (!begun) return;
    try {
      if (!begun.mayAsk) return await end(ctx, begun, { failure: "not_allowed" });
      const { memberId, body } = begun;
      const before = await turnBefore(ctx, begun.asked, memberId, begun.mayRead);
      const context = complete(body.text, before, wordsOf) ?? undefined;
      const text = context ? `${body.text} ${context.words}` : body.text;
      // The filters are no more than what was asked for: what of it may be seen now is asked with them.
      const { items, documents } = await findPassages(ctx, memberId, text, PASSAGES, body.filters ?? {});
      const parts = partsFrom(body.text, items, context);
      for (const [i, part] of parts.entries()) if (!(await addPart(ctx, begun, i + 1, part))) return;
      const ms = Math.round(performance.now() - started);
      const followUp =
        context && before
          ? { followUp: { words: context.words, documents: context.documents, askers: before.askers } }
          : {};
      await end(ctx, begun, { mode: "extractive", documentsSearched: documents, ms, ...followUp });
    } catch (error) {
      if (last) await end(ctx, begun, { failure: "internal" });
      throw error;
    }
  },
};

interface Begun {
  readonly id: string;
  readonly attempt: number;
  readonly memberId: string;
  readonly asked: Pick<MessageRow, "message_id" | "chat_id" | "created_at">;
  readonly body: QuestionBody;
  readonly mayAsk: boolean;
  readonly mayRead: boolean;
}

async function begin(ctx: Ctx, id: string): Promise<Begun | null> {
  const begun = await unit(ctx, async (inner) => {
    const keys = await keysOf(inner);
    const { rows } = await write(
      inner,
      db
        .updateTable("message")
        .set(({ eb }) => ({ attempt: eb("attempt", "+", 1) }))
        .where("message_id", "=", id)
        .where("author", "=", "assistant")
        .where("state", "=", "working")
        .returning(["message_id", "chat_id", "attempt", "member_id", "body"]),
    );
    const row = rows[0];
    if (!row) return null;
    await write(inner, db.deleteFrom("answer_part").where("message_id", "=", id));
    const { question: questionId } = openAnswer(keys, row);
    const [[question], [asker], [chat]] = await read(
      inner,
      db
        .selectFrom("message")
        .where("message_id", "=", questionId)
        .select(["message_id", "chat_id", "created_at", "body"]),
      db
        .selectFrom("member")
        .innerJoin("tenant", "tenant.tenant_id", "member.tenant_id")
        .leftJoin("role", (on) =>
          on.onRef("role.tenant_id", "=", "member.tenant_id").onRef("role.role_id", "=", "member.role_id"),
        )
        .where("member.member_id", "=", row.member_id)
        .where("member.status", "=", "active")
        .where("tenant.state", "=", "active")
        .select(["member.role", "role.permissions as granted", "tenant.kind as tenantKind"]),
      // Whoever asked in another's chat may have lost it since.
      sql<{ writable: boolean }>`
        select chat.owner_id = ${row.member_id} or coalesce(sharing.reached = 'write', false) as writable
          from chat cross join lateral ${sharingOf("chat", row.member_id)} sharing
          where chat.chat_id = ${row.chat_id} and ${isReached("chat", reachOfMember(inner, row.member_id))}`,
    );
    if (!question) throw new Error("an answer has no question");
    const rights = asker ? rightsOf(asker, asker.tenantKind) : new Set();
    return {
      id,
      attempt: row.attempt,
      memberId: row.member_id,
      asked: question,
      body: openQuestion(keys, question),
      mayRead: rights.has("document.read"),
      mayAsk: rights.has("chat.ask") && rights.has("search.use") && chat?.writable === true,
    };
  });
  ctx.system.hub.tell(answerTopic(id));
  return begun;
}

/** The sentences as parts, each document's passage numbered in the order in which it is first cited. */
function partsFrom(question: string, found: readonly Found[], context: Context | undefined): PartBody[] {
  const passages = found.map((item, i) => ({ ...item, id: String(i) }));
  const answer = answerExtractively(question, passages, { analyse: wordsOf, context });
  if (answer.nothingFound) return [{ text: nothingFound(question), citations: [] }];
  const numbers = new Map<string, number>();
  const parts = answer.parts.map((part) => ({ text: part.text, citations: part.citations.map(cite) }));
  if (answer.differing.length === 0) return parts;
  const sources = answer.differing.flatMap((place) => {
    const citation = parts[place]?.citations.at(-1);
    const at = found.find(({ document }) => document.id === citation?.document)?.document.at;
    return citation && at ? [{ citation, at }] : [];
  });
  // It cites all that it speaks of: whoever may not see one of them does not see this either.
  const citations = sources.map(({ citation }) => citation);
  return [
    {
      text: differ(
        question,
        sources.map(({ citation: { n }, at }) => ({ n, at })),
      ),
      citations,
    },
    ...parts,
  ];

  function cite({ passageId, start, end }: AnswerPart["citations"][number]): PartBody["citations"][number] {
    const item = found[Number(passageId)];
    if (!item) throw new Error("an answer cites a passage that was not found");
    const key = `${passageId} ${start} ${end}`;
    const n = numbers.get(key) ?? numbers.size + 1;
    numbers.set(key, n);
    const { document, version, passage, page, text } = item;
    return { n, document: document.id, version, passage, page, quote: text.slice(start, end), start, end };
  }
}

/** False when the answer is no longer this attempt's to write: another has begun, or the chat is gone. */
async function addPart(ctx: Ctx, { id, attempt }: Begun, seq: number, part: PartBody): Promise<boolean> {
  const body = sealPart(await keysOf(ctx), id, seq, part);
  const added = await unit(ctx, async (inner) => {
    // The lock keeps a new attempt from beginning, and deleting, between the check and the commit.
    const { count } = await write(
      inner,
      sql`
        with mine as (
          select tenant_id, message_id from message
            where tenant_id = ${tenantOf(inner).id} and message_id = ${id}
              and attempt = ${attempt} and state = 'working' for update)
        insert into answer_part (tenant_id, message_id, seq, body)
          select tenant_id, message_id, ${seq}::int, ${body}::bytea from mine`,
    );
    return count === 1;
  });
  if (added) ctx.system.hub.tell(answerTopic(id));
  return added;
}

async function end(
  ctx: Ctx,
  { id, attempt, asked, body: { filters } }: Begun,
  outcome: Omit<AnswerBody, "question" | "filters">,
): Promise<void> {
  const keys = await keysOf(ctx);
  await unit(ctx, (inner) =>
    write(
      inner,
      db
        .updateTable("message")
        .set({
          state: outcome.failure ? "failed" : "done",
          body: sealBody(keys, id, {
            question: asked.message_id,
            ...(filters ? { filters } : {}),
            ...outcome,
          }),
        })
        .where("message_id", "=", id)
        .where("attempt", "=", attempt)
        .where("state", "=", "working"),
    ),
  );
  ctx.system.hub.tell(answerTopic(id));
}
