import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { minutes } from "../../../kernel/clock.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { readOne, unit } from "../../../kernel/database/unit.ts";
import { type JobSpec, jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { lockTree } from "../folders/moving.ts";
import { dropExpired } from "../uploads/ending.ts";
import { purgeSome } from "./purging.ts";
import { EVENTS, goneBefore } from "./view.ts";

const EVERY = minutes(60);
const FIRST_AFTER = minutes(3);

/**
 * Removes, hourly and shortly after the start, what has lain in a bin for 30 days, and uploads that nobody went on with
 * for a day, or never sent a piece of. Answers how to stop.
 */
export function keepTidying(system: System): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  const tidy = () => {
    running ??= askForTidying(system)
      .catch((error: unknown) => system.log.error({ err: error }, "the bins could not be looked through"))
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(tidy, FIRST_AFTER).unref();
  const timer = setInterval(tidy, EVERY).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

/** Adds a job for each workspace in which something has had its time; answers for how many. */
export async function askForTidying(system: System): Promise<number> {
  // Which tenants: a query of no tenant's own, by a function that answers identifiers only.
  const { rows } = await system.pool.query<{ tenant_id: string; slug: string }>(
    "select tenant_id, slug from directory.libraries_to_tidy($1)",
    [system.clock()],
  );
  for (const { tenant_id: tenantId, slug } of rows) {
    await unit(jobContext(system, { tenantId, slug }), (ctx) =>
      system.jobs.enqueue(ctx, "knowledge.tidy-library", tenantId),
    );
  }
  return rows.length;
}

/** The id is the tenant's. */
export const tidyLibrary: JobSpec = {
  name: "knowledge.tidy-library",
  concurrency: 1,
  perTenant: 1,
  retries: 3,
  once: true,
  run: async (ctx) => {
    while (await purgeNext(ctx));
    while (await dropExpired(ctx));
  },
};

/**
 * A part of one entry that has had its time or was given up; false when there is none. Its time is over when both clocks
 * say so: one of ours that is set a year ahead would empty every bin for good.
 */
function purgeNext(ctx: Ctx): Promise<boolean> {
  return unit(ctx, async (inner) => {
    await lockTree(inner);
    const entry = await readOne(
      inner,
      sql<{ id: string; kind: "document" | "folder"; given_up: boolean }>`
        select binned_id as id, kind, ended_at is not null as given_up from binned
          where tenant_id = ${tenantOf(inner).id}
            and (ended_at is not null or deleted_at <= ${goneBefore(inner.clock())}
                   and deleted_at <= clock_timestamp() - interval '30 days')
          order by binned_id limit 1 for update`,
    );
    if (!entry) return false;
    // What was given up was recorded then.
    if ((await purgeSome(inner, entry.id, !entry.given_up)) && !entry.given_up)
      record(inner, { event: EVENTS[entry.kind].purged, resource: { type: entry.kind, id: entry.id } });
    return true;
  });
}
