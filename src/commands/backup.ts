import { startupError } from "../kernel/home.ts";
import { folderPlace, placesOf } from "../modules/operations/backup/places.ts";
import { backUp } from "../modules/operations/backup/service.ts";
import { openDatabase, openForCommand, option, progress } from "./offline.ts";
import { inWords } from "./restore.ts";
import { readSettings } from "./settings.ts";

/** `backup [--to FOLDER] [--json]`: makes both archives now, whether the server runs or not. */
export async function run(args: readonly string[]): Promise<number> {
  const config = readSettings();
  if (config.backup.recipients.length === 0)
    throw startupError(
      "There is no recipient for a backup.",
      "Make an identity on another machine (age-keygen -o identity.txt), and set BACKUP_RECIPIENTS to the line that begins with age1.",
    );
  const database = await openDatabase(config);
  try {
    const system = await openForCommand(config, database);
    try {
      const to = option(args, "to");
      const places = to ? [folderPlace(to)] : placesOf(config.backup, config.home);
      progress("making and verifying the backup");
      const both = await backUp(system, "command", places).catch((error: unknown) => {
        throw inWords(error);
      });
      if (!both) throw startupError("Another process makes a backup just now.", "Wait until it has ended.");
      const made = both.data;
      const rows = made.manifest.tables.reduce((all, table) => all + table.rows, 0);
      const said = {
        name: made.archive.name,
        bytes: made.archive.bytes,
        tables: made.manifest.tables.length,
        rows,
        files: made.manifest.files.count,
        places: made.places.map(({ words }) => words),
      };
      process.stdout.write(
        args.includes("--json")
          ? `${JSON.stringify(said)}\n`
          : `${said.name}\n${said.tables} tables, ${rows} rows, ${said.files} files; ${said.bytes} bytes in ${said.places.join(" and in ")}; read back and the same.\n`,
      );
      return 0;
    } finally {
      await system.close();
    }
  } finally {
    await database.close();
  }
}
