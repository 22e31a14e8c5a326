import type { KeyRecord } from "../../../kernel/crypto/key-record.ts";
import type { Keyring } from "../../../kernel/crypto/keyring.ts";
import type { MasterKeySource, WrappedKey } from "../../../kernel/crypto/master-key.ts";
import { noteWrapped, registeredMasters, registerMasters } from "../../../kernel/crypto/master-register.ts";
import { servingProcesses } from "../../../kernel/crypto/open-keys.ts";
import { startupError } from "../../../kernel/home.ts";

// New master keys. Only key files are touched, one after the other, each whole or not at all: that is why it can be ended
// at any moment and begun again, by a command or by the server, twice at once.

/** Copies of the key store are kept so long; they still need the master key of their time. */
export const COPIES_KEPT_DAYS = 7;

export interface MasterInUse {
  readonly version: number;
  readonly inService: boolean;
  /** Workspaces whose keys it wraps, and the installation itself. */
  readonly workspaces: number;
  readonly since: string | null;
  readonly isCurrent: boolean;
}

/** How the keys stand, read from the key files themselves. */
export interface KeyStanding {
  readonly source: MasterKeySource;
  readonly current: number;
  readonly masters: readonly MasterInUse[];
  /** Files of keys that cannot be read. */
  readonly unreadable: number;
  /** Older versions that nothing here needs any more, of those that are at hand. */
  readonly canGo: readonly number[];
  /** Workspaces with more than one data key: their data are being sealed anew. */
  readonly resealing: number;
  readonly workspaces: number;
}

export async function keyStanding(keyring: Keyring, home: string): Promise<KeyStanding> {
  const { masterKeys, store } = keyring;
  await masterKeys.refresh();
  const registered = await registeredMasters(home);
  const found = new Map<
    string,
    { version: number; inService: boolean; workspaces: number; isCurrent: boolean }
  >();
  const current = masterKeys.currentVersion;
  const inService = masterKeys.source === "service";
  found.set(idOf(current, inService), { version: current, inService, workspaces: 0, isCurrent: true });
  let [unreadable, resealing, workspaces] = [0, 0, 0];
  for (const id of await store.list()) {
    const record = await recordOf(keyring, id);
    if (record === "unreadable") unreadable++;
    if (!record || record === "unreadable") continue;
    workspaces++;
    if (record.keys.filter(({ use }) => use === "data").length > 1) resealing++;
    for (const [key, wrapped] of new Map(
      record.keys.map((k) => [idOf(k.wrapped.master, isService(k.wrapped)), k.wrapped]),
    )) {
      const one = found.get(key) ?? {
        version: wrapped.master,
        inService: isService(wrapped),
        workspaces: 0,
        isCurrent: masterKeys.isCurrent(wrapped),
      };
      found.set(key, { ...one, workspaces: one.workspaces + 1 });
    }
  }
  const masters = [...found.values()]
    .map((one) => ({ ...one, since: sinceOf(registered, one) }))
    .sort((a, b) => Number(a.inService) - Number(b.inService) || a.version - b.version);
  const needed = new Set(masters.filter((one) => one.inService === inService).map(({ version }) => version));
  const canGo = unreadable > 0 ? [] : masterKeys.versions.filter((v) => v !== current && !needed.has(v));
  return { source: masterKeys.source, current, masters, unreadable, canGo, resealing, workspaces };
}

const idOf = (version: number, inService: boolean) => `${inService ? "service" : "local"} ${version}`;
const isService = (wrapped: WrappedKey) => "service" in wrapped;

function sinceOf(
  registered: Awaited<ReturnType<typeof registeredMasters>>,
  { version, inService }: { version: number; inService: boolean },
): string | null {
  return (
    registered.find((one) => one.version === version && (one.source === "service") === inService)?.since ??
    null
  );
}

async function recordOf(keyring: Keyring, id: string): Promise<KeyRecord | "unreadable" | null> {
  try {
    return await keyring.look(id);
  } catch {
    return "unreadable";
  }
}

export interface Rotation {
  readonly rewrapped: number;
  /** Workspaces whose keys stay under an older master key, since they do not open. */
  readonly failed: readonly string[];
}

/**
 * Wraps every key with the newest master key, which is first made when `makeNew` is set. Whoever serves meanwhile notices
 * nothing. Throws a StartupError when a server process runs that does not know the newest one: it could open nothing then.
 */
export async function rotateMasterKey(
  keyring: Keyring,
  home: string,
  options: { makeNew: boolean; now: Date; progress?: (done: number, of: number) => void },
): Promise<Rotation> {
  const { masterKeys, store } = keyring;
  await masterKeys.refresh();
  await requireEveryServer(keyring, home);
  if (options.makeNew) await store.alone(() => masterKeys.add());
  await registerMasters(home, store, masterKeys, options.now);
  const all = await store.list();
  const failed: string[] = [];
  let [done, rewrapped] = [0, 0];
  for (const id of all) {
    try {
      if (await keyring.rewrap(id)) rewrapped++;
    } catch (error) {
      // Destroyed while we were at it: nothing is left to be wrapped. A service that is away ends it: begun again later.
      if ((error as { code?: string }).code === "keys_unavailable") throw error;
      if (isDiskError(error)) throw error;
      if (keyring.has(id)) failed.push(id);
    }
    options.progress?.(++done, all.length);
  }
  // Also of a run that was interrupted some are wrapped: the next one ends with the rest of them.
  // One that was killed between the last of them and this note has left it to the next.
  if (rewrapped > 0 || (failed.length === 0 && !(await isNoted(home, masterKeys))))
    await noteWrapped(home, store, masterKeys, options.now);
  return { rewrapped, failed };
}

/** Whether it is known when the last key file was wrapped with the current master key, or need not be: it is the only one. */
async function isNoted(home: string, masterKeys: Keyring["masterKeys"]): Promise<boolean> {
  const known = await registeredMasters(home);
  const current = known.find(
    ({ version, source }) =>
      version === masterKeys.currentVersion && (source === "service") === (masterKeys.source === "service"),
  );
  return known.length < 2 || current?.wrapped !== undefined;
}

// What the next file would meet as well: a full disk, a folder that is read only.
const isDiskError = (error: unknown): boolean =>
  ["ENOSPC", "EROFS", "EACCES", "EPERM", "EDQUOT", "EIO"].includes((error as { code?: string }).code ?? "");

async function requireEveryServer({ masterKeys, store }: Keyring, home: string): Promise<void> {
  const here = servingProcesses(home).map((one) => ({ ...one, name: `process ${one.pid}` }));
  const elsewhere = (await store.servers()).map((one) => ({
    ...one,
    name: "process of another container or machine",
  }));
  for (const { name, source, versions } of [...here, ...elsewhere]) {
    const knows =
      source === masterKeys.source &&
      (source !== "environment" || versions.includes(masterKeys.currentVersion));
    if (!knows) {
      throw startupError(
        `The server ${name} does not know master key ${masterKeys.currentVersion} (${masterKeys.source}).`,
        "Restart every server process with the new key beside the old one, then rotate.",
      );
    }
  }
}

/** What a person has to know after a rotation, in sentences. */
export function wordsOf(standing: KeyStanding, now: Date): string[] {
  const { current, masters, unreadable, canGo, source } = standing;
  const older = masters.filter((one) => !one.isCurrent && one.workspaces > 0);
  const words = older.map(
    (one) =>
      `Master key ${one.version} is still needed: it wraps the keys of ${one.workspaces}. Do not remove it.`,
  );
  if (unreadable > 0) {
    words.push(
      `${unreadable} key files cannot be read. Restore them first; until then no master key may go.`,
    );
  }
  if (older.length > 0 || unreadable > 0) return words;
  words.push(`Master key ${current} (${source}) wraps every key.`);
  const until = new Date(now.getTime() + COPIES_KEPT_DAYS * 86_400_000).toISOString().slice(0, 10);
  for (const version of canGo) {
    words.push(
      `Master key ${version} is not needed here any more. Copies of the key store that were made before now still need it: keep it apart from this server until ${until}, then destroy it.`,
    );
  }
  return words;
}
