import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createFile, errorCode, replaceFile, syncFolder } from "../files/durable.ts";
import { assertTenantId, isTenantId, strictBase64 } from "./encoding.ts";
import { cryptoFailure } from "./failure.ts";
import type { WrappedKey } from "./master-key.ts";

/** The wrapped data keys of one tenant, oldest first. */
export type KeyRecord = { tenantId: string; keys: readonly { version: number; wrapped: WrappedKey }[] };

/** Where wrapped data keys live: apart from the data and its backups, so that destroying one shreds a tenant. */
export type KeyStore = {
  /** Stores a new tenant's record. Resolves false and changes nothing when the tenant already has one. */
  create(record: KeyRecord): Promise<boolean>;
  /** Null when the tenant has no record. Throws `unreadable` for a malformed one. */
  load(tenantId: string): Promise<KeyRecord | null>;
  /** Overwrites an existing record (master key rotation). Throws `unreadable` when there is none. */
  replace(record: KeyRecord): Promise<void>;
  /** Removes the record for good. Resolves false when there was none. */
  destroy(tenantId: string): Promise<boolean>;
  /** The ids of all tenants that have a record, sorted. */
  list(): Promise<string[]>;
};

/** A key store in a folder: one file `<tenantId>.json` each, mode 0600, written whole or not at all. */
export function folderKeyStore(folder: string): KeyStore {
  const pathOf = (tenantId: string) => {
    assertTenantId(tenantId);
    return join(folder, `${tenantId}.json`);
  };

  async function load(tenantId: string): Promise<KeyRecord | null> {
    const path = pathOf(tenantId);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    }
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

  return {
    load,
    create: (record) => createFile(pathOf(record.tenantId), printKeyRecord(record)),
    async replace(record) {
      if (!(await load(record.tenantId))) throw cryptoFailure("There are no keys to replace.");
      await replaceFile(pathOf(record.tenantId), printKeyRecord(record));
    },
    async destroy(tenantId) {
      assertTenantId(tenantId);
      // A process killed while it wrote leaves a temporary file with the same wrapped key: that must go as well.
      const doomed = (await names()).filter((name) => name.startsWith(`${tenantId}.json`));
      for (const name of doomed) await rm(join(folder, name), { force: true });
      if (doomed.length > 0) await syncFolder(folder);
      return doomed.includes(`${tenantId}.json`);
    },
    async list() {
      return (await names())
        .filter((name) => name.endsWith(".json") && isTenantId(name.slice(0, -5)))
        .map((name) => name.slice(0, -5))
        .sort();
    },
  };
}

const FORMAT = "vouchsafe-keys/1";
const MAX_VERSION = 0xffff_ffff;

/** The one spelling of a record; {@link parseKeyRecord} accepts no other. */
export function printKeyRecord(record: KeyRecord): string {
  const keys = record.keys.map(({ version, wrapped }) => ({
    version,
    master: wrapped.master,
    nonce: wrapped.nonce.toString("base64"),
    ciphertext: wrapped.ciphertext.toString("base64"),
  }));
  return `${JSON.stringify({ format: FORMAT, tenant: record.tenantId, keys }, null, 2)}\n`;
}

/** Reads a record. Unknown or missing members, other spellings and versions out of order throw `unreadable`. */
export function parseKeyRecord(text: string): KeyRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, so it is not kept as the cause.
    throw cryptoFailure("A key file is not JSON.");
  }
  const { format, tenant, keys } = members(json, ["format", "tenant", "keys"]);
  if (format !== FORMAT) throw cryptoFailure("A key file has an unknown format.");
  if (typeof tenant !== "string" || !isTenantId(tenant)) throw cryptoFailure("A key file names no tenant.");
  if (!Array.isArray(keys) || keys.length === 0) throw cryptoFailure("A key file holds no keys.");
  let last = 0;
  const parsed = keys.map((entry: unknown) => {
    const { version, master, nonce, ciphertext } = members(entry, [
      "version",
      "master",
      "nonce",
      "ciphertext",
    ]);
    if (!isVersion(version) || !isVersion(master) || version <= last) {
      throw cryptoFailure("The versions in a key file are malformed or out of order.");
    }
    last = version;
    const wrapped = {
      master,
      nonce: strictBase64(nonce, "The nonce in a key file"),
      ciphertext: strictBase64(ciphertext, "The ciphertext in a key file"),
    };
    if (wrapped.nonce.length !== 12 || wrapped.ciphertext.length !== 48) {
      throw cryptoFailure("A wrapped key has the wrong length.");
    }
    return { version, wrapped };
  });
  const record = { tenantId: tenant, keys: parsed };
  if (printKeyRecord(record) !== text) throw cryptoFailure("A key file is not in its canonical spelling.");
  return record;
}

function isVersion(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_VERSION;
}

function members(value: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw cryptoFailure("A key file is malformed.");
  }
  if (Object.keys(value).join() !== names.join()) throw cryptoFailure("A key file has unknown members.");
  return value as Record<string, unknown>; // just checked
}
