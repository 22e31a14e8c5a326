import { opendir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { openedBackup } from "../../operations/backup/checks/opened-backup.ts";
import type { LiveServer } from "../stage/live-server.ts";
import { exceptedColumns } from "./exceptions.ts";

/** A part of everything that lies on disk or in the database, and its bytes, a piece at a time. */
export interface Place {
  readonly name: string;
  readonly pieces: AsyncIterable<Buffer>;
}

/** Everything that somebody gets who copies the machine: every table as its superuser, every file, the log. */
export async function openPlaces(server: LiveServer): Promise<{ places: Place[]; close(): Promise<void> }> {
  const client = new pg.Client(server.databaseUrl("postgres"));
  await client.connect();
  // What only stands in shared memory so far is written out, so that the files have it.
  await client.query("checkpoint");
  const { rows: setting } = await client.query<{ folder: string }>(
    "select current_setting('data_directory') as folder",
  );
  const data = setting[0]?.folder ?? "";
  const { home } = server.system.config;
  const tables = await tablesOf(client);
  const own = tables.filter(({ schema }) => !isCatalog(schema));
  const places: Place[] = [
    ...own.map((table) => ({ name: `table ${table.name}`, pieces: rowsOf(client, [table]) })),
    {
      name: "the database's own catalogs",
      pieces: rowsOf(
        client,
        tables.filter(({ schema }) => isCatalog(schema)),
      ),
    },
    { name: "the files of the database, with its write-ahead log", pieces: filesIn(data) },
    { name: "the file store", pieces: filesIn(join(home, "files")) },
    { name: "the key store", pieces: filesIn(join(home, "keys")) },
    { name: "the rest of the server's folder", pieces: filesIn(home, ["files", "keys", "postgres"]) },
    { name: "a backup, opened by who may open it", pieces: openedBackup(server) },
    { name: "the log", pieces: onePiece(() => Buffer.from(server.log())) },
  ];
  return { places, close: () => client.end() };
}

/** Text and JSON columns of the product's own tables that nobody named as an exception. */
export async function unnamedColumns(server: LiveServer): Promise<{ all: number; unnamed: string[] }> {
  const client = new pg.Client(server.databaseUrl("postgres"));
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname || '.' || a.attname as name
         from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
           and n.nspname in ('public', 'audit', 'directory', 'platform')
           and a.atttypid not in ('bytea'::regtype, 'uuid'::regtype, 'timestamptz'::regtype, 'boolean'::regtype,
                                  'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
         order by 1`,
    );
    const named = new Set(exceptedColumns());
    return { all: rows.length, unnamed: rows.map((r) => r.name).filter((name) => !named.has(name)) };
  } finally {
    await client.end();
  }
}

interface Table {
  readonly schema: string;
  readonly name: string;
  readonly binary: readonly string[];
}

const isCatalog = (schema: string): boolean => schema === "pg_catalog" || schema === "information_schema";

async function tablesOf(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select n.nspname as schema, format('%I.%I', n.nspname, c.relname) as name,
            coalesce(array_agg(quote_ident(a.attname)) filter (where a.atttypid = 'bytea'::regtype), '{}') as binary
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relkind in ('r', 'm') and n.nspname not like 'pg_toast%' and n.nspname not like 'pg_temp%'
       group by 1, 2 order by 1, 2`,
  );
  return rows;
}

/** Rows as the database prints them, and their binary columns as bytes: a compressed value shows in neither file. */
async function* rowsOf(client: pg.Client, tables: readonly Table[]): AsyncGenerator<Buffer> {
  for (const { name, binary } of tables) {
    const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
    yield Buffer.from(rows.map(({ row }) => row).join("\n"));
    for (const column of binary) {
      const { rows: values } = await client.query<{ value: Buffer }>(
        `select ${column} as value from ${name} where ${column} is not null`,
      );
      yield Buffer.concat(values.map(({ value }) => value));
    }
  }
}

async function* filesIn(folder: string, without: readonly string[] = []): AsyncGenerator<Buffer> {
  // Temporary files come and go while we look.
  const entries = await opendir(folder).catch(ifGone(null));
  if (!entries) return;
  for await (const entry of entries) {
    if (without.includes(entry.name)) continue;
    const path = join(folder, entry.name);
    yield Buffer.from(entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield await readFile(path).catch(ifGone(Buffer.alloc(0)));
  }
}

const ifGone =
  <T>(instead: T) =>
  (error: { code?: string }): T => {
    if (error.code === "ENOENT") return instead;
    throw error;
  };

async function* onePiece(read: () => Buffer): AsyncGenerator<Buffer> {
  yield read();
}
