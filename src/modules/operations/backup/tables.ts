import type pg from "pg";
import type { Opening } from "./contents.ts";

/** A table as an archive has it: the columns that COPY takes, in their order. */
export type Table = Opening["tables"][number];

/** Made anew by the queue while it runs, and figures only. */
const LEFT_OUT = "c.relname like 'queue\\_stats%'";
/** Written by the migrations themselves. An archive names its migrations in its first entry. */
export const MIGRATIONS = "platform.migration";

/** Every table that holds rows, of every schema but PostgreSQL's own. */
export async function tablesOf(client: pg.ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select n.nspname || '.' || c.relname as name,
            json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       where c.relkind = 'r' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
         and n.nspname || '.' || c.relname <> $1 and not (n.nspname = 'pgboss' and ${LEFT_OUT})
       group by 1 order by 1`,
    [MIGRATIONS],
  );
  return rows;
}

export async function sequencesOf(client: pg.ClientBase): Promise<Opening["sequences"]> {
  const { rows } = await client.query<{ name: string }>(
    `select schemaname || '.' || sequencename as name from pg_sequences
       where schemaname not like 'pg\\_%' and schemaname <> 'information_schema' order by 1`,
  );
  const found: Opening["sequences"] = [];
  for (const { name } of rows) {
    const { rows: now } = await client.query<{ value: string; called: boolean }>(
      `select last_value::text as value, is_called as called from ${quoted(name)}`,
    );
    if (now[0]) found.push({ name, ...now[0] });
  }
  return found;
}

/** Which tables of the queue a database has: another version's are not its own. null: none. */
export async function queueVersionOf(client: pg.ClientBase): Promise<number | null> {
  const { rows: there } = await client.query<{ there: string | null }>(
    "select to_regclass('pgboss.version')::text as there",
  );
  if (!there[0]?.there) return null;
  const { rows } = await client.query<{ version: number }>("select version from pgboss.version");
  return rows[0]?.version ?? null;
}

/**
 * Rows as PostgreSQL's own binary COPY has them. As text, bytes would be written in hexadecimal, and nearly all that we
 * store is bytes: twice as much to read, to compress and to load. The price is that a restore needs the same types,
 * which it checks, and a PostgreSQL that still reads them: those of ours have not changed since 9.4.
 */
export const copyOutOf = (table: Table): string =>
  `copy ${quoted(table.name)} (${columnsOf(table)}) to stdout (format binary)`;
export const copyInto = (table: Table): string =>
  `copy ${quoted(table.name)} (${columnsOf(table)}) from stdin (format binary)`;

export const columnsOf = ({ columns }: Table): string =>
  columns.map(({ name }) => identifier(name)).join(", ");
/** `schema.table`, each quoted. */
export const quoted = (name: string): string => name.split(".").map(identifier).join(".");
const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What a connection needs so that a table is read from its first row on, whoever else reads it at the time. */
export const READ_IN_ORDER = "set synchronize_seqscans = off";
