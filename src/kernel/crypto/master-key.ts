import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { joinParts } from "./encoding.ts";
import { cryptoFailure } from "./failure.ts";

/** A key encrypted by a master key that is in memory: 12 bytes of nonce; ciphertext with its 16-byte tag at the end. */
export type LocallyWrapped = { master: number; nonce: Buffer; ciphertext: Buffer };
/** A key that a key service encrypted, in its own words: `vault:v<master>:…`. */
export type ServiceWrapped = { master: number; service: string };
export type WrappedKey = LocallyWrapped | ServiceWrapped;

export type MasterKeySource = "file" | "environment" | "service";

/** The keys that wrap all others, wherever they are. */
export type MasterKeys = {
  readonly source: MasterKeySource;
  /** The version that wraps. */
  readonly currentVersion: number;
  /** Every version that is at hand; of a key service, those that it still opens. */
  readonly versions: readonly number[];
  /** Encrypts a key with the current master key, bound to `context` (whose key it is). */
  wrap(plain: Buffer, context: string): Promise<WrappedKey>;
  /**
   * The key inside, or `unreadable` for another context, an unknown master key version or changed bytes. Throws
   * `keys_unavailable` when a key service does not answer.
   */
  unwrap(wrapped: WrappedKey, context: string): Promise<Buffer>;
  /** The same key under the current master key; it shows itself here only where there is no key service. */
  rewrap(wrapped: WrappedKey, context: string): Promise<WrappedKey>;
  isCurrent(wrapped: WrappedKey): boolean;
  /** Looks again which keys there are: a file that got another line, a service that made another version. */
  refresh(): Promise<void>;
  /** Makes the next version, where that is possible from here; throws an Error that says what to do where it is not. */
  add(): Promise<number>;
  /** Of each version in memory what tells it from another key, without telling it; of a key service nothing. */
  checks(): ReadonlyMap<number, string>;
  /** How long opened keys serve before they are asked for again, and how long at most while nobody answers; null: for ever. */
  readonly patience: { readonly recheckMs: number; readonly keepMs: number } | null;
};

/** Wraps and unwraps with keys that are in memory: version to 32 bytes. The bytes are wiped. */
export function masterKeys(
  byVersion: ReadonlyMap<number, Buffer>,
  source: MasterKeys["source"],
  nextNonce: () => Buffer = () => randomBytes(12),
): MasterKeys {
  const keys = new Map<number, KeyObject>();
  const checks = new Map<number, string>();
  for (const [version, bytes] of byVersion) {
    // A derived key, so that the master key itself is never the key of a cipher and can serve another purpose later.
    const derived = Buffer.from(hkdfSync("sha256", bytes, "", joinParts("vouchsafe/wrap/1"), 32));
    keys.set(version, createSecretKey(derived));
    derived.fill(0);
    checks.set(version, checkOf(bytes));
    bytes.fill(0);
  }
  const currentVersion = Math.max(...keys.keys());
  const self: MasterKeys = {
    currentVersion,
    versions: [...keys.keys()].sort((a, b) => a - b),
    source,
    patience: null,
    checks: () => checks,
    isCurrent: (wrapped) => !("service" in wrapped) && wrapped.master === currentVersion,
    refresh: async () => {},
    add: async () => {
      throw new Error(
        `Give the new key as MASTER_KEY_${currentVersion + 1} beside the old one, restart every server process, and rotate again.`,
      );
    },
    async rewrap(wrapped, context) {
      const plain = await self.unwrap(wrapped, context);
      try {
        return await self.wrap(plain, context);
      } finally {
        plain.fill(0);
      }
    },
    async wrap(plain, context) {
      const nonce = nextNonce();
      const cipher = createCipheriv("aes-256-gcm", keyOf(keys, currentVersion), nonce);
      cipher.setAAD(joinParts("vouchsafe/wrapped-key/1", context));
      const body = cipher.update(plain);
      cipher.final();
      return { master: currentVersion, nonce, ciphertext: Buffer.concat([body, cipher.getAuthTag()]) };
    },
    async unwrap(wrapped, context) {
      if ("service" in wrapped) {
        throw cryptoFailure("A key service wrapped this key: set KEY_SERVICE_URL as it was.");
      }
      const { master, nonce, ciphertext } = wrapped;
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
  return self;
}

/** 16 bytes, base64: tells a master key from another one. Of 32 random bytes it reveals nothing. */
function checkOf(bytes: Buffer): string {
  return Buffer.from(hkdfSync("sha256", bytes, "", joinParts("vouchsafe/check/1"), 16)).toString("base64");
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
  const named = Object.entries(env).filter(
    ([name]) => name === "MASTER_KEY" || name.startsWith("MASTER_KEY_"),
  );
  const [first] = named.find(([, value]) => value !== undefined) ?? [];
  // What passes variables on may pass empty ones beside it. Nothing but empty ones is a slip: a new key would be made.
  if (first !== undefined && !env.KEY_SERVICE_URL && named.every(([, value]) => !value))
    throw new Error(`${first} is empty: give the key, or leave the variable out.`);
  for (const [name, value] of named) {
    if (!value) continue;
    const version = name === "MASTER_KEY" ? 1 : parseVersion(name.slice("MASTER_KEY_".length));
    if (version === null)
      throw new Error(`${name} is not understood: use MASTER_KEY, MASTER_KEY_1, MASTER_KEY_2 …`);
    if (found.has(version))
      throw new Error("MASTER_KEY and MASTER_KEY_1 are the same version: give one of them.");
    addKey(found, version, value, name);
  }
  return found.size === 0 ? null : found;
}

export function addKey(found: Map<number, Buffer>, version: number, value: string, where: string): void {
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

export function parseVersion(text: string): number | null {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;
}
