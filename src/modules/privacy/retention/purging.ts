import { later } from "../../../kernel/clock.ts";
import { oneAtATime } from "../../../kernel/database/one-at-a-time.ts";
import { newId } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../../operations/alerts/service.ts";
import { endExports } from "../export/ending.ts";
import { eraseEntries } from "../workspaces/purging.ts";
import { AUDIT_CONTENT, COUNTS, JOBS } from "./timers.ts";

/** Of all processes on a database one purges. The number is ours alone. */
const LOCK = 7_234_011_931;
const ROWS_AT_ONCE = 2000;

/** Deletes once, in all workspaces, what is older than its timer says; answers and records how much of what, where it could. */
export const purgeOld = (system: System): Promise<Readonly<Record<string, number>> | null> =>
  oneAtATime(system, LOCK, () => purgeEach(system));

async function purgeEach(system: System): Promise<Record<string, number>> {
  const now = system.clock();
  const run = newId();
  const gone: Record<string, number> = {};
  const failed: string[] = [];
  // Each by itself: what stops one of them, in one workspace, does not keep everything that the others would delete.
  const note = async (timer: string, purge: () => Promise<number>) => {
    try {
      const count = await purge();
      gone[timer] = count;
      await system.pool.query(
        "insert into platform.retention_run (run_id, timer, at, gone) values ($1, $2, $3, $4)",
        [run, timer, now, count],
      );
    } catch (error) {
      system.log.error({ err: error, timer }, "what is old could not be deleted");
      failed.push(timer);
    }
  };
  await system.pool.query("delete from platform.retention_run where at < $1", [later(now, -COUNTS)]);
  // Before the rows that name their files.
  await note("exports", () => endExports(system));
  await note("audit-content", () => emptyOldEntries(system, now));
  await note("jobs", () => system.jobs.forget(later(now, -JOBS)));
  const { rows } = await system.pool.query<{ timer: string }>(
    "select timer from platform.retention order by place",
  );
  for (const { timer } of rows) await note(timer, () => purgeTimer(system, timer));
  if (failed.length > 0)
    await alertOperator(system, {
      kind: "retention.failed",
      subject: "Something is kept longer than it should be",
      text: `What is deleted after its time could not be, and is tried again tomorrow: ${failed.join(", ")}. The server's log says why.`,
    });
  return gone;
}

/** By the database's own clock: what ours says would delete what is young. */
async function purgeTimer(system: System, timer: string): Promise<number> {
  for (let all = 0; ; ) {
    const { rows } = await system.pool.query<{ gone: string }>(
      "select directory.purge_older($1, $2) as gone",
      [timer, ROWS_AT_ONCE],
    );
    const gone = Number(rows[0]?.gone ?? 0);
    all += gone;
    if (gone < ROWS_AT_ONCE) return all;
  }
}

/** The database empties what is two years old by its own clock, and nothing that is younger, whatever ours says. */
async function emptyOldEntries(system: System, now: Date): Promise<number> {
  for (let all = 0; ; ) {
    const { rows } = await system.pool.query<{ tenant_id: string; entry_id: string }>(
      "select * from audit.unerased(null, $1, $2)",
      [later(now, -AUDIT_CONTENT), ROWS_AT_ONCE],
    );
    const byTenant = new Map<string, string[]>();
    for (const { tenant_id, entry_id } of rows) {
      const of = byTenant.get(tenant_id) ?? [];
      of.push(entry_id);
      byTenant.set(tenant_id, of);
    }
    let erased = 0;
    for (const [tenant, entries] of byTenant) erased += await eraseEntries(system, tenant, entries);
    all += erased;
    if (erased < ROWS_AT_ONCE) return all;
  }
}
