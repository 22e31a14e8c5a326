import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { isAppError } from "../errors.ts";
import { isStartupError, startupError } from "../home.ts";
import type { Logger } from "../log.ts";
import { identify, isRunning, type ProcessIdentity } from "../postgres/process-identity.ts";
import { keyLock } from "./key-lock.ts";
import { folderKeyStore } from "./key-store.ts";
import { type Keyring, openKeyring } from "./keyring.ts";
import { loadMasterKeys } from "./load-master-keys.ts";
import type { MasterKeySource, MasterKeys } from "./master-key.ts";
import { registerMasters } from "./master-register.ts";

/**
 * Opens the keys of an installation for a server process, and sees that they open something. Throws a StartupError
 * that says what to do for a wrong, lost or unreachable master key.
 */
export async function openKeys(options: {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  clock: Clock;
  log: Logger;
  /** Of a database that processes of other containers and machines may use as well; null: there are none. */
  databaseUrl?: string | null;
}): Promise<{ keyring: Keyring; close(): void }> {
  const { env, home, clock, log, databaseUrl = null } = options;
  const masterKeys = await loadMasterKeys({ env, home });
  const lock = databaseUrl === null ? null : keyLock(databaseUrl);
  const store = folderKeyStore(join(home, "keys"), lock ?? undefined);
  const keyring = openKeyring({ masterKeys, store });
  // Before anything is opened: who rotates from now on knows of this process, or it finds what they have done.
  const [hide, unannounce] = [announce(home, masterKeys), await lock?.announce(masterKeys)];
  const close = () => {
    hide();
    unannounce?.();
  };
  try {
    await openAll(keyring, { home, clock, log });
  } catch (error) {
    close();
    throw error;
  }
  return { keyring, close };
}

async function openAll(
  keyring: Keyring,
  { home, clock, log }: { home: string; clock: Clock; log: Logger },
): Promise<void> {
  const { masterKeys, store } = keyring;
  await registerMasters(home, store, masterKeys, clock());
  await keyring.platform().catch((cause: unknown) => {
    if (isStartupError(cause)) throw cause;
    const service = isAppError(cause) && cause.code === "keys_unavailable";
    throw startupError(
      `The keys of this installation do not open. ${(service ? (cause.cause as Error) : (cause as Error)).message}`,
      service
        ? "Check that the key service runs, and start again."
        : `Give the master key that they were wrapped with; the keys are in ${join(home, "keys")}.`,
      cause,
    );
  });
  const finished = await store.finish();
  if (finished > 0) log.info({ finished }, "what a crash left of keys was removed");
}

/** Which processes serve this home, and with which master keys. */
export interface ServingProcess extends ProcessIdentity {
  readonly source: MasterKeySource;
  readonly versions: readonly number[];
}

const folderOf = (home: string) => join(home, "run", "keys");

/** Says which master keys this process knows, for whoever rotates; answers how to end it. */
function announce(home: string, { source, versions }: MasterKeys): () => void {
  const path = join(folderOf(home), `${process.pid}.json`);
  const me = identify(process.pid) ?? { pid: process.pid, started: "" };
  mkdirSync(folderOf(home), { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify({ ...me, source, versions }), { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

/** The processes that serve this home now, on this machine. */
export function servingProcesses(home: string): ServingProcess[] {
  let names: string[];
  try {
    names = readdirSync(folderOf(home));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      const one = JSON.parse(readFileSync(join(folderOf(home), name), "utf8")) as ServingProcess;
      return isRunning(one) ? one : [];
    } catch {
      return []; // one that ends just now
    }
  });
}
