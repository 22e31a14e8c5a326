import { isTenantId, strictBase64 } from "./encoding.ts";
import { cryptoFailure } from "./failure.ts";
import type { WrappedKey } from "./master-key.ts";

// The file of wrapped keys of FORMAT.md: one spelling, read strictly.

/**
 * `hash` is the root of look-up hashes; `data` seals; `old` is a data key that nothing here names any more, kept for
 * backups of its time; `audit` is what is left of a data key that is gone.
 */
export type KeyUse = "hash" | "data" | "old" | "audit";

export type RecordedKey = {
  use: KeyUse;
  version: number;
  wrapped: WrappedKey;
  /** Of an `old` one: since when nothing names it. ISO 8601 in UTC. */
  retired?: string;
};

/** The wrapped keys of one tenant: the root of its hashes, then data and audit keys, oldest first. */
export type KeyRecord = { tenantId: string; keys: readonly RecordedKey[] };

const FORMAT = "vouchsafe-keys/2";
/** Without a root of hashes and without uses. Read only: the next change writes the newer one. */
const FORMER = "vouchsafe-keys/1";
const MAX_VERSION = 0xffff_ffff;
const USES: readonly string[] = ["hash", "data", "old", "audit"] satisfies KeyUse[];

/** The one spelling of a record; {@link parseKeyRecord} accepts no other. */
export function printKeyRecord(record: KeyRecord): string {
  const isFormer = !record.keys.some(({ use }) => use === "hash");
  const keys = record.keys.map(({ use, version, retired, wrapped }) => ({
    ...(isFormer ? {} : { use }),
    version,
    ...(retired === undefined ? {} : { retired }),
    master: wrapped.master,
    ...("service" in wrapped
      ? { service: wrapped.service }
      : { nonce: wrapped.nonce.toString("base64"), ciphertext: wrapped.ciphertext.toString("base64") }),
  }));
  const format = isFormer ? FORMER : FORMAT;
  return `${JSON.stringify({ format, tenant: record.tenantId, keys }, null, 2)}\n`;
}

/** Reads a record. Unknown or missing members, other spellings and versions out of order throw `unreadable`. */
export function parseKeyRecord(text: string): KeyRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, so it is not kept as the cause.
    throw cryptoFailure(
      "A key file is not JSON: it was cut off or overwritten. Restore it from a copy of the keys.",
    );
  }
  const { format, tenant, keys } = members(json, [["format", "tenant", "keys"]]);
  if (format !== FORMAT && format !== FORMER) throw cryptoFailure("A key file has an unknown format.");
  if (typeof tenant !== "string" || !isTenantId(tenant)) throw cryptoFailure("A key file names no tenant.");
  if (!Array.isArray(keys)) throw cryptoFailure("A key file holds no keys.");
  const parsed = keys.map((entry: unknown) => parseKey(entry, format === FORMER));
  checkOrder(parsed, format === FORMER);
  const record = { tenantId: tenant, keys: parsed };
  if (printKeyRecord(record) !== text) throw cryptoFailure("A key file is not in its canonical spelling.");
  return record;
}

function parseKey(entry: unknown, isFormer: boolean): RecordedKey {
  const local = ["version", "master", "nonce", "ciphertext"];
  const remote = ["version", "master", "service"];
  const retiredOnes = [local, remote].map(([first = "", ...rest]) => ["use", first, "retired", ...rest]);
  const shapes = isFormer ? [local] : [...[local, remote].map((names) => ["use", ...names]), ...retiredOnes];
  const { use = "data", version, retired, master, ...rest } = members(entry, shapes);
  if (!isVersion(version) || !isVersion(master)) throw cryptoFailure("A version in a key file is malformed.");
  if (typeof use !== "string" || !USES.includes(use))
    throw cryptoFailure("A key file has a key of unknown use.");
  if ((use === "old") !== (retired !== undefined))
    throw cryptoFailure("A key file says of a wrong key that it is old.");
  if (retired !== undefined && !isMoment(retired)) throw cryptoFailure("A time in a key file is malformed.");
  const recorded = { use: use as KeyUse, version, ...(retired === undefined ? {} : { retired }) }; // just checked
  if ("service" in rest) {
    if (typeof rest.service !== "string" || !isServiceText(rest.service, master)) {
      throw cryptoFailure("What the key service wrapped is malformed.");
    }
    return { ...recorded, wrapped: { master, service: rest.service } };
  }
  const nonce = strictBase64(rest.nonce, "The nonce in a key file");
  const ciphertext = strictBase64(rest.ciphertext, "The ciphertext in a key file");
  if (nonce.length !== 12 || ciphertext.length !== 48)
    throw cryptoFailure("A wrapped key has the wrong length.");
  return { ...recorded, wrapped: { master, nonce, ciphertext } };
}

/** First the root of hashes, once; then versions ascending, of which the newest is a data key. */
function checkOrder(keys: readonly RecordedKey[], isFormer: boolean): void {
  const [first, ...rest] = keys;
  if (!isFormer && (first?.use !== "hash" || first.version !== 1))
    throw cryptoFailure("A key file lacks its root.");
  const versioned = isFormer ? keys : rest;
  if (versioned.at(-1)?.use !== "data") throw cryptoFailure("A key file holds no data key.");
  let last = 0;
  for (const { use, version } of versioned) {
    if (use === "hash" || version <= last)
      throw cryptoFailure("The versions in a key file are out of order.");
    last = version;
  }
}

/** `vault:v<version>:<base64>`, as the transit engine's API writes it. */
export function isServiceText(text: string, version: number): boolean {
  return (
    text.length <= 4096 &&
    /^vault:v[1-9][0-9]{0,8}:[A-Za-z0-9+/]+={0,2}$/.test(text) &&
    text.startsWith(`vault:v${version}:`)
  );
}

const isVersion = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_VERSION;

const isMoment = (value: unknown): value is string => {
  const at = typeof value === "string" ? new Date(value) : null;
  return at !== null && !Number.isNaN(at.getTime()) && at.toISOString() === value;
};

function members(value: unknown, shapes: readonly (readonly string[])[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw cryptoFailure("A key file is malformed.");
  }
  const given = Object.keys(value).join();
  if (!shapes.some((names) => names.join() === given)) throw cryptoFailure("A key file has unknown members.");
  return value as Record<string, unknown>; // just checked
}
