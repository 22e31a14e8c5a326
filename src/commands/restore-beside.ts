import { resolve } from "node:path";
import { startupError } from "../kernel/home.ts";
import { openLog } from "../kernel/log.ts";
import { restoreBeside } from "../modules/operations/moves/beside.ts";
import { eraseAgain } from "../modules/privacy/erasure/again.ts";
import { openDatabase, openForCommand, option, progress } from "./offline.ts";
import { chooseArchives, readIdentities } from "./restore.ts";
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
    const system = await openForCommand(config, database);
    try {
      // What is set of the real one's database is not the copy's: it gets a place of its own.
      delete process.env.VOUCHSAFE_RUNTIME;
      const { rows, files, taken } = await restoreBeside({
        system,
        folder,
        slug,
        data,
        identities,
        log: openLog("warn"),
        progress,
        prepare: (copy, adminUrl, only, at) =>
          // The copy's rows and keys, and the word of the real one on who was erased.
          eraseAgain({ ...copy, config: { ...copy.config, home: config.home } }, adminUrl, {
            taken: at,
            only,
          }),
      });
      process.stdout.write(
        `${[
          `${folder} is a copy of ${slug} as of ${taken.toISOString()}: ${rows} rows, ${files} files. Nothing else was touched.`,
          "Start it beside the real one:",
          `  VOUCHSAFE_HOME=${folder} PORT=8470 npm start`,
          `Then sign in at http://localhost:8470/t/${slug}/sign-in with the passwords and second factors of that day; passkeys know only the address that they were made for.`,
          "It sends no mail, makes no backup, and takes no other setting. Remove the folder when you are done: it holds everything of this workspace, with its keys.",
        ].join("\n")}\n`,
      );
    } finally {
      await system.close();
    }
  } finally {
    await database.close();
  }
}
