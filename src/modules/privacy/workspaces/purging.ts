import { oneAtATime } from "../../../kernel/database/one-at-a-time.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../../operations/alerts/service.ts";
import { destroyTenantKeys } from "../../operations/keys/shredding.ts";

/** Of all processes on a database one deletes workspaces. The number is ours alone. */
const LOCK = 7_234_011_930;
const ROWS_AT_ONCE = 500;

interface Due {
  readonly closing_id: string;
  readonly tenant_id: string;
  readonly slug: string;
}

/** A step of a deletion. Each can be done again after it was cut off: what is gone already is not met any more. */
interface Step {
  readonly name: string;
  readonly run: (
    system: System,
    due: Due,
    count: (what: string, gone: number) => Promise<void>,
  ) => Promise<void>;
}

/** In this order: nothing is found by its name any more, then content, then the keys that could still open a copy. */
const steps: readonly Step[] = [
  { name: "files", run: removeFiles },
  { name: "rows", run: deleteRows },
  { name: "jobs", run: dropJobs },
  { name: "archive", run: keepWhatLawKeeps },
  { name: "directory", run: endTenant },
  // After the last moment at which anybody could still add an entry.
  { name: "audit", run: emptyEntries },
  { name: "keys", run: destroyKeys },
];

/**
 * Deletes every workspace whose 30 days are over, step by step; what was cut off is taken up where it ended. Answers how
 * many are gone for good, or null when another process is at it. `stopBefore` cuts it off, for tests.
 */
export async function purgeWorkspaces(
  system: System,
  { stopBefore }: { stopBefore?: string } = {},
): Promise<number | null> {
  return oneAtATime(system, LOCK, async (client) => {
    const { rows: due } = await client.query<Due>(
      `select closing_id, tenant_id, slug from platform.closing
         where kept_at is null and done_at is null and purge_after <= clock_timestamp() order by purge_after`,
    );
    let gone = 0;
    for (const one of due) if (await tryToPurge(system, one, stopBefore)) gone++;
    return gone;
  });
}

/** Each by itself: what keeps one of them from being deleted does not keep the others, and the operator learns of it. */
async function tryToPurge(system: System, due: Due, stopBefore: string | undefined): Promise<boolean> {
  try {
    return await purge(system, due, stopBefore);
  } catch (error) {
    system.log.error({ err: error, closing: due.closing_id }, "a workspace could not be deleted");
    await alertOperator(system, {
      kind: `workspace.not-deleted.${due.closing_id}`,
      subject: "A workspace could not be deleted",
      text: `Deleting the workspace with the short name “${due.slug}” has failed, and is tried again tomorrow. The server's log says why.`,
    });
    return false;
  }
}

async function purge(system: System, due: Due, stopBefore: string | undefined): Promise<boolean> {
  const done = await stepsOf(system, due.closing_id);
  if (!done.has("rows")) {
    const { rows } = await system.pool.query<{ may: boolean }>("select directory.begin_purge($1) as may", [
      due.tenant_id,
    ]);
    // Kept meanwhile, or not there.
    if (!rows[0]?.may) return false;
  }
  for (const { name, run } of steps) {
    if (done.has(name)) continue;
    if (name === stopBefore) return false;
    await run(system, due, (what, gone) => noteStep(system, due, name, what, gone));
    await noteStep(system, due, name, FINISHED, 0);
  }
  await system.pool.query("select directory.end_purge($1)", [due.tenant_id]);
  await tellOperator(system, due);
  return true;
}

const FINISHED = "finished";

async function stepsOf(system: System, closingId: string): Promise<ReadonlySet<string>> {
  const { rows } = await system.pool.query<{ step: string }>(
    "select step from platform.closing_step where closing_id = $1 and what = $2",
    [closingId, FINISHED],
  );
  return new Set(rows.map(({ step }) => step));
}

async function noteStep(system: System, { tenant_id }: Due, step: string, what: string, gone: number) {
  await system.pool.query("select directory.note_step($1, $2, $3, $4)", [tenant_id, step, what, gone]);
}

async function removeFiles(system: System, { tenant_id }: Due, count: Parameters<Step["run"]>[2]) {
  for (let after = ""; ; ) {
    const { rows } = await system.pool.query<{ file: string }>(
      "select directory.files_of($1, $2, $3) as file",
      [tenant_id, after, ROWS_AT_ONCE],
    );
    let gone = 0;
    for (const { file } of rows) if (await system.files.remove(file)) gone++;
    if (gone > 0) await count("stored files", gone);
    const last = rows.at(-1);
    if (!last) return;
    after = last.file;
  }
}

async function deleteRows(system: System, { tenant_id }: Due, count: Parameters<Step["run"]>[2]) {
  for (;;) {
    const { rows } = await system.pool.query<{ relation: string; gone: string }>(
      "select relation, gone from directory.purge_rows($1, $2)",
      [tenant_id, ROWS_AT_ONCE],
    );
    if (rows.length === 0) return;
    for (const { relation, gone } of rows) await count(relation.replace(/^public\./, ""), Number(gone));
  }
}

async function dropJobs(system: System, { tenant_id }: Due, count: Parameters<Step["run"]>[2]) {
  await count("jobs", await system.jobs.drop(tenant_id));
}

/** Its own entries, and what the operator's log says of it. The leaves of the tree stay, and every proof with them. */
async function emptyEntries(system: System, due: Due, count: Parameters<Step["run"]>[2]) {
  type Entry = { tenant_id: string; entry_id: string };
  const of = [due.tenant_id];
  const own = () => system.pool.query<Entry>("select * from audit.unerased($1, 'infinity', 500)", of);
  const about = () => system.pool.query<Entry>("select * from audit.entries_about($1) limit 500", of);
  for (const next of [own, about]) {
    for (;;) {
      const { rows } = await next();
      const [first] = rows;
      if (!first) break;
      const ids = rows.filter(({ tenant_id }) => tenant_id === first.tenant_id).map((row) => row.entry_id);
      const erased = await eraseEntries(system, first.tenant_id, ids);
      if (erased === 0) throw new Error("entries of the audit log could not be emptied");
      await count("contents of log entries", erased);
    }
  }
}

/** Empties entries of a tenant; answers how many. The database allows it for those whose time has come only. */
export async function eraseEntries(
  system: System,
  tenantId: string,
  entries: readonly string[],
): Promise<number> {
  // Not a unit of work: into a workspace that is being deleted none can enter.
  const client = await system.pool.connect();
  try {
    await client.query("begin");
    await client.query("select set_config('vouchsafe.tenant', $1, true)", [tenantId]);
    const { rows } = await client.query<{ gone: string }>("select audit.erase($1::uuid[]) as gone", [
      entries,
    ]);
    await client.query("commit");
    client.release();
    return Number(rows[0]?.gone ?? 0);
  } catch (error) {
    // The connection goes, and its transaction with it.
    client.release(true);
    throw error;
  }
}

/** Invoices would be copied to `platform.kept_by_law` here, sealed anew; there is no billing yet, so there are none. */
async function keepWhatLawKeeps(_system: System, _due: Due, count: Parameters<Step["run"]>[2]) {
  await count("invoices, for seven years", 0);
}

async function endTenant(system: System, { tenant_id }: Due) {
  await system.pool.query("select directory.end_tenant($1)", [tenant_id]);
}

async function destroyKeys(system: System, { tenant_id }: Due, count: Parameters<Step["run"]>[2]) {
  const { copiesUntil } = await destroyTenantKeys(system, tenant_id);
  await count(`keys; their copies lapse by ${copiesUntil.toISOString().slice(0, 10)}`, 1);
}

async function tellOperator(system: System, { closing_id, slug }: Due): Promise<void> {
  const { rows } = await system.pool.query<{ step: string; what: string; gone: string }>(
    "select step, what, gone from platform.closing_step where closing_id = $1 and what <> $2 order by at, what",
    [closing_id, FINISHED],
  );
  const lines = rows.map(({ what, gone }) => `${what}: ${gone}`);
  await alertOperator(system, {
    kind: `workspace.deleted.${closing_id}`,
    subject: "A workspace has been deleted",
    text: `The workspace with the short name “${slug}” was closed, and its 30 days were over. It has been deleted, and its keys are destroyed.\n\n${lines.join("\n")}\n\nInvoices that the law wants kept: none, since this installation has no billing.`,
  });
}
