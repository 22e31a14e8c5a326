import { createHash } from "node:crypto";
import pg from "pg";
import {
  type MigrationFile,
  migrate,
  migrationFiles,
  withDatabase,
} from "../../../kernel/database/migrate.ts";
import type { Secret } from "../../../kernel/secret.ts";
import { type ReadArchive, readArchive, type Visitor } from "./archive-reading.ts";
import type { Opening } from "./contents.ts";
import { copyIn, copyOut } from "./copy.ts";
import { backupFailure } from "./failure.ts";
import { type OnlyTenant, rowsOfTenant, tablesOfTenant } from "./one-tenant.ts";
import {
  copyInto,
  copyOutOf,
  queueVersionOf,
  quoted,
  READ_IN_ORDER,
  type Table,
  tablesOf,
} from "./tables.ts";

export interface Loaded extends ReadArchive {
  readonly tables: number;
  readonly rows: number;
  /** Tables of the queue that belong to another version of it: waiting jobs were left behind. */
  readonly left: readonly string[];
}

export interface LoadOptions {
  /** A superuser's connection to the server. */
  readonly adminUrl: string;
  /** On it, an empty database. */
  readonly database: string;
  readonly passwords?: NonNullable<Parameters<typeof migrate>[0]["passwords"]>;
  readonly archive: AsyncIterable<Uint8Array>;
  readonly identities: readonly Secret[];
  readonly file?: Visitor["file"];
  readonly progress?: (words: string) => void;
  /** Loads the rows of one tenant, and nothing else. */
  readonly only?: OnlyTenant;
  /** What a first reading found: another content now is refused, though it were as good. */
  readonly expected?: ReadArchive;
  /** Done in the transaction of the load, when all was compared; what it throws undoes everything. */
  readonly inside?: (client: pg.Client, read: ReadArchive, tables: readonly Table[]) => Promise<void>;
}

/**
 * Loads an archive into an empty database: its own migrations first, then all rows in one transaction, triggers off;
 * then every table is read back and must give the same bytes; then the migrations that came after it.
 */
export async function loadArchive(options: LoadOptions): Promise<Loaded> {
  const { adminUrl, database, progress = () => {} } = options;
  const client = new pg.Client({
    connectionString: withDatabase(adminUrl, database),
    application_name: "vouchsafe restore",
  });
  await client.connect();
  try {
    let open: ReadonlyMap<string, Table> = new Map();
    const left: string[] = [];
    const kept = new Map<string, Kept>();
    const { only } = options;
    const read = await readArchive(options.archive, options.identities, {
      async opening(opening) {
        progress(`preparing the database as of ${opening.at}`);
        const files = await migrationsOf(opening);
        await migrate({
          adminUrl,
          database,
          files,
          ...(options.passwords ? { passwords: options.passwords } : {}),
        });
        open = await prepare(client, opening, left, only !== undefined);
      },
      async table(name, rows) {
        const table = open.get(name);
        if (!table) return null;
        progress(`loading ${name}`);
        if (!only) return copyIn(client, copyInto(table), rows);
        const sum = createHash("sha256");
        const count = await copyIn(client, copyInto(table), summed(rowsOfTenant(table, rows, only), sum));
        kept.set(name, { rows: count, sha256: sum.digest("hex") });
        return null;
      },
      ...(options.file ? { file: options.file } : {}),
    });
    for (const { name, value, called } of only ? [] : read.opening.sequences)
      await client.query("select setval($1::regclass, $2::bigint, $3)", [quoted(name), value, called]);
    progress("comparing what was loaded");
    const { tables, rows } = await compare(client, read, open, kept);
    requireSame(read, options.expected);
    await options.inside?.(client, read, [...open.values()]);
    await client.query("commit");
    await migrate({ adminUrl, database });
    await client.query("analyze");
    return { ...read, tables, rows, left };
  } finally {
    // An open transaction ends with its connection, and nothing of it happened.
    await client.end();
  }
}

/** An archive is read more than once, and whoever holds the place may have exchanged it in between. */
export function requireSame({ manifest }: ReadArchive, expected: ReadArchive | undefined): void {
  if (expected && JSON.stringify(expected.manifest) !== JSON.stringify(manifest))
    throw backupFailure("damaged", "This backup is another one than it was when it was checked.");
}

/** The migrations that the archive's database had: each must be one of ours, letter by letter. */
async function migrationsOf({ migrations, version }: Opening): Promise<MigrationFile[]> {
  const known = await migrationFiles();
  return migrations.map(({ name, checksum }) => {
    const file = known.find((one) => one.name === name);
    if (file?.checksum === checksum) return file;
    throw backupFailure(
      "unsupported",
      file
        ? `This backup was made by version ${version}, whose ${name} is another one than here.`
        : `This backup was made by version ${version}, which is newer than this one: it has ${name}.`,
    );
  });
}

interface Kept {
  readonly rows: number;
  readonly sha256: string;
}

async function* summed(rows: AsyncIterable<Buffer>, sum: { update(bytes: Buffer): unknown }) {
  for await (const piece of rows) {
    sum.update(piece);
    yield piece;
  }
}

async function prepare(
  client: pg.Client,
  opening: Opening,
  left: string[],
  onlyTenant: boolean,
): Promise<Map<string, Table>> {
  await client.query("begin");
  await client.query(READ_IN_ORDER);
  // Foreign keys and triggers had their say when the rows were written; the comparison shows that they are the same rows.
  await client.query("set local session_replication_role = replica");
  const all = await tablesOf(client);
  const here = onlyTenant ? tablesOfTenant(all) : all;
  const sameQueue = (await queueVersionOf(client)) === opening.queue;
  const open = new Map<string, Table>();
  for (const table of opening.tables) {
    if (onlyTenant && !here.some(({ name }) => name === table.name)) continue;
    if (table.name.startsWith("pgboss.") && !sameQueue) {
      left.push(table.name);
      continue;
    }
    const found = here.find(({ name }) => name === table.name);
    if (JSON.stringify(found?.columns) !== JSON.stringify(table.columns))
      throw backupFailure(
        "unsupported",
        `The table ${table.name} has other columns here than in this backup.`,
      );
    open.set(table.name, table);
  }
  const named = new Set(opening.tables.map(({ name }) => name));
  const unnamed = here.filter(({ name }) => !named.has(name) && !name.startsWith("pgboss."));
  if (unnamed[0]) throw backupFailure("damaged", `This backup lacks the table ${unnamed[0].name}.`);
  // Some have a first row from their migration.
  if (open.size > 0)
    await client.query(`truncate ${[...open.keys()].map(quoted).join(", ")} ${onlyTenant ? "cascade" : ""}`);
  return open;
}

/** Reads every table back, and holds rows and bytes against the manifest. */
async function compare(
  client: pg.Client,
  { manifest }: ReadArchive,
  open: ReadonlyMap<string, Table>,
  kept: ReadonlyMap<string, Kept>,
): Promise<{ tables: number; rows: number }> {
  let rows = 0;
  for (const inArchive of manifest.tables) {
    const { name } = inArchive;
    const table = open.get(name);
    if (!table) continue;
    const said = kept.get(name) ?? inArchive;
    const hash = createHash("sha256");
    const copy = copyOut(client, copyOutOf(table));
    for (;;) {
      const { done, value } = await copy.next();
      if (!done) {
        hash.update(value);
        continue;
      }
      if (value !== said.rows || hash.digest("hex") !== said.sha256)
        throw backupFailure("damaged", `${name} is not what it was after it was loaded.`);
      rows += value;
      break;
    }
  }
  return { tables: open.size, rows };
}
