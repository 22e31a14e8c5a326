import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { record } from "../../../kernel/audit.ts";
import { seconds } from "../../../kernel/clock.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { readArchive } from "./archive-reading.ts";
import type { Chosen } from "./choosing.ts";
import { copyIn, copyOut } from "./copy.ts";
import { backupFailure } from "./failure.ts";
import { loadArchive } from "./loading.ts";
import { namesIn, rowsOf } from "./snapshot.ts";
import { copyInto, quoted, READ_IN_ORDER, type Table, tablesOf } from "./tables.ts";

/** A connection of a superuser, and one of its databases. */
export interface Reach {
  readonly adminUrl: string;
  readonly database: string;
}

// What belongs to a moment, not to a workspace: it is emptied, and not filled again. Mails that waited were sent.
const EMPTIED = [
  "public.session",
  "public.mail",
  "public.factor_ticket",
  "public.mailed_link",
  "public.challenge_used",
];
const LONGEST_UNIT = seconds(60);

/**
 * Sets one tenant back to a backup, and touches no other: the archive is loaded into a scratch database, from which the
 * tenant's rows replace those that it has, in one transaction. Its members are kept out from before that until after it.
 * Its audit log is not set back; it says what happened. Its keys stay: a tenant whose keys are gone is refused.
 */
export async function restoreTenant(options: {
  readonly system: System;
  readonly live: Reach;
  /** An empty database, which the caller throws away. */
  readonly scratch: Reach;
  readonly slug: string;
  readonly data: Chosen;
  readonly identities: readonly Secret[];
  readonly progress?: (words: string) => void;
}): Promise<{ tenantId: string; tables: number; rows: number; files: number }> {
  const { system, live, scratch, slug, data, identities, progress = () => {} } = options;
  const { opening } = await loadArchive({ ...scratch, archive: await data.read(), identities, progress });
  const [from, to] = [await connect(scratch), await connect(live)];
  try {
    const tenantId = await sameTenant(from, to, slug);
    await system.keyring.tenant(tenantId);
    const tables = await tablesOfTenants(from, to);
    progress("putting back its files");
    const files = await putFiles(system, from, tables, tenantId, data, identities);
    progress("closing it to its members");
    const state = await closeToMembers(to, tenantId);
    progress("putting back its rows");
    const rows = await replaceRows(from, to, tables, tenantId).catch(async (error: unknown) => {
      // Nothing of it happened: its members come in again to what was there.
      await to.query("update tenant set state = $2 where tenant_id = $1", [tenantId, state]);
      throw error;
    });
    await tell(system, { tenantId, slug }, data, new Date(opening.at));
    return { tenantId, tables: tables.length, rows, files };
  } finally {
    await from.end();
    await to.end();
  }
}

async function connect({ adminUrl, database }: Reach): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: withDatabase(adminUrl, database),
    application_name: "vouchsafe restore",
  });
  await client.connect();
  await client.query(READ_IN_ORDER);
  return client;
}

async function sameTenant(from: pg.Client, to: pg.Client, slug: string): Promise<string> {
  const find = async (client: pg.Client) =>
    (
      await client.query<{ id: string }>(
        "select tenant_id as id from directory.tenant_slug where slug = $1",
        [slug],
      )
    ).rows[0]?.id;
  const [then, now] = [await find(from), await find(to)];
  if (!then) throw backupFailure("incomplete", `There is no workspace ${slug} in this backup.`);
  // What is encrypted is bound to the tenant's id: under another one it does not open.
  if (then !== now)
    throw backupFailure("incomplete", `The workspace ${slug} of this backup is not here any more.`);
  return then;
}

/** Those in which a tenant has rows, but for its audit log; they must have the same columns on both sides. */
async function tablesOfTenants(from: pg.Client, to: pg.Client): Promise<Table[]> {
  const here = await tablesOf(to);
  return (await tablesOf(from)).filter((table) => {
    if (!table.name.startsWith("public.") || !table.columns.some(({ name }) => name === "tenant_id"))
      return false;
    const other = here.find(({ name }) => name === table.name);
    if (JSON.stringify(other?.columns) === JSON.stringify(table.columns)) return true;
    throw backupFailure("unsupported", `The table ${table.name} has other columns here than in this backup.`);
  });
}

/** Files never change once written: those that are still there stay as they are. */
async function putFiles(
  system: System,
  from: pg.Client,
  tables: readonly Table[],
  tenantId: string,
  data: Chosen,
  identities: readonly Secret[],
): Promise<number> {
  const wanted = new Set<string>();
  for (const table of namesIn(tables)) {
    const { rows } = await from.query<{ file: string }>(
      `select file from ${quoted(table)} where tenant_id = $1`,
      [tenantId],
    );
    for (const { file } of rows) wanted.add(file);
  }
  for (const name of wanted) if (await system.files.exists(name)) wanted.delete(name);
  let put = 0;
  if (wanted.size > 0)
    await readArchive(await data.read(), identities, {
      file: async (path, content) => {
        if (!path.startsWith("files/") || !wanted.has(basename(path))) return;
        await system.files.putSealed(basename(path), content);
        put += 1;
      },
    });
  return put;
}

/** Nobody enters any more, and whoever was inside has finished. The row that comes back from the backup opens it again. */
async function closeToMembers(to: pg.Client, tenantId: string): Promise<string> {
  const { rows } = await to.query<{ at: Date; state: string }>(
    `update tenant t set state = 'closed' from tenant before
       where t.tenant_id = $1 and before.tenant_id = t.tenant_id and before.state in ('active', 'closing')
       returning clock_timestamp() as at, before.state`,
    [tenantId],
  );
  const closed = rows[0];
  if (!closed) throw backupFailure("incomplete", "This workspace is being deleted.");
  const until = Date.now() + LONGEST_UNIT;
  for (;;) {
    const { rowCount } = await to.query(
      "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and usename = 'vouchsafe_app' and xact_start < $1",
      [closed.at],
    );
    if (rowCount === 0 || Date.now() > until) return closed.state;
    await sleep(50);
  }
}

async function replaceRows(
  from: pg.Client,
  to: pg.Client,
  tables: readonly Table[],
  tenantId: string,
): Promise<number> {
  await to.query("begin");
  try {
    // References are whole in the backup, and all rows of the tenant come from it.
    await to.query("set local session_replication_role = replica");
    let all = 0;
    for (const table of tables) {
      await to.query(`delete from ${quoted(table.name)} where tenant_id = $1`, [tenantId]);
      if (EMPTIED.includes(table.name)) continue;
      all += await copyIn(to, copyInto(table), copyOut(from, rowsOf(table, tenantId)));
    }
    // What processes remember of who may see what is no longer so.
    await to.query(
      `insert into visibility_epoch (tenant_id, epoch) values ($1, gen_random_uuid())
         on conflict (tenant_id) do update set epoch = gen_random_uuid()`,
      [tenantId],
    );
    for (const table of tables)
      if (!EMPTIED.includes(table.name) && table.name !== "public.visibility_epoch")
        await compare(from, to, table, tenantId);
    await to.query("commit");
    return all;
  } catch (error) {
    await to.query("rollback");
    throw error;
  }
}

async function compare(from: pg.Client, to: pg.Client, table: Table, tenantId: string): Promise<void> {
  const sum = async (client: pg.Client) =>
    (
      await client.query<{ sum: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg(md5(r::text), '' order by md5(r::text))), '') as sum
           from ${quoted(table.name)} r where tenant_id = $1`,
        [tenantId],
      )
    ).rows[0]?.sum;
  if ((await sum(from)) !== (await sum(to)))
    throw backupFailure("damaged", `${table.name} is not what it was after it was put back.`);
}

async function tell(
  system: System,
  tenant: { tenantId: string; slug: string },
  { archive }: Chosen,
  taken: Date,
): Promise<void> {
  const id = newId();
  await system.pool.query(
    "insert into platform.restored (restore_id, at, taken_at, archive, tenant_id) values ($1, $2, $3, $4, $5)",
    [id, system.clock(), taken, archive.name, tenant.tenantId],
  );
  await unit(jobContext(system, tenant), async (ctx) => {
    record(ctx, {
      event: "tenant.restored",
      resource: { type: "tenant", id: tenant.tenantId },
      changes: { state: ["newer", taken.toISOString()] },
    });
  });
}
