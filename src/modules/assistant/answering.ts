import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read, unit, write } from "../../kernel/database/unit.ts";
import type { JobSpec } from "../../kernel/jobs.ts";
import { rightsOf } from "../../kernel/permissions.ts";
import { type Found, findPassages, wordsOf } from "../knowledge/service.ts";
import { isReached, reachOfMember, sharingOf } from "../knowledge/sharing/reach.ts";
import { type AnswerPart, answerExtractively } from "./extractive.ts";
import { type AnswerBody, openAnswer, openQuestion, type PartBody, sealBody, sealPart } from "./messages.ts";

/** Told after each part, and when the answer is done. */
export const answerTopic = (id: string): string => `answer:${id}`;

const PASSAGES = 24;
const NOTHING_FOUND = "Nothing in the documents that you can see answers this.";

/**
 * Writes an answer from what the member who asked may see now. A job that is tried again begins a new attempt; what a
 * former one still writes is refused, since it names its own attempt.
 */
export const answerQuestion: JobSpec = {
  name: "assistant.answer",
  concurrency: 4,
  perTenant: 2,
  retries: 2,
  run: async (ctx, id, last) => {
    const started = performance.now();
    const begun = await begin(ctx, id);
    if (!begun) return;
    try {
      if (!begun.mayAsk) return await end(ctx, begun, { failure: "not_allowed" });
      const { items, documents } = await findPassages(ctx, begun.memberId, begun.question, PASSAGES);
      const parts = partsFrom(begun.question, items);
      for (const [i, part] of parts.entries()) if (!(await addPart(ctx, begun, i + 1, part))) return;
      const ms = Math.round(performance.now() - started);
      await end(ctx, begun, { mode: "extractive", documentsSearched: documents, ms });
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
  readonly questionId: string;
  readonly question: string;
  readonly mayAsk: boolean;
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
      db.selectFrom("message").where("message_id", "=", questionId).select(["message_id", "body"]),
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
      questionId,
      question: openQuestion(keys, question).text,
      mayAsk: rights.has("chat.ask") && rights.has("search.use") && chat?.writable === true,
    };
  });
  ctx.system.hub.tell(answerTopic(id));
  return begun;
}

/** The sentences as parts, each document's passage numbered in the order in which it is first cited. */
function partsFrom(question: string, found: readonly Found[]): PartBody[] {
  const passages = found.map((item, i) => ({ ...item, id: String(i) }));
  const { parts } = answerExtractively(question, passages, { analyse: wordsOf });
  if (parts.length === 0) return [{ text: NOTHING_FOUND, citations: [] }];
  const numbers = new Map<string, number>();
  return parts.map((part) => ({ text: part.text, citations: part.citations.map(cite) }));

  function cite({ passageId, start, end }: AnswerPart["citations"][number]): PartBody["citations"][number] {
    const item = found[Number(passageId)];
    if (!item) throw new Error("an answer cites a passage that was not found");
    const key = `${passageId} ${start} ${end}`;
    const n = numbers.get(key) ?? numbers.size + 1;
    numbers.set(key, n);
    const { document, passage, page, text } = item;
    return { n, document: document.id, passage, page, quote: text.slice(start, end), start, end };
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
  { id, attempt, questionId }: Begun,
  outcome: Omit<AnswerBody, "question">,
): Promise<void> {
  const keys = await keysOf(ctx);
  await unit(ctx, (inner) =>
    write(
      inner,
      db
        .updateTable("message")
        .set({
          state: outcome.failure ? "failed" : "done",
          body: sealBody(keys, id, { question: questionId, ...outcome }),
        })
        .where("message_id", "=", id)
        .where("attempt", "=", attempt)
        .where("state", "=", "working"),
    ),
  );
  ctx.system.hub.tell(answerTopic(id));
}
