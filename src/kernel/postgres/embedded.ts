import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { openHome, startupError, systemCode } from "../home.ts";
import { placeBinaries } from "./binaries.ts";
import { openCluster } from "./cluster.ts";
import { takeLock } from "./lock.ts";
import { openPasswords, type RoleName } from "./passwords.ts";
import { choosePlace, type Place, recordPlace, socketFolder } from "./place.ts";
import { type Postmaster, startPostmaster, waitForPredecessor } from "./postmaster.ts";

/** The part of a pino logger that is used here. */
export type Log = Record<"debug" | "info" | "warn" | "error", (fields: object, message: string) => void>;

export type EmbeddedOptions = {
  /** The home's folder; see `openHome`. */
  home: string;
  /** Where binaries, data and socket go; default `VOUCHSAFE_RUNTIME`, then see `choosePlace`. */
  runtime?: string;
  log: Log;
  /** false for throw-away clusters: no fsync, so a power loss destroys them. */
  durable?: boolean;
  /** PostgreSQL settings beside or instead of the defaults. */
  settings?: Record<string, string>;
};

export type EmbeddedPostgres = {
  /** Superuser, maintenance database `postgres`. */
  adminUrl: string;
  /** Connection string of a role, by default to the database `vouchsafe`. */
  url(role: RoleName | "postgres", database?: string): string;
  passwords: Record<RoleName, string>;
  socketDir: string;
  /** Of the server that runs now; another one after a crash. */
  readonly pid: number;
  /** Ends the server and frees the home; safe to call twice. */
  stop(): Promise<void>;
  /** Called whenever the server has ended unasked; it is being started again. */
  onCrash(callback: (words: string) => void): void;
};

export const DATABASE = "vouchsafe";

/**
 * Starts the home's own PostgreSQL 18, making its cluster on the first start, reachable through a Unix socket only.
 *
 * It ends with this process, however that ends, and is started again when it ends by itself. Throws a StartupError
 * when another server uses the home, and for everything else that a person has to mend.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const home = openHome(options.home);
  const taken = await takeLockPatiently(join(home.run, "server.lock"));
  if ("holder" in taken) {
    const { pid } = taken.holder;
    throw startupError(
      `Vouchsafe already runs on ${home.path} (process ${pid}).`,
      `Use that one, stop it (kill ${pid}), or set VOUCHSAFE_HOME to another folder.`,
    );
  }
  try {
    return await start(options, home.path, home.secrets, taken.lock.release);
  } catch (error) {
    taken.lock.release();
    throw explain(error, home.path);
  }
}

/** A server that was told to stop a moment ago gets a second to be gone. */
async function takeLockPatiently(path: string): Promise<ReturnType<typeof takeLock>> {
  const until = Date.now() + 1000;
  for (;;) {
    const taken = takeLock(path);
    if ("lock" in taken || taken.holder.pid === process.pid || Date.now() > until) return taken;
    await sleep(25);
  }
}

async function start(
  options: EmbeddedOptions,
  home: string,
  secrets: string,
  release: () => void,
): Promise<EmbeddedPostgres> {
  const { log, durable = true } = options;
  // Empty is not set, as for every other variable.
  const place = choosePlace(home, options.runtime ?? (process.env.VOUCHSAFE_RUNTIME || undefined));
  const passwords = openPasswords(secrets, existsSync(place.data));
  if (passwords === null) throw passwordsLost(home, place);
  const binaries = placeBinaries(place.binaries, place.account !== null);
  await waitForPredecessor(place, log);
  await openCluster(place, binaries, passwords.superuser, durable);
  recordPlace(home, place);
  const sockets = socketFolder(place);
  const settings = { ...defaults(durable), ...options.settings };
  const run = () => startAgainWhileOccupied(binaries.postgres, place, sockets.path, settings, log);
  const supervised = await supervise(run, place, log);

  const url = (role: RoleName | "postgres", database = DATABASE) => {
    const password = role === "postgres" ? passwords.superuser : passwords.roles[role];
    return `postgresql://${role}:${password}@/${database}?host=${encodeURIComponent(sockets.path)}`;
  };
  const stop = once(async () => {
    await supervised.stop();
    if (sockets.temporary) rmSync(sockets.path, { recursive: true, force: true });
    release();
  });
  const adminUrl = url("postgres", "postgres");
  try {
    await makeDatabase(adminUrl);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    adminUrl,
    url,
    passwords: passwords.roles,
    socketDir: sockets.path,
    get pid() {
      return supervised.pid();
    },
    stop,
    onCrash: supervised.onCrash,
  };
}

/** Backends of a killed server end a moment after it; until then a new server is refused. */
async function startAgainWhileOccupied(
  postgres: string,
  place: Place,
  sockets: string,
  settings: Record<string, string>,
  log: Log,
): Promise<Postmaster> {
  const until = Date.now() + 15_000;
  for (;;) {
    try {
      return await startPostmaster(postgres, place, sockets, settings, log);
    } catch (error) {
      const words = error instanceof Error && typeof error.cause === "string" ? error.cause : "";
      if (!/pre-existing shared memory block/.test(words) || Date.now() > until) throw error;
      await sleep(100);
    }
  }
}

type Supervised = { pid(): number; stop(): Promise<void>; onCrash(callback: (words: string) => void): void };

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const STABLE_AFTER_MS = 60_000;

async function supervise(run: () => Promise<Postmaster>, place: Place, log: Log): Promise<Supervised> {
  const callbacks: ((words: string) => void)[] = [];
  const stopping = new AbortController();
  let current = await run();

  const watching = (async () => {
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      const began = Date.now();
      const words = await current.exited;
      if (stopping.signal.aborted) return;
      log.error({ words: words.split("\n").slice(-5) }, "PostgreSQL ended unasked; starting it again");
      for (const callback of callbacks) callback(words);
      if (Date.now() - began > STABLE_AFTER_MS) pause = FIRST_PAUSE_MS;
      for (let up = false; !up; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
        await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {});
        if (stopping.signal.aborted) return;
        try {
          await waitForPredecessor(place, log);
          current = await run();
          up = true;
          if (stopping.signal.aborted) return await current.stop();
        } catch (error) {
          log.error({ err: error }, "PostgreSQL does not start; trying again");
        }
      }
      log.info({ pid: current.pid }, "PostgreSQL runs again");
    }
  })();

  return {
    pid: () => current.pid,
    stop: async () => {
      stopping.abort();
      await current.stop();
      // A restart may have been under way: it ends the server that it brought.
      await watching;
    },
    onCrash: (callback) => {
      callbacks.push(callback);
    },
  };
}

async function makeDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE} template template0`);
  } finally {
    await client.end();
  }
}

function defaults(durable: boolean): Record<string, string> {
  return {
    listen_addresses: "",
    unix_socket_permissions: "0700",
    max_connections: "60",
    superuser_reserved_connections: "3",
    shared_buffers: "64MB",
    effective_cache_size: "512MB",
    maintenance_work_mem: "48MB",
    jit: "off",
    // Each worker is a process; one machine that evaluates gains nothing from them.
    io_method: "sync",
    max_worker_processes: "4",
    max_parallel_workers: "2",
    max_logical_replication_workers: "0",
    max_wal_senders: "0",
    wal_level: "minimal",
    max_wal_size: "256MB",
    min_wal_size: "32MB",
    wal_recycle: durable ? "on" : "off",
    password_encryption: "scram-sha-256",
    timezone: "UTC",
    log_timezone: "UTC",
    lc_messages: "C",
    log_line_prefix: "",
    log_checkpoints: "off",
    // A statement's text could carry what must stay out of logs.
    log_min_error_statement: "panic",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
}

function passwordsLost(home: string, place: Place) {
  return startupError(
    `${join(home, "secrets", "postgres.json")} was lost, and the database in ${place.data} opens only with it.`,
    "Put the file back from a backup; to begin anew without the old data, move both folders away.",
  );
}

function explain(error: unknown, home: string): unknown {
  const code = systemCode(error);
  if (code === "28P01") {
    return startupError(
      `The database refuses the password in ${join(home, "secrets", "postgres.json")}.`,
      "Put back the file that belongs to this database.",
      error,
    );
  }
  if (code === "ENOSPC" || code === "EDQUOT") {
    return startupError(`The disk is full.`, "Free some space and start again.", error);
  }
  return error;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= work();
    return running;
  };
}
