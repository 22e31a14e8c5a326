import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createFile, errorCode, exchangeFile, makePrivateFolder, syncFolder } from "../files/durable.ts";
import { takeLock } from "../postgres/lock.ts";
import { assertTenantId, isTenantId } from "./encoding.ts";
import { cryptoFailure } from "./failure.ts";
import type { KeyLock, KnownMasters } from "./key-lock.ts";
import { type KeyRecord, parseKeyRecord, printKeyRecord } from "./key-record.ts";

export { type KeyRecord, parseKeyRecord, printKeyRecord } from "./key-record.ts";

/** Where wrapped data keys live: apart from the data and its backups, so that destroying one shreds a tenant. */
export type KeyStore = {
  /**
   * Stores a new tenant's record. Resolves false and changes nothing when the tenant has one, or had, or when `isStill`,
   * asked while nobody else changes anything, says no.
   */
  create(record: KeyRecord, isStill?: () => Promise<boolean>): Promise<boolean>;
  /** Null when the tenant has no record, or its keys were destroyed. Throws `unreadable` for a malformed one. */
  load(tenantId: string): Promise<KeyRecord | null>;
  /**
   * Puts `after` where `before` stands. Resolves false and changes nothing when something else stands there: another
   * process was faster, or the keys were destroyed meanwhile.
   */
  exchange(before: KeyRecord, after: KeyRecord): Promise<boolean>;
  /**
   * Removes the record for good. The first step is one rename, after which nobody finds the keys, whatever happens; a
   * mark stays, so that no copy that somebody puts back opens anything here. Resolves false when there was none.
   */
  destroy(tenantId: string): Promise<boolean>;
  /** Removes the record and leaves no mark: of a tenant of whom nothing else is here, so that it may come again. */
  withdraw(tenantId: string): Promise<void>;
  /** Ends what a crash interrupted: what is left of destroyed keys, and unfinished writes. Resolves how many. */
  finish(): Promise<number>;
  /** The ids of all tenants that have a record, sorted. */
  list(): Promise<string[]>;
  /**
   * What changes whenever a tenant's record does, in whichever process; null when it has none. Asked with every use of
   * a key, so that it must cost microseconds.
   */
  stamp(tenantId: string): string | null;
  /** Whether there were keys that were destroyed: a folder that is away for a moment destroys nothing. */
  isDestroyed(tenantId: string): boolean;
  /** Runs work that changes what all records depend on (the list of master keys) alone among all processes. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** What the server processes know that are announced in the database; none where there is no lock in one. */
  servers(): Promise<readonly KnownMasters[]>;
};

/** What stands in the mark of destroyed keys. */
const GONE = "The keys of this workspace were destroyed.\n";
const LOCK_TRIES = 2000;
const LOCK_PAUSE_MS = 5;
const LOCK_LEFT_MS = 60_000;

/**
 * A key store in a folder: one file `<tenantId>.json` each, mode 0600, written whole or not at all. The lock file knows
 * processes of one machine; `lock` is for all others, where several share a folder.
 */
export function folderKeyStore(folder: string, lock?: Pick<KeyLock, "alone" | "servers">): KeyStore {
  const pathOf = (tenantId: string, ending = "json") => {
    assertTenantId(tenantId);
    return join(folder, `${tenantId}.${ending}`);
  };
  const isThere = (path: string) => statSync(path, { throwIfNoEntry: false }) !== undefined;

  async function load(tenantId: string): Promise<KeyRecord | null> {
    const path = pathOf(tenantId);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    }
    if (isThere(pathOf(tenantId, "gone"))) return null;
    const record = parseKeyRecord(text);
    if (record.tenantId !== tenantId) throw cryptoFailure("A key file holds the keys of another tenant.");
    return record;
  }

  async function names(): Promise<string[]> {
    try {
      return await readdir(folder);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }

  // Within a process one after the other, then among those of the database, then of this machine.
  let last: Promise<unknown> = Promise.resolve();
  function alone<T>(work: (isHeld: () => boolean) => Promise<T>): Promise<T> {
    const onThisMachine = async (isHeld: () => boolean) => {
      await makePrivateFolder(folder);
      const file = await waitForLock(join(folder, ".lock"));
      try {
        return await work(isHeld);
      } finally {
        file.release();
      }
    };
    const mine = last.then(() => (lock ? lock.alone(onThisMachine) : onThisMachine(() => true)));
    last = mine.catch(() => undefined);
    return mine;
  }

  /** Destroyed while it was written, by somebody whom no lock kept away: it goes as well. */
  async function unlessGone(tenantId: string): Promise<boolean> {
    if (!isThere(pathOf(tenantId, "gone"))) return true;
    await removeBeside(tenantId);
    await syncFolder(folder);
    return false;
  }

  /** A process killed while it wrote leaves a temporary file with the same wrapped key: that must go as well. */
  async function removeBeside(tenantId: string): Promise<void> {
    for (const name of await names()) {
      if (name.startsWith(`${tenantId}.json`)) await eraseFile(join(folder, name));
    }
  }

  return {
    load,
    alone: (work) => alone(() => work()),
    servers: async () => (await lock?.servers()) ?? [],
    create: (record, isStill) =>
      alone(async () => {
        if (isThere(pathOf(record.tenantId, "gone"))) return false;
        if (isStill && !(await isStill())) return false;
        const made = await createFile(pathOf(record.tenantId), printKeyRecord(record));
        return made && unlessGone(record.tenantId);
      }),
    exchange: (before, after) =>
      alone(async (isHeld) => {
        const isStill = async () => {
          const now = await load(before.tenantId);
          return isHeld() && now !== null && printKeyRecord(now) === printKeyRecord(before);
        };
        if (!(await isStill())) return false;
        const made = await exchangeFile(pathOf(after.tenantId), printKeyRecord(after), isStill);
        return made && unlessGone(after.tenantId);
      }),
    destroy(tenantId) {
      const [path, gone] = [pathOf(tenantId), pathOf(tenantId, "gone")];
      return alone(async () => {
        const existed = isThere(path);
        if (existed) {
          // The one step that counts: before it the keys are there, after it they are not.
          await rename(path, gone);
          await syncFolder(folder);
          await eraseFile(gone, GONE);
        } else if (!isThere(gone)) await createFile(gone, GONE);
        await removeBeside(tenantId);
        await syncFolder(folder);
        return existed;
      });
    },
    withdraw: (tenantId) =>
      alone(async () => {
        await removeBeside(tenantId);
        await syncFolder(folder);
      }),
    finish: () =>
      alone(async () => {
        let finished = 0;
        const all = await names();
        for (const name of all) {
          const path = join(folder, name);
          // Of a process that was killed while it took the lock; a young one may be that of a process that waits.
          if (name.startsWith(".lock.") && isOlder(path, LOCK_LEFT_MS)) await rm(path, { force: true });
          if (/\.[0-9a-f]{16}\.tmp$/.test(name)) {
            await eraseFile(path);
            finished++;
          } else if (name.endsWith(".gone") && (await readFile(path, "utf8")) !== GONE) {
            await eraseFile(path, GONE);
            finished++;
          }
        }
        const gone = new Set(all.filter((name) => name.endsWith(".gone")).map((name) => name.slice(0, -5)));
        for (const name of all) {
          if (!name.endsWith(".json") || !gone.has(name.slice(0, -5))) continue;
          await eraseFile(join(folder, name));
          finished++;
        }
        if (finished > 0) await syncFolder(folder);
        return finished;
      }),
    async list() {
      const all = await names();
      const gone = new Set(all.filter((name) => name.endsWith(".gone")).map((name) => name.slice(0, -5)));
      return all
        .filter((name) => name.endsWith(".json") && isTenantId(name.slice(0, -5)))
        .map((name) => name.slice(0, -5))
        .filter((id) => !gone.has(id))
        .sort();
    },
    isDestroyed: (tenantId) => isThere(pathOf(tenantId, "gone")),
    stamp(tenantId) {
      const found = statSync(pathOf(tenantId), { throwIfNoEntry: false });
      return found ? `${found.ino}/${found.mtimeMs}/${found.size}` : null;
    },
  };
}

function isOlder(path: string, ms: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > ms;
}

async function waitForLock(path: string) {
  for (let tries = 0; tries < LOCK_TRIES; tries++) {
    const taken = takeLock(path);
    if ("lock" in taken) return taken.lock;
    await sleep(LOCK_PAUSE_MS);
  }
  throw new Error(
    "The key store is locked by another process that does not let go. See which one, and end it.",
  );
}

/** Overwrites a small file before it goes, or before it gets other words: as far as the disk lets bytes be overwritten. */
async function eraseFile(path: string, words?: string): Promise<void> {
  const handle = await open(path, "r+").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  });
  if (!handle) return;
  try {
    const { size } = await handle.stat();
    await handle.write(randomBytes(size), 0, size, 0);
    await handle.sync();
    if (words !== undefined) {
      await handle.truncate(0);
      await handle.write(words, 0);
      await handle.sync();
    }
  } finally {
    await handle.close();
  }
  if (words === undefined) await rm(path, { force: true });
}
