import { resolve } from "node:path";
import { startupError } from "../kernel/home.ts";
import { openLog } from "../kernel/log.ts";
import { restoreBeside } from "../modules/operations/moves/beside.ts";
import { type ErasedAgain, eraseAgain } from "../modules/privacy/erasure/again.ts";
import { readErased } from "../modules/privacy/erasure/ledger.ts";
import { openDatabase, openForCommand, option, progress } from "./offline.ts";
import { chooseArchives, erasedWords, readIdentities } from "./restore.ts";
import { readSettings } from "./settings.ts";

/** `restore-tenant SLUG --beside FOLDER …`: a copy of one workspace as it was, in a home of its own. */
export async function restoreBesideIt(slug: string, args: readonly string[]): Promise<void> {
  const given = option(args, "beside");
  if (!given || given.startsWith("--"))
    throw startupError("--beside names no folder.", "Give one that is not there yet.");
  const folder = resolve(given);
  const config = readSettings();
  const identities = await readIdentities(args);
  const { data } = await chooseArchives(config, args);
  const database = await openDatabase(config);
  try {
    if (!database.adminUrl)
      throw startupError(
        "MIGRATION_DATABASE_URL is not set.",
        "Give the URL of a superuser: who may enter the workspace now is read past the policies.",
      );
    const system = await openForCommand(config, database);
    try {
      // What is set of the real one's database is not the copy's: it gets a place of its own.
      delete process.env.VOUCHSAFE_RUNTIME;
      let again: ErasedAgain = { again: 0, left: 0, failed: [] };
      const { rows, files, taken } = await restoreBeside({
        system,
        live: { adminUrl: database.adminUrl, database: database.database },
        folder,
        slug,
        data,
        identities,
        log: openLog("warn"),
        progress,
        // The word of the real one on who was erased; what the copy does about it, it writes down in its own home.
        prepare: async (copy, adminUrl, only, at) => {
          again = await eraseAgain(copy, adminUrl, {
            taken: at,
            only,
            erased: await readErased(config.home),
          });
        },
      });
      process.stdout.write(
        `${[
          `${folder} is a copy of ${slug} as of ${taken.toISOString()}: ${rows} rows, ${files} files. Its log and yours say so (tenant.copied).`,
          "Start it beside the real one:",
          `  VOUCHSAFE_HOME=${folder} PORT=8470 npm start`,
          `Then sign in at http://localhost:8470/t/${slug}/sign-in with the passwords and second factors of now: who cannot enter the workspace any more, cannot here. Passkeys know only the address that they were made for.`,
          "It listens on this machine only (COPY_HOST), sends no mail, makes no backup, and takes no other setting. Remove the folder when you are done: it holds everything of this workspace, with its keys.",
        ].join("\n")}\n${erasedWords(again)}`,
      );
    } finally {
      await system.close();
    }
  } finally {
    await database.close();
  }
}
