import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type pg from "pg";
import { record } from "../../../kernel/audit.ts";
import { folderKeyStore } from "../../../kernel/crypto/key-store.ts";
import { type Keyring, openKeyring, PLATFORM_ID } from "../../../kernel/crypto/keyring.ts";
import type { MasterKeys } from "../../../kernel/crypto/master-key.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { makePrivateFolder, replaceFile } from "../../../kernel/files/durable.ts";
import type { FileStore } from "../../../kernel/files/file-store.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { openSignerFile } from "../audit/log/keeper.ts";
import { type NoteSigner, verifierKey } from "../audit/log/note.ts";
import { sequenceAudit } from "../audit/log/sequencer.ts";
import { type ReadArchive, readArchive } from "./archive-reading.ts";
import type { Chosen } from "./choosing.ts";
import { backupFailure } from "./failure.ts";
import { keysNeeded, noteFileVersions, requireKeys } from "./keys-needed.ts";
import { type Loaded, type LoadOptions, loadArchive, requireSame } from "./loading.ts";
import type { Ask } from "./restore-test.ts";
import { endRights } from "./rights.ts";
import { endInterrupted, noteSource } from "./runs.ts";
import { requireName, requireSigned } from "./signing.ts";
import type { Table } from "./tables.ts";

/** Reads an archive from its first byte to its last, and changes nothing. */
export async function checkArchive(chosen: Chosen, identities: readonly Secret[]): Promise<ReadArchive> {
  const read = await readArchive(await chosen.read(), identities);
  if (read.opening.kind !== chosen.archive.kind || read.opening.id !== chosen.archive.id)
    throw backupFailure("damaged", `${chosen.archive.name} is not what its name says.`);
  requireName(chosen.archive, read.opening);
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
    const keyring = openKeyring({ masterKeys, store });
    // The installation's own, and every workspace's: one that does not open is a workspace that does not.
    for (const id of [PLATFORM_ID, ...(await keyring.list())])
      await keyring.tenant(id).catch((cause: unknown) => {
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
  readonly masterKeys: MasterKeys;
}

/** What a first reading of both archives found. */
export interface Checked {
  readonly data: ReadArchive;
  readonly keys: ReadArchive;
}

/**
 * Fills an empty installation: keys, database, files, and what the audit log remembers of itself. The load is one
 * transaction: it ends only when both archives were signed by the installation whose keys these are, when the keys open
 * everything that was loaded, and when nothing lets anybody in that may have been taken away since.
 */
export async function restoreInto(
  { home, files, masterKeys, ...target }: Target,
  { data, keys }: { data: Chosen; keys: Chosen },
  identities: readonly Secret[],
  expected?: Checked,
): Promise<Restored> {
  const audit = intoFolder("audit", join(home, "audit"));
  const readKeys = await readArchive(await keys.read(), identities, {
    file: intoFolder("keys", join(home, "keys")),
  });
  requireSame(readKeys, expected?.keys);
  requireName(keys.archive, readKeys.opening);
  const keyring = openKeyring({ masterKeys, store: folderKeyStore(join(home, "keys")) });
  const seen = noteFileVersions();
  let signer: NoteSigner | null = null;
  let destroyed = 0;
  const loaded = await loadArchive({
    ...target,
    archive: await data.read(),
    identities,
    file: async (path, content, bytes) => {
      if (path.startsWith("files/")) await putFile(files, basename(path), seen.note(basename(path), content));
      else await audit(path, content, bytes);
    },
    ...(expected ? { expected: expected.data } : {}),
    inside: async (client, read, tables) => {
      requireName(data.archive, read.opening);
      signer = await signerIn(home, keyring);
      for (const one of [read, readKeys]) requireSigned(one, signer);
      destroyed = await requireAllKeys(client, tables, seen.versions, keyring);
      await endRights(client);
    },
  });
  if (!signer) throw new Error("unreachable: a load that ended has looked at the signatures");
  return { ...loaded, signedBy: verifierKey(signer), destroyed };
}

/** What was restored, and what a person should hold against what they know. */
export interface Restored extends Loaded {
  /** Name and public key of the installation that signed both archives. */
  readonly signedBy: string;
  /** Workspaces whose keys were destroyed after the backup: their rows open nowhere any more. */
  readonly destroyed: number;
}

/** One that lies there already, as in a bucket that outlived its database, must be the same to the byte. */
async function putFile(files: FileStore, name: string, content: AsyncIterable<Buffer>): Promise<void> {
  const there = await files.sealed(name);
  if (!there) return files.putSealed(name, content);
  const sum = async (source: AsyncIterable<Uint8Array>) => {
    const hash = createHash("sha256");
    for await (const piece of source) hash.update(piece);
    return hash.digest("hex");
  };
  if ((await sum(content)) !== (await sum(there.content)))
    throw backupFailure("damaged", "The file store holds another file under a name of this backup.");
}

async function signerIn(home: string, keyring: Keyring): Promise<NoteSigner> {
  try {
    return openSignerFile(
      await readFile(join(home, "audit", "key.json"), "utf8"),
      await keyring.tenant(PLATFORM_ID),
    );
  } catch (cause) {
    throw backupFailure("damaged", "This backup belongs to another installation than these keys.", cause);
  }
}

/** Answers how many workspaces' keys were destroyed; any other that lacks one is refused. */
async function requireAllKeys(
  client: pg.Client,
  tables: readonly Table[],
  files: ReadonlyMap<string, number>,
  { store }: Keyring,
): Promise<number> {
  let destroyed = 0;
  for (const [tenant, needed] of await keysNeeded(client, tables, files)) {
    const record = await store.load(tenant);
    if (!record && store.isDestroyed(tenant)) destroyed += 1;
    else requireKeys(tenant, needed, record);
  }
  return destroyed;
}

/**
 * Says in the operator's log, and on the public page, to which moment the installation was set back: what came after it
 * is gone, also from the log, and whoever kept a newer checkpoint of it will see that.
 */
export async function noteRestored(system: System, { data }: { data: Chosen }, taken: Date): Promise<void> {
  await noteSource(system, data.archive, taken, data.words);
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
