import { join } from "node:path";
import { startupError } from "../kernel/home.ts";
import { folderPlace } from "../modules/operations/backup/places.ts";
import { exportTenant } from "../modules/operations/moves/exporting.ts";
import { openDatabase, openForCommand, option, progress } from "./offline.ts";
import { inWords } from "./restore.ts";
import { readSettings } from "./settings.ts";

/** `export-tenant SLUG --to FOLDER --recipient age1… [--recipient …]`: one workspace, for another installation. */
export async function run(args: readonly string[]): Promise<number> {
  const [slug] = args;
  const folder = option(args, "to");
  const recipients = args.filter((_, at) => args[at - 1] === "--recipient");
  if (!slug || slug.startsWith("--") || !folder || recipients.length === 0)
    throw startupError(
      "The workspace, the folder or the recipient is missing.",
      "Say export-tenant SLUG --to FOLDER --recipient age1…, with a recipient whose identity the other operator holds.",
    );
  const config = readSettings();
  const database = await openDatabase(config);
  try {
    const system = await openForCommand(config, database);
    try {
      progress("exporting and verifying");
      const { name, rows, files, signedBy } = await exportTenant(system, {
        slug,
        to: folderPlace(folder),
        recipients,
      });
      process.stdout.write(
        `${[
          `${join(folder, name)}: ${rows} rows, ${files} files, and the keys of ${slug}. Read back and the same.`,
          "It opens everything of this workspace for whoever holds an identity of these recipients. Remove it after the move.",
          "At the other installation, of the same version; give them the key on another way than the archive:",
          `  npm run -s vouchsafe -- import-tenant ${name} --identity FILE --signed-by '${signedBy}'`,
          "What happens here from now on does not come along. When it has arrived, close the workspace here.",
        ].join("\n")}\n`,
      );
      return 0;
    } finally {
      await system.close();
    }
  } catch (error) {
    throw inWords(error);
  } finally {
    await database.close();
  }
}
