import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { secret } from "../../../../kernel/secret.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { backUpData, backUpKeys } from "../making.ts";
import { folderPlace } from "../places.ts";
import { opened, withBackups } from "./backups-of-stage.ts";

/**
 * Both archives of a backup as they are stored, and everything that is in them for whoever has the identity, but not the
 * master key. Taken as the database's superuser, so that what somebody planted is in it too.
 */
export async function* openedBackup(server: Stage["server"]): AsyncGenerator<Buffer> {
  const pieces = await withBackups({ server }, async ({ system, folder, identity }) => {
    const asSuperuser = { ...system, backupUrl: secret(server.databaseUrl("postgres")) };
    const places = [folderPlace(folder)];
    const found: Buffer[] = [];
    for (const make of [backUpData, backUpKeys]) {
      const { archive } = await make(asSuperuser, places, "operator");
      found.push(await readFile(join(folder, archive.name)));
      for (const [path, bytes] of await opened(folder, archive, identity))
        found.push(Buffer.from(path), bytes);
    }
    return found;
  });
  yield* pieces;
}
