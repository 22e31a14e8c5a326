import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import pg from "pg";
import { record } from "../../../kernel/audit.ts";
import { folderKeyStore } from "../../../kernel/crypto/key-store.ts";
import { openKeyring, PLATFORM_ID } from "../../../kernel/crypto/keyring.ts";
import type { MasterKeys } from "../../../kernel/crypto/master-key.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { makePrivateFolder, replaceFile } from "../../../kernel/files/durable.ts";
import type { FileStore } from "../../../kernel/files/file-store.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { sequenceAudit } from "../audit/log/sequencer.ts";
import { type ReadArchive, readArchive } from "./archive-reading.ts";
import type { Chosen } from "./choosing.ts";
import { backupFailure } from "./failure.ts";
import { type Loaded, type LoadOptions, loadArchive } from "./loading.ts";
import type { Ask } from "./restore-test.ts";
import { endInterrupted } from "./runs.ts";

/** Reads an archive from its first byte to its last, and changes nothing. */
export async function checkArchive(chosen: Chosen, identities: readonly Secret[]): Promise<ReadArchive> {
  const read = await readArchive(await chosen.read(), identities);
  if (read.opening.kind !== chosen.archive.kind || read.opening.id !== chosen.archive.id)
    throw backupFailure("damaged", `${chosen.archive.name} is not what its name says.`);
  return read;
}

/** Whether these master keys open the key archive, found out beside the installation. Throws `wrong_key`. */
export async function checkKeys(
  chosen: Chosen,
  identities: readonly Secret[],
  masterKeys: MasterKeys,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-keys-"));
  try {
    await readArchive(await chosen.read(), identities, { file: intoFolder("keys", folder) });
    const store = folderKeyStore(folder);
    if (!(await store.load(PLATFORM_ID)))
      throw backupFailure("incomplete", "The key archive lacks the installation's own key.");
    await openKeyring({ masterKeys, store })
      .platform()
      .catch((cause: unknown) => {
        throw backupFailure("wrong_key", "This master key does not open the keys of this backup.", cause);
      });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where a whole installation goes. */
export interface Target extends Pick<LoadOptions, "adminUrl" | "database" | "passwords" | "progress"> {
  readonly home: string;
  readonly files: FileStore;
}

/** Fills an empty installation: database, files, keys, and what the audit log remembers of itself. */
export async function restoreInto(
  { home, files, ...target }: Target,
  { data, keys }: { data: Chosen; keys: Chosen },
  identities: readonly Secret[],
): Promise<Loaded> {
  const audit = intoFolder("audit", join(home, "audit"));
  const loaded = await loadArchive({
    ...target,
    archive: await data.read(),
    identities,
    file: async (path, content, bytes) => {
      if (path.startsWith("files/")) await files.putSealed(basename(path), content);
      else await audit(path, content, bytes);
    },
  });
  await readArchive(await keys.read(), identities, { file: intoFolder("keys", join(home, "keys")) });
  await endSessions(target);
  return loaded;
}

/**
 * Says in the operator's log, and on the public page, to which moment the installation was set back: what came after it
 * is gone, also from the log, and whoever kept a newer checkpoint of it will see that.
 */
export async function noteRestored(system: System, { data }: { data: Chosen }, taken: Date): Promise<void> {
  await endInterrupted(system);
  const id = newId();
  await system.pool.query(
    "insert into platform.restored (restore_id, at, taken_at, archive) values ($1, $2, $3, $4)",
    [id, system.clock(), taken, data.archive.name],
  );
  const slug = "operator";
  const tenantId = await system.directory.tenantBySlug(slug);
  if (!tenantId) return;
  await unit(jobContext(system, { tenantId, slug }), async (ctx) => {
    record(ctx, {
      event: "installation.restored",
      resource: { type: "backup", id },
      changes: { state: ["newer", taken.toISOString()] },
    });
  });
  await sequenceAudit(system);
}

/** What this installation, or a tenant of it, was set back to last; null when it never was. */
export async function latestRestored(
  system: System,
  ask: Ask = async (text) => (await system.pool.query(text)).rows,
): Promise<{ at: Date; takenAt: Date; tenantId: string | null } | null> {
  const [row] = await ask<{ at: Date; takenAt: Date; tenantId: string | null }>(
    `select at, taken_at as "takenAt", tenant_id as "tenantId" from platform.restored order by at desc limit 1`,
  );
  return row ?? null;
}

// A session that was ended after the backup would stand again: everybody signs in anew.
async function endSessions({ adminUrl, database }: Pick<Target, "adminUrl" | "database">): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(adminUrl, database) });
  await client.connect();
  try {
    await client.query(
      "update session set ended_at = now(), ended_because = 'restored' where ended_at is null",
    );
  } finally {
    await client.end();
  }
}

/** Small files of one kind, each written whole. */
export function intoFolder(kind: string, folder: string) {
  return async (path: string, content: AsyncIterable<Buffer>, _bytes: number): Promise<void> => {
    const name = path.slice(kind.length + 1);
    // The format's own rule for names, once more where they become paths.
    if (!path.startsWith(`${kind}/`) || !/^[\w-]+\.(json|gone)$/.test(name))
      throw backupFailure("damaged", "This backup holds a file that does not belong in it.");
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(Buffer.from(piece));
    await makePrivateFolder(folder);
    await replaceFile(join(folder, name), Buffer.concat(pieces));
  };
}
