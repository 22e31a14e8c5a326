import { later, minutes, seconds } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { read } from "../../../kernel/database/unit.ts";
import type { StreamEvent } from "../../../kernel/routes/contract.ts";
import { watch } from "../../../kernel/routes/watch.ts";
import { memberOf, visibleTo } from "./access.ts";
import { documentsTopic } from "./upload.ts";
import { documentRows, documentView } from "./view.ts";

const FURTHEST_BACK = minutes(60);
/** Times are taken before the commit, so that a change can appear behind a later one. */
const OVERLAP = seconds(35);
const MOST_AT_ONCE = 500;

/**
 * Documents as they change, for as long as the session stands. `resumeFrom` is the id of the last event that the
 * reader has seen; without one it begins a little before now, so that nothing falls between a list and its stream.
 */
export async function* documentEvents(
  ctx: Ctx,
  resumeFrom: string | undefined,
  gone: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const topic = documentsTopic(tenantOf(ctx).id);
  let since = beginning(ctx.clock(), resumeFrom);
  let sent = new Map<string, number>();
  for await (const rows of watch(ctx, { topic, atLeast: 500, atMost: 3000, gone }, (inner) => changed(inner, since))) {
    const keys = await keysOf(ctx);
    for (const row of rows) {
      const at = row.updated_at.getTime();
      if (sent.get(row.document_id) === at) continue;
      yield { event: "document", id: String(at), data: documentView(keys, row, memberOf(ctx)) };
    }
    sent = new Map(rows.map((row) => [row.document_id, row.updated_at.getTime()]));
    const newest = rows.length < MOST_AT_ONCE ? ctx.clock() : (rows.at(-1)?.updated_at ?? since);
    since = new Date(Math.max(since.getTime(), later(newest, rows.length < MOST_AT_ONCE ? -OVERLAP : 0).getTime()));
  }
}

async function changed(ctx: Ctx, since: Date) {
  const [rows] = await read(
    ctx,
    documentRows()
      .where(visibleTo(memberOf(ctx)))
      .where("document.updated_at", ">=", since)
      .orderBy("document.updated_at")
      .limit(MOST_AT_ONCE),
  );
  return rows;
}

function beginning(now: Date, resumeFrom: string | undefined): Date {
  const seen = /^\d{1,15}$/.test(resumeFrom ?? "") ? Number(resumeFrom) : now.getTime();
  return new Date(Math.max(Math.min(seen, now.getTime()) - OVERLAP, now.getTime() - FURTHEST_BACK));
}
