import { later, minutes, seconds } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import type { StreamEvent } from "../../../kernel/routes/contract.ts";
import { watch } from "../../../kernel/routes/watch.ts";
import { reachOf, sawBefore, visibleTo } from "../sharing/reach.ts";
import { documentsTopic } from "./telling.ts";
import { type DocumentRow, documentRows, documentView } from "./view.ts";

const FURTHEST_BACK = minutes(60);
/** Times are taken before the commit, so that a change can appear behind a later one. */
const OVERLAP = seconds(35);
const MOST_AT_ONCE = 500;
/** Whoever deletes more at once has a list to load anew. */
const MOST_GONE = 2000;

/**
 * Documents as they change, and ids of those that were deleted, for as long as the session stands. `resumeFrom` is the id of the last event that the
 * reader has seen; without one it begins a little before now, so that nothing falls between a list and its stream.
 */
export async function* documentEvents(
  ctx: Ctx,
  resumeFrom: string | undefined,
  gone: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const topic = documentsTopic(tenantOf(ctx).id);
  let since = beginning(ctx.clock(), resumeFrom);
  let sent = new Set<string>();
  for await (const { rows, gone: deleted } of watch(
    ctx,
    { topic, atLeast: 500, atMost: 5000, gone },
    (inner) => changed(inner, since),
  )) {
    const keys = await keysOf(ctx);
    for (const row of rows) {
      if (sent.has(versionOf(row))) continue;
      yield {
        event: "document",
        id: String(row.updated_at.getTime()),
        data: documentView(keys, row, memberOf(ctx)),
      };
    }
    for (const { document_id: id } of deleted)
      if (!sent.has(goneOf(id))) yield { event: "gone", data: { id } };
    sent = new Set([...rows.map(versionOf), ...deleted.map((row) => goneOf(row.document_id))]);
    const last = rows.at(-1);
    since =
      last && rows.length === MOST_AT_ONCE ? last.updated_at : latest(since, later(ctx.clock(), -OVERLAP));
  }
}

const versionOf = (row: DocumentRow): string => `${row.document_id} ${row.updated_at.getTime()} ${row.state}`;
const goneOf = (id: string): string => `${id} gone`;

async function changed(ctx: Ctx, since: Date) {
  const reach = reachOf(ctx);
  const [rows, gone] = await read(
    ctx,
    documentRows(reach, (documents) =>
      documents
        .where(visibleTo("document", reach))
        .where("document.updated_at", ">=", since)
        .orderBy("document.updated_at")
        .limit(MOST_AT_ONCE),
    ).orderBy("document.updated_at"),
    db
      .selectFrom("document")
      .where(sawBefore(reach))
      .where("document.updated_at", ">=", since)
      .limit(MOST_GONE)
      .select("document_id"),
  );
  return { rows, gone };
}

function beginning(now: Date, resumeFrom: string | undefined): Date {
  const seen = /^\d{1,15}$/.test(resumeFrom ?? "") ? Number(resumeFrom) : now.getTime();
  return latest(new Date(Math.min(seen, now.getTime()) - OVERLAP), later(now, -FURTHEST_BACK));
}

const latest = (a: Date, b: Date): Date => (a > b ? a : b);
