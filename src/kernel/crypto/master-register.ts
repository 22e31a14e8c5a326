import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, replaceFile } from "../files/durable.ts";
import { startupError } from "../home.ts";
import type { KeyStore } from "./key-store.ts";
import type { MasterKeySource, MasterKeys } from "./master-key.ts";

// `<home>/keys/masters.json`: which master keys this installation has used, since when, and what tells each from
// another key of the same number. Not the keys.

export type RegisteredMaster = {
  readonly source: MasterKeySource;
  readonly version: number;
  /** 16 bytes derived from the key, base64; null where a key service keeps it. */
  readonly check: string | null;
  /** When this installation first met it. */
  readonly since: string;
  /** When the last key file was wrapped with it: copies of the key store from before need an older one. */
  readonly wrapped?: string;
};

const FORMAT = "vouchsafe-masters/1";
const pathOf = (home: string) => join(home, "keys", "masters.json");

/**
 * Adds the current master key to the register, once. Throws a StartupError when a key that was given is another one
 * than the one that this installation knows under its number: nothing would open with it, or half of it.
 */
export async function registerMasters(
  home: string,
  store: KeyStore,
  masters: MasterKeys,
  now: Date,
): Promise<void> {
  const known = await registeredMasters(home);
  for (const [version, check] of masters.checks()) {
    const before = known.find((one) => one.check !== null && one.version === version);
    if (before && before.check !== check) {
      throw startupError(
        `Master key ${version} is not the one that this installation has used since ${before.since.slice(0, 10)}.`,
        "Give the key that wrapped its data; a new one gets the next number, beside the old one.",
      );
    }
  }
  if (missingOf(known, masters).length === 0) return;
  await store.alone(async () => {
    const there = await registeredMasters(home);
    const added = missingOf(there, masters).map(({ version, check }) => ({
      source: masters.source,
      version,
      check,
      since: now.toISOString(),
    }));
    const text = JSON.stringify({ format: FORMAT, masters: [...there, ...added] }, null, 2);
    if (added.length > 0) await replaceFile(pathOf(home), `${text}\n`);
  });
}

/** Notes that a key file has just been wrapped with the current master key. */
export async function noteWrapped(
  home: string,
  store: KeyStore,
  masters: MasterKeys,
  now: Date,
): Promise<void> {
  await store.alone(async () => {
    const noted = (await registeredMasters(home)).map((one) =>
      one.version === masters.currentVersion && (one.source === "service") === (masters.source === "service")
        ? { ...one, wrapped: now.toISOString() }
        : one,
    );
    await replaceFile(pathOf(home), `${JSON.stringify({ format: FORMAT, masters: noted }, null, 2)}\n`);
  });
}

function missingOf(known: readonly RegisteredMaster[], masters: MasterKeys) {
  const given: { version: number; check: string | null }[] =
    masters.source === "service"
      ? [{ version: masters.currentVersion, check: null }]
      : [...masters.checks()].map(([version, check]) => ({ version, check }));
  return given.filter(
    ({ version, check }) => !known.some((one) => one.version === version && one.check === check),
  );
}

/** Every master key that this installation has met, oldest first. */
export async function registeredMasters(home: string): Promise<readonly RegisteredMaster[]> {
  let text: string;
  try {
    text = await readFile(pathOf(home), "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  const broken = () =>
    startupError(
      `${pathOf(home)} cannot be read.`,
      "Restore it from a copy of the keys, or remove it: then it is made anew, and nobody knows since when a key is used.",
    );
  let json: { format?: unknown; masters?: unknown };
  try {
    json = JSON.parse(text) as typeof json; // looked at below
  } catch {
    throw broken();
  }
  if (json.format !== FORMAT || !Array.isArray(json.masters)) throw broken();
  return json.masters as RegisteredMaster[]; // written by this program, in a folder that is closed to others
}
