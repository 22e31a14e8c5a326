import pg from "pg";
import type { FileStore } from "../../../kernel/files/file-store.ts";
import { type Part, PIECE_BYTES } from "./archive-writing.ts";
import type { Opening } from "./contents.ts";
import { copyOut } from "./copy.ts";
import { backupFailure } from "./failure.ts";
import { holdFileNames } from "./files-lock.ts";
import {
  columnsOf,
  copyOutOf,
  MIGRATIONS,
  queueVersionOf,
  quoted,
  READ_IN_ORDER,
  sequencesOf,
  type Table,
  tablesOf,
} from "./tables.ts";

/** Everything that the database held at one moment, for as long as this is open. */
export interface Snapshot {
  readonly url: string;
  readonly client: pg.Client;
  readonly at: Date;
  readonly tables: readonly Table[];
  readonly described: Pick<Opening, "postgres" | "queue" | "migrations" | "sequences" | "tables">;
  close(): Promise<void>;
}

const NAMES_AT_ONCE = 1000;

/**
 * Opens one with the role that reads everything and writes nothing. One transaction on one connection: two that share a
 * snapshot were no faster here, since compressing and the disk are what takes the time, and one keeps the order.
 */
export async function openSnapshot(url: string): Promise<Snapshot> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "vouchsafe backup",
    keepAlive: true,
  });
  await client.connect();
  try {
    await holdFileNames(client);
    await client.query("begin transaction isolation level repeatable read, read only");
    await client.query(READ_IN_ORDER);
    const { rows } = await client.query<{ at: Date; postgres: string }>(
      "select now() as at, current_setting('server_version') as postgres",
    );
    const tables = await tablesOf(client);
    const { rows: migrations } = await client.query<{ name: string; checksum: string }>(
      `select name, checksum from ${quoted(MIGRATIONS)} order by name`,
    );
    return {
      url,
      client,
      at: rows[0]?.at ?? new Date(),
      tables,
      described: {
        postgres: (rows[0]?.postgres ?? "").split(" ")[0] ?? "",
        queue: await queueVersionOf(client),
        migrations,
        tables,
        sequences: await sequencesOf(client),
      },
      close: () => client.end(),
    };
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** The tables, one after the other; `only` keeps the rows of one tenant, of tables that have tenants. */
export async function* tableParts({ client, tables }: Snapshot, only?: string): AsyncGenerator<Part> {
  for (const table of tables)
    yield { table: table.name, rows: copyOut(client, rowsOf(table, only), PIECE_BYTES) };
}

export function rowsOf(table: Table, tenant: string | undefined): string {
  if (tenant === undefined) return copyOutOf(table);
  return `copy (select ${columnsOf(table)} from ${quoted(table.name)} where tenant_id = '${tenant}') to stdout (format binary)`;
}

/**
 * The stored files that the snapshot's rows name. Files never change once written, and get no other name while this is
 * open; one that is missing and that no row names any more was deleted meanwhile with its row, and is said to be gone.
 */
export async function* fileParts(
  snapshot: Snapshot,
  files: FileStore,
  tenant?: string,
): AsyncGenerator<Part> {
  for await (const names of fileNames(snapshot, tenant)) {
    for (const name of names) {
      const file = await files.sealed(name);
      if (file) {
        yield { file: `files/${name}`, bytes: file.bytes, content: file.content };
        // Whoever stopped in the middle leaves it open.
        file.content.destroy();
      } else if (await isStillNamed(snapshot, name)) {
        throw backupFailure("incomplete", "A stored file is missing that a document names.");
      } else if (await areRowsThere(snapshot, name)) {
        throw backupFailure("incomplete", "A stored file got another name while the backup was made.");
      } else yield { gone: name };
    }
  }
}

async function* fileNames({ client, tables }: Snapshot, tenant?: string): AsyncGenerator<string[]> {
  const sources = namesIn(tables).map(
    (name) =>
      `select file from ${quoted(name)}${tenant === undefined ? "" : ` where tenant_id = '${tenant}'`}`,
  );
  if (sources.length === 0) return;
  await client.query(`declare stored_files no scroll cursor for ${sources.join(" union ")} order by 1`);
  for (;;) {
    const { rows } = await client.query<{ file: string }>(`fetch ${NAMES_AT_ONCE} from stored_files`);
    if (rows.length === 0) break;
    yield rows.map(({ file }) => file);
  }
  await client.query("close stored_files");
}

/** Tables with a column `file` name a stored file in it: so it is everywhere, and the sweep asks them as well. */
export const namesIn = (tables: readonly Table[]): string[] =>
  tables
    .filter(({ columns }) => columns.some(({ name, type }) => name === "file" && type === "text"))
    .map(({ name }) => name);

function isStillNamed({ url, tables }: Snapshot, name: string): Promise<boolean> {
  return asItIsNow(url, async (now) => {
    for (const table of namesIn(tables)) {
      const { rowCount } = await now.query(`select from ${quoted(table)} where file = $1 limit 1`, [name]);
      if (rowCount) return true;
    }
    return false;
  });
}

/** Whether all the rows that named a file in the snapshot are there yet, whatever they name now. */
function areRowsThere({ url, client, tables }: Snapshot, name: string): Promise<boolean> {
  return asItIsNow(url, async (now) => {
    for (const table of namesIn(tables)) {
      const key = await keyOf(now, table);
      const { rows } = await client.query<{ key: string }>(
        `select ${key}::text as key from ${quoted(table)} where file = $1`,
        [name],
      );
      for (const row of rows) {
        const { rowCount } = await now.query(`select from ${quoted(table)} where ${key}::text = $1`, [
          row.key,
        ]);
        if (!rowCount) return false;
      }
    }
    return true;
  });
}

/** The primary key of a table, as one value. */
async function keyOf(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ columns: string }>(
    `select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
       where i.indisprimary and i.indrelid = $1::regclass`,
    [quoted(table)],
  );
  return `row(${rows[0]?.columns ?? "ctid"})`;
}

/** Asked of the database as it is now, on a connection of its own. */
async function asItIsNow<T>(url: string, ask: (now: pg.Client) => Promise<T>): Promise<T> {
  const now = new pg.Client({ connectionString: url, application_name: "vouchsafe backup" });
  await now.connect();
  try {
    return await ask(now);
  } finally {
    await now.end();
  }
}
