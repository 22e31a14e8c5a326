import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Config } from "../kernel/config.ts";
import { loadMasterKeys } from "../kernel/crypto/load-master-keys.ts";
import type { MasterKeys } from "../kernel/crypto/master-key.ts";
import { withDatabase } from "../kernel/database/migrate.ts";
import { isStartupError, markRestoring, startupError, unmarkRestoring } from "../kernel/home.ts";
import { openFiles } from "../kernel/open-system.ts";
import { parseIdentities } from "../modules/operations/backup/age.ts";
import { type Chosen, choose, placeAt } from "../modules/operations/backup/choosing.ts";
import { isBackupFailure } from "../modules/operations/backup/failure.ts";
import { placesOf } from "../modules/operations/backup/places.ts";
import {
  type Checked,
  checkArchive,
  checkKeys,
  noteRestored,
  type Restored,
  restoreInto,
} from "../modules/operations/backup/restoring.ts";
import { type ErasedAgain, eraseAgain } from "../modules/privacy/erasure/again.ts";
import { type Erased, noteErased, readErasedFile } from "../modules/privacy/erasure/ledger.ts";
import {
  isEmptyHome,
  type OfflineDatabase,
  openDatabase,
  openForCommand,
  option,
  progress,
} from "./offline.ts";
import { readSettings } from "./settings.ts";

/**
 * `restore --identity FILE [--from FOLDER|FILE] [--at TIME] [--keys FILE] [--erased FILE]`: fills an empty installation from a backup.
 * Everything is read and checked to its end before the first change.
 */
export async function run(args: readonly string[]): Promise<number> {
  const config = readSettings();
  try {
    await restore(config, args);
    return 0;
  } catch (error) {
    throw inWords(error);
  }
}

async function restore(config: Config, args: readonly string[]): Promise<void> {
  const identities = await readIdentities(args);
  const alsoErased = await readList(option(args, "erased"));
  const archives = await chooseArchives(config, args);
  if (!isEmptyHome(config.home))
    throw startupError(
      `There is an installation in ${config.home} already.`,
      "Restore into an empty folder (VOUCHSAFE_HOME), or move this one away. Only secrets/master.key may be there.",
    );
  await requireMasterKey(config);
  progress(`reading ${archives.data.words}`);
  const data = await checkArchive(archives.data, identities);
  const { opening, manifest } = data;
  progress(`reading ${archives.keys.words}`);
  const checked = { data, keys: await checkArchive(archives.keys, identities) };
  const masterKeys = await loadMasterKeys({ env: process.env, home: config.home });
  await checkKeys(archives.keys, identities, masterKeys);

  const database = await openDatabase(config, { fresh: true });
  let restored: Restored;
  let erased: ErasedAgain;
  try {
    markRestoring(config.home);
    restored = await restoreHere(config, database, archives, identities, { checked, masterKeys });
    const system = await openForCommand(config, database);
    try {
      const taken = new Date(opening.at);
      await noteRestored(system, archives, taken);
      // Of the lost machine, where it can still be read: newer than any archive.
      for (const one of alsoErased) await noteErased(system, one);
      progress("erasing again who was erased since");
      erased = await eraseAgain(system, reachable(database), { taken });
    } finally {
      await system.close();
    }
    unmarkRestoring(config.home);
  } catch (error) {
    await database.close();
    await clear(config);
    throw error;
  }
  await database.close();
  const rows = manifest.tables.reduce((all, table) => all + table.rows, 0);
  const { gone } = manifest.files;
  process.stdout.write(
    `${[
      `Restored: ${manifest.tables.length} tables, ${rows} rows, ${manifest.files.count} files, as of ${opening.at}.`,
      "Every table was read back and is the same, byte by byte.",
      ...(gone.length > 0
        ? [`${gone.length} files were deleted by their owners while the backup was made.`]
        : []),
      `Signed by ${restored.signedBy}: compare it with the key that your log is known by.`,
      ...(restored.destroyed > 0
        ? [
            `${restored.destroyed} workspaces were deleted since: their keys are gone, and their rows stay unreadable.`,
          ]
        : []),
      "All sessions, API keys, invitations, mailed links, support grants and openings are ended. Nothing is deleted for 7 days.",
      ...(erasedWords(erased) ? [erasedWords(erased).trimEnd()] : []),
      "Members, roles and shares that were removed since are back: look through them.",
      "The log says that it was set back. Start with `npm start`.",
    ].join("\n")}\n`,
  );
}

async function readList(path: string | null): Promise<readonly Erased[]> {
  if (path === null) return [];
  await readFile(path).catch((cause: unknown) => {
    throw startupError(`${path} cannot be read.`, "Give keys/erased.json of the lost installation.", cause);
  });
  return readErasedFile(path);
}

const reachable = ({ adminUrl, database }: OfflineDatabase): string => {
  if (!adminUrl) throw new Error("unreachable: without it nothing was restored");
  return withDatabase(adminUrl, database);
};

async function restoreHere(
  config: Config,
  { adminUrl, database, passwords }: OfflineDatabase,
  archives: { data: Chosen; keys: Chosen },
  identities: ReturnType<typeof parseIdentities>,
  { checked, masterKeys }: { readonly checked: Checked; readonly masterKeys: MasterKeys },
): Promise<Restored> {
  if (!adminUrl)
    throw startupError(
      "MIGRATION_DATABASE_URL is not set.",
      "A restore makes tables and roles: give the URL of a superuser of an empty database.",
    );
  await requireEmptyDatabase(adminUrl, database);
  try {
    const restored = await restoreInto(
      {
        home: config.home,
        files: await openFiles(config),
        masterKeys,
        adminUrl,
        database,
        ...(passwords ? { passwords } : {}),
        progress,
      },
      archives,
      identities,
      checked,
    );
    if (restored.left.length > 0)
      process.stderr.write("Waiting jobs were left behind: the queue was another version's.\n");
    return restored;
  } catch (error) {
    if (config.databaseUrl) await dropSchemas(adminUrl, database);
    throw error;
  }
}

export async function readIdentities(args: readonly string[]): Promise<ReturnType<typeof parseIdentities>> {
  const path = option(args, "identity");
  if (!path)
    throw startupError("--identity is missing.", "Give the file that age-keygen wrote (AGE-SECRET-KEY-1…).");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw startupError(`${path} cannot be read.`, "Give the file that age-keygen wrote.", cause);
  });
  return parseIdentities(text);
}

export async function chooseArchives(
  config: Config,
  args: readonly string[],
): Promise<{ data: Chosen; keys: Chosen }> {
  const at = option(args, "at");
  if (at !== null && Number.isNaN(Date.parse(at)))
    throw startupError("--at is no time.", "Write it as 2026-11-22T03:00:00Z.");
  const from = option(args, "from");
  const here = from ? await placeAt(from) : null;
  const chosen = await choose(here ? [here.place] : placesOf(config.backup, config.home), {
    name: here?.name,
    at: at === null ? undefined : new Date(at),
  });
  const keys = option(args, "keys");
  if (!keys) return chosen;
  const { place, name } = await placeAt(keys);
  const archive = (await place.list()).find((one) => one.name === name && one.kind === "keys");
  if (!archive) throw startupError(`${keys} is no archive of keys.`, "Its name begins with keys-.");
  return { ...chosen, keys: { archive, words: keys, read: () => place.get(archive.name) } };
}

/** Loading it makes a new one where there is none, which would open nothing of the backup. */
async function requireMasterKey(config: Config): Promise<void> {
  const given = Object.keys(process.env).some(
    (name) => /^(MASTER_KEY|KEY_SERVICE_URL)/.test(name) && process.env[name],
  );
  const path = join(config.home, "secrets", "master.key");
  if (given || (await readFile(path).catch(() => null))) return;
  throw startupError(
    "There is no master key.",
    `Put the copy that you kept to ${path} (chmod 600), or give MASTER_KEY. It is in no backup.`,
  );
}

/** Not one table, function, type or schema of anybody's: what fails is dropped again, and must all be ours. */
export async function requireEmptyDatabase(adminUrl: string, database: string): Promise<void> {
  const { rows } = await admin(
    adminUrl,
    database,
    `with own as (select oid, nspname from pg_namespace
                   where nspname !~ '^pg_' and nspname <> 'information_schema')
     select nspname as found from own where nspname <> 'public'
     union all select relname from pg_class join own on own.oid = relnamespace
     union all select proname from pg_proc join own on own.oid = pronamespace
     union all select typname from pg_type join own on own.oid = typnamespace`,
  );
  if (rows.length > 0)
    throw startupError(
      "The database is not empty.",
      "Create a new one (createdb -T template0), and point the URLs at it. Nothing was changed.",
    );
}

/** Of a database that was empty before. */
const dropSchemas = (adminUrl: string, database: string) =>
  admin(
    adminUrl,
    database,
    "drop schema if exists public, audit, platform, directory, kernel, pgboss cascade; create schema public",
  );

async function admin(adminUrl: string, database: string, text: string): Promise<{ rows: unknown[] }> {
  const client = new pg.Client({ connectionString: withDatabase(adminUrl, database) });
  await client.connect();
  try {
    const result = await client.query(text);
    return { rows: result.rows ?? [] };
  } finally {
    await client.end();
  }
}

/** Nothing of it was there before. */
async function clear({ home }: Config): Promise<void> {
  const remembered = await readFile(join(home, "postgres.json"), "utf8").catch(() => null);
  const place = remembered ? (JSON.parse(remembered) as { place: string }).place : null;
  for (const path of [
    "restoring",
    "keys",
    "files",
    "audit",
    "postgres",
    "postgres.json",
    "secrets/postgres.json",
  ])
    await rm(join(home, path), { recursive: true, force: true });
  if (place) await rm(join(place, "data"), { recursive: true, force: true });
}

/** Lines for a terminal; none where nobody was erased. */
export function erasedWords({ again, left, failed }: ErasedAgain): string {
  const people = (n: number) => (n === 1 ? "One person who was" : `${n} people who were`);
  const lines = [
    ...(again > 0
      ? [`${people(again)} erased after this backup ${again === 1 ? "was" : "were"} erased again.`]
      : []),
    ...(left > 0
      ? [`Of ${left} of them something does not open: the server tries it every day, and its log says why.`]
      : []),
    ...(failed.length > 0
      ? [
          `${people(failed.length)} erased ${failed.length === 1 ? "is" : "are"} removed, but something does not open (${failed.join(", ")}): the server goes on without it daily. Look by hand for mails and log entries that name them, and for what was to be handed over.`,
        ]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** A failure as a person at a terminal can act on it. */
export function inWords(error: unknown): unknown {
  if (isStartupError(error) || !isBackupFailure(error)) return error;
  const remedies = {
    damaged: "Nothing was changed. Take another backup (npm run -s vouchsafe -- backups lists them).",
    wrong_key: "Nothing was changed. Give the identity, and the master key, that belong to this backup.",
    unsupported: "Nothing was changed. Use the version of Vouchsafe that made it, or a newer one.",
    incomplete: "Nothing was changed. Give what is missing and try again.",
    taken: "Nothing was changed.",
  } as const;
  return startupError(error.message, remedies[error.code], error);
}
