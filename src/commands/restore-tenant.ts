import { rm } from "node:fs/promises";
import { join } from "node:path";
import { withDatabase } from "../kernel/database/migrate.ts";
import { startupError } from "../kernel/home.ts";
import { openLog } from "../kernel/log.ts";
import { DATABASE, startEmbedded } from "../kernel/postgres/embedded.ts";
import { checkArchive } from "../modules/operations/backup/restoring.ts";
import { makeScratch, roomNeeded, scratchParent } from "../modules/operations/backup/scratch.ts";
import { restoreTenant } from "../modules/operations/backup/tenant-restore.ts";
import { type ErasedAgain, eraseAgain, erasuresIn, onCopy } from "../modules/privacy/erasure/again.ts";
import { readErased } from "../modules/privacy/erasure/ledger.ts";
import { openDatabase, openForCommand, progress } from "./offline.ts";
import { chooseArchives, erasedWords, inWords, readIdentities } from "./restore.ts";
import { restoreBesideIt } from "./restore-beside.ts";
import { readSettings } from "./settings.ts";

/**
 * `restore-tenant SLUG --identity FILE [--from FOLDER|FILE] [--at TIME]`: sets one workspace back, and no other. With
 * `--beside FOLDER` it stays as it is, and FOLDER becomes a copy of how it was.
 */
export async function run(args: readonly string[]): Promise<number> {
  const [slug] = args;
  if (!slug || slug.startsWith("--"))
    throw startupError("The workspace is missing.", "Say which: restore-tenant SLUG --identity FILE.");
  try {
    if (args.includes("--beside")) await restoreBesideIt(slug, args);
    else await restore(slug, args);
    return 0;
  } catch (error) {
    throw inWords(error);
  }
}

async function restore(slug: string, args: readonly string[]): Promise<void> {
  const config = readSettings();
  const identities = await readIdentities(args);
  const { data } = await chooseArchives(config, args);
  progress(`reading ${data.words}`);
  const expected = await checkArchive(data, identities);
  const { opening } = expected;
  // Its files go to where they belong at once.
  const room = await scratchParent(config.home, roomNeeded(expected.manifest, false));
  const folder = await makeScratch(room, "scratch");
  const database = await openDatabase(config);
  try {
    if (!database.adminUrl)
      throw startupError(
        "MIGRATION_DATABASE_URL is not set.",
        "Give the URL of a superuser: rows are replaced past the policies.",
      );
    const scratch = await startEmbedded({
      home: join(folder, "home"),
      runtime: join(folder, "runtime"),
      log: openLog("silent"),
      durable: false,
    });
    const system = await openForCommand(config, database).catch(async (error: unknown) => {
      await scratch.stop();
      throw error;
    });
    try {
      let erased: ErasedAgain = { again: 0, left: 0, failed: [] };
      const realUrl = withDatabase(database.adminUrl, database.database);
      const { rows, tables, files } = await restoreTenant({
        system,
        live: { adminUrl: database.adminUrl, database: database.database },
        scratch: { adminUrl: scratch.adminUrl, database: DATABASE, passwords: scratch.passwords },
        slug,
        data,
        identities,
        expected,
        progress,
        prepare: async (only, taken) => {
          const copy = onCopy(system, scratch.url("vouchsafe_app", DATABASE));
          const now = await eraseAgain(copy.system, scratch.url("postgres", DATABASE), {
            taken,
            only,
            erased: [...(await readErased(config.home)), ...(await erasuresIn(realUrl, only))],
          }).finally(copy.close);
          erased = {
            again: erased.again + now.again,
            left: erased.left + now.left,
            failed: [...erased.failed, ...now.failed],
          };
        },
      });
      process.stdout.write(
        `${slug} is as it was at ${opening.at}: ${rows} rows in ${tables} tables, ${files} files put back.\nIts members sign in anew. Rights that do not stand now did not come back. Its log goes on and says what happened. No other workspace was touched.\n${erasedWords(erased)}`,
      );
    } finally {
      await system.close();
      await scratch.stop();
    }
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
