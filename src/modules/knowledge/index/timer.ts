import { minutes } from "../../../kernel/clock.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { DUE_AFTER } from "./tombstones.ts";

const EVERY = minutes(60);
const FIRST_AFTER = minutes(3);

/**
 * Looks every hour, and shortly after the start, which indexes have something to be done that nobody does: words of
 * documents that have been gone for long, what a crash left, documents whose job was lost. Answers how to stop.
 */
export function keepIndexesTidy(system: System): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  const look = () => {
    running ??= tidyWhatWaits(system)
      .catch((error: unknown) => system.log.error({ err: error }, "indexes could not be tidied"))
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(look, FIRST_AFTER).unref();
  const timer = setInterval(look, EVERY).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

/** Asks for jobs once, in all workspaces; answers of how many. */
export async function tidyWhatWaits(system: System): Promise<number> {
  const now = system.clock();
  const { rows } = await system.pool.query<{ tenant_id: string }>(
    "select directory.tenants_with_index_work($1, $2) as tenant_id",
    [new Date(now.getTime() - DUE_AFTER), now],
  );
  for (const { tenant_id: tenantId } of rows) {
    // These jobs need no address of their workspace.
    await unit(jobContext(system, { tenantId, slug: "" }), async (ctx) => {
      await ctx.system.jobs.enqueue(ctx, "knowledge.index", tenantId);
      await ctx.system.jobs.enqueue(ctx, "knowledge.tidy-index", tenantId);
    });
  }
  return rows.length;
}
