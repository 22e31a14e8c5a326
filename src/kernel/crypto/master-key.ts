import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createFile, errorCode, makePrivateFolder, replaceFile } from "../files/durable.ts";
import { joinParts } from "./encoding.ts";
import { cryptoFailure } from "./failure.ts";

/** A key encrypted by a master key: 12 bytes of nonce; ciphertext with its 16-byte tag at the end. */
export type WrappedKey = { master: number; nonce: Buffer; ciphertext: Buffer };

/** The keys that wrap all others. Asynchronous, so that a key service can stand behind it. */
export type MasterKeys = {
  readonly currentVersion: number;
  readonly source: "file" | "environment";
  /** Encrypts a key with the current master key, bound to `context` (whose key it is). */
  wrap(plain: Buffer, context: string): Promise<WrappedKey>;
  /** The key inside, or `unreadable` for another context, an unknown master key version or changed bytes. */
  unwrap(wrapped: WrappedKey, context: string): Promise<Buffer>;
};

/**
 * Loads the master keys: from `env` (`MASTER_KEY`, or `MASTER_KEY_1`, `MASTER_KEY_2` …, base64 of 32 bytes, the
 * highest number is current), else from `<home>/secrets/master.key`, which is created when nothing was ever
 * encrypted here. Throws an Error that says what to do for a wrong size, a loose file mode or a lost file.
 */
export async function loadMasterKeys(options: {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<MasterKeys> {
  const given = masterKeysFromEnvironment(options.env);
  if (given) return masterKeys(given, "environment");
  return masterKeys(await masterKeysFromFile(options.home), "file");
}

/** Wraps and unwraps with keys that are in memory: version to 32 bytes. The bytes are wiped. */
export function masterKeys(
  byVersion: ReadonlyMap<number, Buffer>,
  source: MasterKeys["source"],
  nextNonce: () => Buffer = () => randomBytes(12),
): MasterKeys {
  const keys = new Map<number, KeyObject>();
  for (const [version, bytes] of byVersion) {
    // A derived key, so that the master key itself is never the key of a cipher and can serve another purpose later.
    const derived = Buffer.from(hkdfSync("sha256", bytes, "", joinParts("vouchsafe/wrap/1"), 32));
    keys.set(version, createSecretKey(derived));
    derived.fill(0);
    bytes.fill(0);
  }
  const currentVersion = Math.max(...keys.keys());
  return {
    currentVersion,
    source,
    async wrap(plain, context) {
      const nonce = nextNonce();
      const cipher = createCipheriv("aes-256-gcm", keyOf(keys, currentVersion), nonce);
      cipher.setAAD(joinParts("vouchsafe/wrapped-key/1", context));
      const body = cipher.update(plain);
      cipher.final();
      return { master: currentVersion, nonce, ciphertext: Buffer.concat([body, cipher.getAuthTag()]) };
    },
    async unwrap({ master, nonce, ciphertext }, context) {
      if (nonce.length !== 12 || ciphertext.length < 16) throw cryptoFailure("A wrapped key is too short.");
      const cipher = createDecipheriv("aes-256-gcm", keyOf(keys, master), nonce);
      cipher.setAAD(joinParts("vouchsafe/wrapped-key/1", context));
      cipher.setAuthTag(ciphertext.subarray(-16));
      const plain = cipher.update(ciphertext.subarray(0, -16));
      try {
        cipher.final();
      } catch (cause) {
        plain.fill(0);
        throw cryptoFailure(
          `Master key ${master} does not open this key: it is not the key that wrapped it, or the file was changed.`,
          cause,
        );
      }
      return plain;
    },
  };
}

function keyOf(keys: ReadonlyMap<number, KeyObject>, version: number): KeyObject {
  const key = keys.get(version);
  if (!key) throw cryptoFailure(`Master key ${version} was not given; supply it beside the current one.`);
  return key;
}

/** Reads `MASTER_KEY*`. Null when there is none. A misspelt name throws: ignoring it would start with a new key. */
export function masterKeysFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Map<number, Buffer> | null {
  const found = new Map<number, Buffer>();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || (name !== "MASTER_KEY" && !name.startsWith("MASTER_KEY_"))) continue;
    const version = name === "MASTER_KEY" ? 1 : parseVersion(name.slice("MASTER_KEY_".length));
    if (version === null)
      throw new Error(`${name} is not understood: use MASTER_KEY, MASTER_KEY_1, MASTER_KEY_2 …`);
    if (found.has(version))
      throw new Error("MASTER_KEY and MASTER_KEY_1 are the same version: give one of them.");
    addKey(found, version, value, name);
  }
  return found.size === 0 ? null : found;
}

/** Where the master keys lie when the environment gives none. */
export function masterKeyPath(home: string): string {
  return join(home, "secrets", "master.key");
}

async function masterKeysFromFile(home: string): Promise<Map<number, Buffer>> {
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

/** Adds a master key to the file and resolves its version. Restart, then rewrap every tenant's keys. */
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

function addKey(found: Map<number, Buffer>, version: number, value: string, where: string): void {
  const bytes = Buffer.from(value, "base64");
  if (bytes.length !== 32 || bytes.toString("base64") !== value) {
    throw new Error(`${where} must be the base64 of exactly 32 bytes (openssl rand -base64 32).`);
  }
  if (bytes.every((byte) => byte === bytes[0]))
    throw new Error(`${where} is one byte repeated, not a random key.`);
  for (const [other, known] of found) {
    if (known.equals(bytes))
      throw new Error(`${where} repeats version ${other}: every version needs its own key.`);
  }
  found.set(version, bytes);
}

function parseVersion(text: string): number | null {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;
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
