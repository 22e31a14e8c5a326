import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createFile, errorCode, makePrivateFolder, replaceFile } from "../files/durable.ts";
import { addKey, type MasterKeys, masterKeys, parseVersion } from "./master-key.ts";

// Master keys in a file: `<home>/secrets/master.key`.

/** Where the master keys lie when the environment gives none. */
export function masterKeyPath(home: string): string {
  return join(home, "secrets", "master.key");
}

/** The keys of the file, which is made when nothing was ever encrypted here. */
export async function masterKeysFromFile(home: string): Promise<Map<number, Buffer>> {
  const path = masterKeyPath(home);
  const existing = await readPrivateFile(path);
  if (existing !== null) return parseMasterKeyFile(existing, path);
  // A new key beside old wrapped keys could open none of them, and would hide that the old one is lost.
  if (await holdsKeys(join(home, "keys"))) {
    throw new Error(`${path} is missing but there are keys that it wrapped: restore it, or give MASTER_KEY.`);
  }
  await makePrivateFolder(dirname(path));
  await createFile(path, `1 ${randomBytes(32).toString("base64")}\n`);
  const created = await readPrivateFile(path);
  if (created === null) throw new Error(`${path} vanished while it was created.`);
  return parseMasterKeyFile(created, path);
}

/** The keys of the file; null when there is none, and none is made. */
export async function readMasterKeyFile(home: string): Promise<Map<number, Buffer> | null> {
  const text = await readPrivateFile(masterKeyPath(home));
  return text === null ? null : parseMasterKeyFile(text, masterKeyPath(home));
}

/**
 * Master keys of a file that is looked at again before each wrapping, and when a version is asked for that was not in
 * it: a running server goes on while another process adds a key.
 */
export function reloadingMasterKeys(home: string, first: Map<number, Buffer>): MasterKeys {
  const stampOf = () => {
    const found = statSync(masterKeyPath(home), { throwIfNoEntry: false });
    return found ? `${found.ino}/${found.mtimeMs}/${found.size}` : null;
  };
  let stamp = stampOf();
  let keys = masterKeys(first, "file");
  async function refresh(): Promise<void> {
    const now = stampOf();
    // A file that is away keeps nobody from going on with what was read; the next start says it.
    if (now === null || now === stamp) return;
    const found = await readMasterKeyFile(home);
    if (!found) return;
    keys = masterKeys(found, "file");
    stamp = now;
  }
  return {
    source: "file",
    patience: null,
    get currentVersion() {
      return keys.currentVersion;
    },
    get versions() {
      return keys.versions;
    },
    checks: () => keys.checks(),
    isCurrent: (wrapped) => keys.isCurrent(wrapped),
    refresh,
    async wrap(plain, context) {
      await refresh();
      return keys.wrap(plain, context);
    },
    async unwrap(wrapped, context) {
      if (!keys.versions.includes(wrapped.master)) await refresh();
      return keys.unwrap(wrapped, context);
    },
    async rewrap(wrapped, context) {
      await refresh();
      return keys.rewrap(wrapped, context);
    },
    async add() {
      const version = await addMasterKeyToFile(home);
      await refresh();
      return version;
    },
  };
}

/** Adds a master key to the file and resolves its version. Alone among processes: see `KeyStore.alone`. */
export async function addMasterKeyToFile(home: string): Promise<number> {
  const path = masterKeyPath(home);
  const text = await readPrivateFile(path);
  if (text === null) throw new Error(`${path} does not exist.`);
  const version = Math.max(...parseMasterKeyFile(text, path).keys()) + 1;
  await replaceFile(path, `${text}${version} ${randomBytes(32).toString("base64")}\n`);
  return version;
}

/** One line `<version> <base64 of 32 bytes>` per key, versions ascending, a line feed after each. */
export function parseMasterKeyFile(text: string, path: string): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length === 0)
    throw new Error(`${path} is empty or ends in the middle of a line.`);
  for (const [index, line] of lines.entries()) {
    const [number = "", value = "", ...rest] = line.split(" ");
    const version = parseVersion(number);
    if (version === null || rest.length > 0 || [...found.keys()].some((other) => other >= version)) {
      throw new Error(
        `${path} line ${index + 1} must be "<version> <base64 of 32 bytes>", versions ascending.`,
      );
    }
    addKey(found, version, value, `${path} line ${index + 1}`);
  }
  return found;
}

/** Takes keys out of the file, all but the newest. Only once nothing needs them. Alone among processes. */
export async function dropOldMasterKeys(home: string): Promise<number[]> {
  const path = masterKeyPath(home);
  const text = await readPrivateFile(path);
  if (text === null) throw new Error(`${path} does not exist.`);
  const versions = [...parseMasterKeyFile(text, path).keys()];
  const lines = text.trimEnd().split("\n");
  if (versions.length > 1) await replaceFile(path, `${lines.at(-1)}\n`);
  return versions.slice(0, -1);
}

/** Null when absent. Mode and owner are read from the open file, so that it cannot be exchanged in between. */
async function readPrivateFile(path: string): Promise<string | null> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const { mode, size, uid } = await handle.stat();
    if (process.getuid && uid !== process.getuid()) {
      throw new Error(`${path} belongs to another user (${uid}): run chown on it, or run as that user.`);
    }
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new Error(
        `${path} can be read by others (mode ${(mode & 0o777).toString(8)}): run chmod 600 on it.`,
      );
    }
    if (size > 4096) throw new Error(`${path} is too large to be a master key file.`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

async function holdsKeys(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).some((name) => name.endsWith(".json"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}
