import { type Ctx, keysOf, memberOf } from "../../kernel/context.ts";
import type { StreamEvent } from "../../kernel/routes/contract.ts";
import { openStream } from "../../kernel/routes/streams.ts";
import { watch } from "../../kernel/routes/watch.ts";
import { answerTopic } from "./answering.ts";
import { answerView, failures, openAnswer, partView } from "./messages.ts";
import { type LoadedAnswer, loadAnswer, themselves } from "./service.ts";

/**
 * An answer as it is written, from where the reader was (`<attempt>-<seq>`, the id of the last event they saw) to its
 * end. Throws `not_found` at once for one that the acting member may not read, `rate_limited` when too many streams are
 * open; ends when they no longer may.
 */
export async function followAnswer(
  ctx: Ctx,
  id: string,
  lastSeen: string | undefined,
  gone: AbortSignal,
): Promise<AsyncIterable<StreamEvent>> {
  await loadAnswer(ctx, id);
  return answerEvents(ctx, id, placeOf(lastSeen), openStream(ctx, gone));
}

interface Place {
  readonly attempt: number;
  readonly seq: number;
}

async function* answerEvents(
  ctx: Ctx,
  id: string,
  from: Place,
  gone: AbortSignal,
): AsyncGenerator<StreamEvent> {
  let { attempt, seq } = from;
  const watching = { topic: answerTopic(id), atLeast: 25, atFirst: 500, atMost: 5000, gone };
  for await (const answer of watch(ctx, watching, (inner) => loadAnswer(inner, id))) {
    const { row, parts, readable } = answer;
    if (row.attempt !== attempt) {
      // Of the attempt that the reader knows nothing may have been shown yet.
      if (seq > 0) yield { event: "reset", id: `${row.attempt}-0`, data: {} };
      attempt = row.attempt;
      seq = 0;
    }
    for (const part of parts) {
      if (part.seq <= seq) continue;
      seq = part.seq;
      yield {
        event: "part",
        id: `${attempt}-${seq}`,
        data: { seq, ...partView(part.body, readable.documents) },
      };
    }
    const ending = await endingOf(ctx, answer);
    if (ending) {
      yield { ...ending, id: `${attempt}-${seq}` };
      return;
    }
  }
}

async function endingOf(ctx: Ctx, { row, parts, readable }: LoadedAnswer): Promise<StreamEvent | null> {
  if (row.state === "working") return null;
  const keys = await keysOf(ctx);
  if (row.state === "failed") {
    const code = openAnswer(keys, row).failure ?? "internal";
    return { event: "failed", data: { code, message: failures[code] } };
  }
  return {
    event: "done",
    data: answerView(
      keys,
      row,
      parts.map((part) => part.body),
      readable,
      themselves(memberOf(ctx)),
    ),
  };
}

function placeOf(lastSeen: string | undefined): Place {
  const [, attempt, seq] = /^(\d{1,6})-(\d{1,6})$/.exec(lastSeen ?? "") ?? [];
  return attempt && seq ? { attempt: Number(attempt), seq: Number(seq) } : { attempt: 0, seq: 0 };
}
