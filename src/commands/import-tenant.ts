import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { allJobs } from "../app.ts";
import { startupError } from "../kernel/home.ts";
import { openLog } from "../kernel/log.ts";
import { DATABASE, startEmbedded } from "../kernel/postgres/embedded.ts";
import { makeScratch, scratchParent } from "../modules/operations/backup/scratch.ts";
import { importTenant } from "../modules/operations/moves/importing.ts";
import { openDatabase, openForCommand, option, progress } from "./offline.ts";
import { inWords, readIdentities } from "./restore.ts";
import { readSettings } from "./settings.ts";

/** `import-tenant FILE --identity FILE --signed-by KEY [--slug NEW]`: takes in a workspace of another installation. */
export async function run(args: readonly string[]): Promise<number> {
  const [path] = args;
  const signedBy = option(args, "signed-by");
  if (!path || path.startsWith("--") || !signedBy)
    throw startupError(
      "The archive or --signed-by is missing.",
      "Say import-tenant FILE --identity FILE --signed-by KEY: the key is what export-tenant printed, not what came with the archive.",
    );
  if (!(await stat(path).catch(() => null)))
    throw startupError(`There is nothing at ${path}.`, "Give the archive that export-tenant made.");
  try {
    await importIt(path, signedBy, args);
    return 0;
  } catch (error) {
    throw inWords(error);
  }
}

async function importIt(path: string, signedBy: string, args: readonly string[]): Promise<void> {
  const config = readSettings();
  const identities = await readIdentities(args);
  const { size } = await stat(path);
  const folder = await makeScratch(await scratchParent(config.home, LEAST_ROOM + 4 * size), "scratch");
  const database = await openDatabase(config);
  try {
    if (!database.adminUrl)
      throw startupError(
        "MIGRATION_DATABASE_URL is not set.",
        "Give the URL of a superuser: rows come in past the policies.",
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
      // The server works on them: here they are only known, so that they can be added.
      await system.jobs.start(
        system,
        allJobs.map((spec) => ({ ...spec, concurrency: 0 })),
      );
      const { slug, rows, files, entries } = await importTenant({
        system,
        live: { adminUrl: database.adminUrl, database: database.database },
        scratch: { adminUrl: scratch.adminUrl, database: DATABASE },
        archive: async () => createReadStream(path, { highWaterMark: 1024 * 1024 }),
        identities,
        signedBy,
        slug: option(args, "slug"),
        progress,
      });
      process.stdout.write(
        `${[
          `${slug} is here: ${rows} rows, ${files} files. Each of ${entries} entries of its log was shown to be in its old log.`,
          "Its members sign in anew, with their passwords and second factors; passkeys only if the address is the same. API keys, invitations, links and support grants are ended, and its quotas are this installation's.",
          "Remove the archive, and have the workspace closed at its old place.",
        ].join("\n")}\n`,
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

/** A database with nothing in it, its programs and its log of writes. */
const LEAST_ROOM = 400 * 1024 * 1024;
