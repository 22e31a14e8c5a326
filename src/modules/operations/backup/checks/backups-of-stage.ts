import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupConfig } from "../../../../kernel/config-backup.ts";
import { type Secret, secret } from "../../../../kernel/secret.ts";
import type { System } from "../../../../kernel/system.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { newIdentity } from "../age.ts";
import { readArchive } from "../archive-reading.ts";
import { type Archive, folderPlace } from "../places.ts";

/** The installation under test, as an operator would have set it up who wants backups. */
export interface BackedUp {
  readonly system: System;
  readonly folder: string;
  /** What only that operator has. */
  readonly identity: Secret;
  readonly recipient: string;
  with(changes: Partial<BackupConfig>): System;
}

/** Runs work with a folder for archives, which is removed. */
export async function withBackups<T>(
  { server }: Pick<Stage, "server">,
  work: (on: BackedUp) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-backups-"));
  try {
    const { identity, recipient } = await newIdentity([]);
    const with_ = (changes: Partial<BackupConfig>): System => ({
      ...server.system,
      backupUrl: secret(server.databaseUrl("vouchsafe_backup")),
      config: {
        ...server.system.config,
        backup: { ...server.system.config.backup, recipients: [recipient], folder, ...changes },
      },
    });
    return await work({ system: with_({}), folder, identity, recipient, with: with_ });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What an archive holds, by its entries: tables as `tables/NAME`. For small ones: all of it is in memory. */
export async function opened(
  folder: string,
  { name }: Pick<Archive, "name">,
  identity: Secret,
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const keep = async (path: string, content: AsyncIterable<Buffer>) => {
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(Buffer.from(piece));
    found.set(path, Buffer.concat(pieces));
  };
  await readArchive(await folderPlace(folder).get(name), [identity], {
    file: keep,
    table: async (table, rows) => {
      await keep(`tables/${table}`, rows);
      return null;
    },
  });
  return found;
}
