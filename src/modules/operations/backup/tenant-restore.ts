import { readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { record } from "../../../kernel/audit.ts";
import { seconds } from "../../../kernel/clock.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { errorCode, makePrivateFolder, replaceFile } from "../../../kernel/files/durable.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { signerOf } from "../audit/log/keeper.ts";
import { type ReadArchive, readArchive } from "./archive-reading.ts";
import type { Chosen } from "./choosing.ts";
import { copyIn, copyOut } from "./copy.ts";
import { backupFailure } from "./failure.ts";
import { keysNeeded, noteFileVersions, requireKeys } from "./keys-needed.ts";
import { type LoadOptions, loadArchive, requireSame } from "./loading.ts";
import { keepRightsAway, openClosed, rememberRights } from "./rights.ts";
import { requireName, requireSigned } from "./signing.ts";
import { namesIn, rowsOf } from "./snapshot.ts";
import { copyInto, quoted, READ_IN_ORDER, type Table, tablesOf } from "./tables.ts";

// Longer than other files: what is safe about it is the order of its steps, which are read together.

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
const OPERATOR = "operator";

/**
 * Sets one tenant back to a backup, and touches no other: the archive is loaded into a scratch database, from which the
 * tenant's rows replace those that it has, in one transaction. Its members are kept out from before that until after it.
 * Its audit log is not set back; it says what happened. Its keys stay: a tenant whose keys are gone is refused.
 */
export async function restoreTenant(options: {
  readonly system: System;
  readonly live: Reach;
  /** An empty database, which the caller throws away. */
  readonly scratch: Reach & Pick<LoadOptions, "passwords">;
  readonly slug: string;
  readonly data: Chosen;
  readonly identities: readonly Secret[];
  /** What a first reading found. */
  readonly expected?: ReadArchive;
  /**
   * Changes what was loaded into the scratch database before anything of it is put back; asked once more when nobody can
   * change the workspace any longer. Done twice, it does nothing the second time but for what has happened in between.
   */
  readonly prepare?: (tenantId: string, taken: Date) => Promise<unknown>;
  readonly progress?: (words: string) => void;
  /** Whoever is inside has so long to finish; then nothing is changed. */
  readonly patienceMs?: number;
}): Promise<{ tenantId: string; tables: number; rows: number; files: number }> {
  const { system, live, scratch, slug, data, identities, progress = () => {} } = options;
  // The operator's own workspace says who may enter which other: that goes back with the whole installation only.
  if (slug === OPERATOR)
    throw backupFailure("unsupported", "The operator's own workspace is not set back alone.");
  const { patienceMs = seconds(60) } = options;
  const seen = noteFileVersions();
  const read = await loadArchive({
    ...scratch,
    archive: await data.read(),
    identities,
    progress,
    ...(options.expected ? { expected: options.expected } : {}),
    file: async (path, content) => {
      if (path.startsWith("files/")) for await (const _ of seen.note(basename(path), content));
    },
  });
  const { opening } = read;
  requireName(data.archive, opening);
  requireSigned(read, await signerOf(system));
  const [from, to] = [await connect(scratch), await connect(live)];
  try {
    const tenantId = await sameTenant(from, to, slug);
    await restoreAlone(to, tenantId);
    await system.keyring.tenant(tenantId);
    const tables = await tablesOfTenants(from, to);
    const needed = (await keysNeeded(from, tables, seen.versions, tenantId)).get(tenantId);
    if (needed) requireKeys(tenantId, needed, await system.keyring.look(tenantId));
    await openClosed(from);
    const named = await filesIn(from, tables, tenantId);
    await options.prepare?.(tenantId, new Date(opening.at));
    const mark = join(system.config.home, "restoring", `${tenantId}.json`);
    // What an earlier run left that was killed: its members come in again, and it begins anew.
    await openAgain(live, tenantId, mark);
    progress("putting back its files");
    const files = await putFiles(system, from, tables, tenantId, data, identities, read);
    progress("closing it to its members");
    let rows = 0;
    try {
      await closeToMembers(to, tenantId, mark, patienceMs);
      // Until here it was open: whoever was erased meanwhile does not come back either.
      await options.prepare?.(tenantId, new Date(opening.at));
      progress("putting back its rows");
      rows = await replaceRows(from, to, tables, tenantId, await stateIn(mark), {
        id: newId(),
        at: system.clock(),
        taken: new Date(opening.at),
        archive: data.archive.name,
      });
      await rm(mark, { force: true });
    } catch (error) {
      // Nothing of it happened: its members come in again to what was there. This connection may be what failed.
      await openAgain(live, tenantId, mark);
      throw error;
    }
    // What was put back, or was still there, of those who were erased.
    const kept = await filesIn(from, tables, tenantId);
    for (const name of named) if (!kept.has(name)) await system.files.remove(name);
    await tell(system, { tenantId, slug }, new Date(opening.at));
    return { tenantId, tables: tables.length, rows, files };
  } finally {
    await from.end();
    await to.end();
  }
}

export async function connect({ adminUrl, database }: Reach): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: withDatabase(adminUrl, database),
    application_name: "vouchsafe restore",
  });
  await client.connect();
  await client.query(READ_IN_ORDER);
  return client;
}

/** The number is ours alone. */
const LOCK = 723_401_196;

/** One at a time of a workspace, for as long as this connection is open: the one would open what the other has closed. */
async function restoreAlone(to: pg.Client, tenantId: string): Promise<void> {
  const { rows } = await to.query<{ mine: boolean }>(
    "select pg_try_advisory_lock($1, hashtext($2)) as mine",
    [LOCK, tenantId],
  );
  if (!rows[0]?.mine)
    throw backupFailure("incomplete", "This workspace is being set back already. Wait until that has ended.");
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

/** The names of stored files in its rows. */
async function filesIn(client: pg.Client, tables: readonly Table[], tenantId: string): Promise<Set<string>> {
  const names = new Set<string>();
  for (const table of namesIn(tables)) {
    const { rows } = await client.query<{ file: string }>(
      `select file from ${quoted(table)} where tenant_id = $1`,
      [tenantId],
    );
    for (const { file } of rows) names.add(file);
  }
  return names;
}

/** Files never change once written: those that are still there stay as they are. */
async function putFiles(
  system: System,
  from: pg.Client,
  tables: readonly Table[],
  tenantId: string,
  data: Chosen,
  identities: readonly Secret[],
  expected: ReadArchive,
): Promise<number> {
  const wanted = await filesIn(from, tables, tenantId);
  for (const name of wanted) if (await system.files.exists(name)) wanted.delete(name);
  let put = 0;
  if (wanted.size > 0) {
    const again = await readArchive(await data.read(), identities, {
      file: async (path, content) => {
        if (!path.startsWith("files/") || !wanted.has(basename(path))) return;
        await system.files.putSealed(basename(path), content);
        put += 1;
      },
    });
    requireSame(again, expected);
  }
  return put;
}

/**
 * Nobody enters any more, and whoever was inside has finished: else nothing is done. Which state it had lies in the home
 * before it is closed, so that a run that is killed does not lock a workspace for good.
 */
async function closeToMembers(
  to: pg.Client,
  tenantId: string,
  mark: string,
  patienceMs: number,
): Promise<void> {
  const { rows: before } = await to.query<{ state: string }>(
    "select state from tenant where tenant_id = $1",
    [tenantId],
  );
  const state = before[0]?.state;
  if (state !== "active" && state !== "closing")
    throw backupFailure("incomplete", "This workspace is being deleted.");
  await makePrivateFolder(dirname(mark));
  await replaceFile(mark, JSON.stringify({ state }));
  const { rows } = await to.query<{ at: Date }>(
    `update tenant set state = 'closed' where tenant_id = $1 and state = $2 returning clock_timestamp() as at`,
    [tenantId, state],
  );
  const closed = rows[0];
  if (!closed) throw backupFailure("incomplete", "The state of this workspace has just changed. Try again.");
  const until = Date.now() + patienceMs;
  for (;;) {
    const { rowCount } = await to.query(
      "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and usename = 'vouchsafe_app' and xact_start < $1",
      [closed.at],
    );
    if (rowCount === 0) return;
    if (Date.now() > until)
      throw backupFailure("incomplete", "Somebody is still at work in the database. Try again later.");
    await sleep(50);
  }
}

async function stateIn(mark: string): Promise<string | null> {
  try {
    return (JSON.parse(await readFile(mark, "utf8")) as { state: string }).state;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Gives a workspace the state back that it had before it was closed for this; nothing where it was not. */
async function openAgain(live: Reach, tenantId: string, mark: string): Promise<void> {
  const state = await stateIn(mark);
  if (state === null) return;
  const client = await connect(live);
  try {
    await client.query("update tenant set state = $2 where tenant_id = $1 and state = 'closed'", [
      tenantId,
      state,
    ]);
  } finally {
    await client.end();
  }
  await rm(mark, { force: true });
}

async function replaceRows(
  from: pg.Client,
  to: pg.Client,
  tables: readonly Table[],
  tenantId: string,
  state: string | null,
  note: { readonly id: string; readonly at: Date; readonly taken: Date; readonly archive: string },
): Promise<number> {
  await to.query("begin");
  try {
    // Nobody changes it, and no job that had looked before, until this has ended.
    await to.query("select from tenant where tenant_id = $1 for update", [tenantId]);
    await rememberRights(to, tenantId);
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
        await compareRows(from, to, table, tenantId);
    await keepRightsAway(to, tenantId);
    if (state) await to.query("update tenant set state = $2 where tenant_id = $1", [tenantId, state]);
    await to.query(
      "insert into platform.restored (restore_id, at, taken_at, archive, tenant_id) values ($1, $2, $3, $4, $5)",
      [note.id, note.at, note.taken, note.archive, tenantId],
    );
    await to.query("commit");
    return all;
  } catch (error) {
    // A connection that is lost has rolled back, too.
    await to.query("rollback").catch(() => undefined);
    throw error;
  }
}

export async function compareRows(
  from: pg.Client,
  to: pg.Client,
  table: Table,
  tenantId: string,
): Promise<void> {
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

async function tell(system: System, tenant: { tenantId: string; slug: string }, taken: Date): Promise<void> {
  await unit(jobContext(system, tenant), async (ctx) => {
    record(ctx, {
      event: "tenant.restored",
      resource: { type: "tenant", id: tenant.tenantId },
      changes: { state: ["newer", taken.toISOString()] },
    });
  });
}
