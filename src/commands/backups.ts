import { type Archive, folderPlace, placesOf } from "../modules/operations/backup/places.ts";
import { option } from "./offline.ts";
import { readSettings } from "./settings.ts";

/** `backups [--from FOLDER] [--json]`: what lies where, from the places themselves. Needs neither database nor keys. */
export async function run(args: readonly string[]): Promise<number> {
  const config = readSettings();
  const from = option(args, "from");
  const places = from ? [folderPlace(from)] : placesOf(config.backup, config.home);
  const found: (Archive & { places: string[] })[] = [];
  for (const place of places)
    for (const archive of await place.list()) {
      const known = found.find(({ name }) => name === archive.name);
      if (known) known.places.push(place.words);
      else found.push({ ...archive, places: [place.words] });
    }
  found.sort((a, b) => b.at.getTime() - a.at.getTime());
  if (args.includes("--json")) process.stdout.write(`${JSON.stringify(found)}\n`);
  else if (found.length === 0) process.stdout.write("There is no backup there.\n");
  else
    for (const { name, kind, at, bytes, places: where } of found)
      process.stdout.write(
        `${at.toISOString()}  ${kind}  ${String(bytes).padStart(12)}  ${name}  ${where.join(", ")}\n`,
      );
  return 0;
}
