import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";
import { getConstructionPlans } from "pg-boss";

export const roleNames = [
  "migrator",
  "app",
  "jobs",
  "audit_writer",
  "audit_sequencer",
  "audit_eraser",
  "backup",
] as const;
export type DatabaseRole = (typeof roleNames)[number];

export const migrationsFolder = new URL("../../../db/migrations/", import.meta.url);

/** Any number that other programs are unlikely to lock. */
const LOCK = 7_234_011_905;

export interface MigrationFile {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings a database to the newest schema: roles first, then every migration that is not there yet, each in a
 * transaction, in one order, under an advisory lock so that two processes do not race.
 *
 * `adminUrl` must be of a role that may create roles with BYPASSRLS (a superuser). Roles whose password is
 * given get it. Throws when an applied migration has since been edited.
 */
export async function migrate(options: {
  adminUrl: string;
  passwords?: Partial<Record<`vouchsafe_${DatabaseRole}`, string>>;
  /** These and no others, for a restore: all by default. */
  files?: MigrationFile[];
  /** Another database than the URL's. */
  database?: string;
  log?: (line: string) => void;
}): Promise<{ applied: string[] }> {
  const client = new pg.Client(
    options.database ? withDatabase(options.adminUrl, options.database) : options.adminUrl,
  );
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await createRoles(client, options.passwords ?? {});
    const applied = await applyMigrations(
      client,
      options.files ?? (await migrationFiles()),
      options.log ?? (() => {}),
    );
    await createQueue(client);
    return { applied };
  } finally {
    await client.end();
  }
}

export async function migrationFiles(): Promise<MigrationFile[]> {
  const names = (await readdir(migrationsFolder)).filter((n) => n.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, migrationsFolder), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/** Which migrations a database lacks, asked with the application's own role. */
export async function pendingMigrations(pool: pg.Pool): Promise<string[]> {
  const files = await migrationFiles();
  const { rows } = await pool.query<{ there: string | null }>(
    "select to_regclass('platform.migration')::text as there",
  );
  if (!rows[0]?.there) return files.map((f) => f.name);
  const done = await pool.query<{ name: string }>("select name from platform.migration");
  return files.map((f) => f.name).filter((name) => !done.rows.some((r) => r.name === name));
}

/** The same connection to another database; for sockets too, whose URLs have no host. */
export function withDatabase(url: string, database: string): string {
  return url.replace(/^(\w+:\/\/[^/?]*)(?:\/[^?]*)?/, `$1/${encodeURIComponent(database)}`);
}

async function createRoles(client: pg.Client, passwords: Partial<Record<string, string>>): Promise<void> {
  // Roles belong to the whole cluster, the lock to one database: of two databases that are migrated for the first
  // time at the same moment one may fail here, and succeeds when tried again.
  await client.query("begin");
  await client.query("select pg_advisory_xact_lock($1)", [LOCK + 1]);
  for (const short of roleNames) {
    const role = `vouchsafe_${short}`;
    const bypass = short === "migrator" || short === "backup" ? "bypassrls" : "nobypassrls";
    const { rowCount } = await client.query("select 1 from pg_roles where rolname = $1", [role]);
    if (!rowCount)
      await client.query(`create role ${role} login nosuperuser nocreatedb nocreaterole noinherit ${bypass}`);
    const password = passwords[role];
    if (password) await client.query(`alter role ${role} password ${client.escapeLiteral(password)}`);
  }
  await client.query(
    "grant vouchsafe_audit_writer, vouchsafe_audit_sequencer, vouchsafe_audit_eraser to vouchsafe_migrator",
  );
  // Nobody signs in as it: the server takes it on for what it shows to everybody.
  const { rowCount: there } = await client.query("select 1 from pg_roles where rolname = 'vouchsafe_public'");
  if (!there)
    await client.query(
      "create role vouchsafe_public nologin nosuperuser nocreatedb nocreaterole noinherit nobypassrls",
    );
  await client.query("grant vouchsafe_public to vouchsafe_app");
  const { rows } = await client.query<{ db: string }>("select current_database() as db");
  const database = client.escapeIdentifier(rows[0]?.db ?? "");
  await client.query(`grant create, connect on database ${database} to vouchsafe_migrator, vouchsafe_jobs`);
  await client.query(
    `grant connect on database ${database} to vouchsafe_app, vouchsafe_audit_eraser, vouchsafe_backup`,
  );
  // Unqualified names look into the temporary schema first: nobody gets one.
  await client.query(`revoke temporary on database ${database} from public`);
  await client.query("alter schema public owner to vouchsafe_migrator");
  await client.query("revoke create on schema public from public");
  await client.query(
    "grant usage on schema public to vouchsafe_app, vouchsafe_audit_writer, vouchsafe_audit_eraser, vouchsafe_backup",
  );
  await client.query("commit");
}

async function applyMigrations(
  client: pg.Client,
  files: MigrationFile[],
  log: (line: string) => void,
): Promise<string[]> {
  await client.query("set role vouchsafe_migrator");
  await client.query("create schema if not exists platform");
  await client.query(
    `create table if not exists platform.migration (
       name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
  );
  const { rows } = await client.query<{ name: string; checksum: string }>(
    "select name, checksum from platform.migration",
  );
  const applied: string[] = [];
  for (const file of files) {
    const done = rows.find((r) => r.name === file.name);
    if (done) {
      if (done.checksum !== file.checksum)
        throw new Error(`${file.name} was edited after it was applied; add a new migration instead`);
      continue;
    }
    await client.query("begin");
    await client.query(file.sql);
    await client.query("insert into platform.migration (name, checksum) values ($1, $2)", [
      file.name,
      file.checksum,
    ]);
    await client.query("commit");
    applied.push(file.name);
    log(`applied ${file.name}`);
  }
  await client.query("reset role");
  return applied;
}

// The queue's own tables belong to the role that works them; the application may only add jobs.
async function createQueue(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("select 1 from pg_namespace where nspname = 'pgboss'");
  if (!rowCount) {
    await client.query("set role vouchsafe_jobs");
    await client.query(getConstructionPlans("pgboss"));
    await client.query("reset role");
  }
  await client.query("grant usage on schema pgboss to vouchsafe_app, vouchsafe_backup");
  await client.query("grant select, insert on all tables in schema pgboss to vouchsafe_app");
  await client.query("grant select on all tables in schema pgboss to vouchsafe_backup");
  await client.query("grant select on all sequences in schema pgboss to vouchsafe_backup");
  // The queue makes tables of its own while it runs.
  await client.query(
    "alter default privileges for role vouchsafe_jobs in schema pgboss grant select on tables to vouchsafe_backup",
  );
  await client.query(
    "alter default privileges for role vouchsafe_jobs in schema pgboss grant select on sequences to vouchsafe_backup",
  );
  await client.query("revoke create on schema pgboss from public");
}
