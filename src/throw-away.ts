import { chmodSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, type InstanceOptions, startInstance } from "./instance.ts";
import { type Config, readConfig } from "./kernel/config.ts";
import { openLog } from "./kernel/log.ts";
import { DATABASE } from "./kernel/postgres/embedded.ts";
import type { RoleName } from "./kernel/postgres/passwords.ts";
import { secret } from "./kernel/secret.ts";

type DatabaseLogin = RoleName | "postgres";

/** Collects what a server logs, so that a check can look for what must not be there. */
export interface ThrowAway extends Instance {
  readonly folder: string;
  /** Connection string of a database role. */
  databaseUrl(role: DatabaseLogin): string;
  /** Everything logged so far. */
  log(): string;
  /** Ends it, and leaves its folder. */
  stop(): Promise<void>;
  /** Removes its folder only, for a process that ends at once. */
  remove(): Promise<void>;
}

/** A home and a database that are there already, and are somebody else's to remove. */
export interface Furnished {
  readonly home: string;
  /** By role. */
  readonly databaseUrls: Readonly<Record<DatabaseLogin, string>>;
}

/**
 * Starts an instance of its own on a free port and a temporary folder, with nothing of the environment's
 * settings. `close` removes the folder.
 */
export async function startThrowAway(
  options: Partial<Pick<InstanceOptions, "rebuild" | "clock" | "progress" | "durable">> & {
    config?: Partial<Config>;
    furnished?: Furnished;
  } = {},
): Promise<ThrowAway> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-"));
  // As root, the database runs under another user who must be able to pass through.
  chmodSync(folder, 0o711);
  const lines: string[] = [];
  const { config: changes, furnished, ...rest } = options;
  const read = readConfig({ PORT: "0", LOG_LEVEL: "info" }, furnished?.home ?? join(folder, "home"));
  if ("problems" in read) throw new Error("the defaults do not hold");
  const given = (role: DatabaseLogin): string => {
    const url = furnished?.databaseUrls[role];
    if (!url) throw new Error(`no connection string for ${role}`);
    return url;
  };
  const there = furnished && {
    databaseUrl: secret(given("vouchsafe_app")),
    jobsDatabaseUrl: secret(given("vouchsafe_jobs")),
    backup: { ...read.config.backup, databaseUrl: secret(given("vouchsafe_backup")) },
  };
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  try {
    const instance = await startInstance({
      config: { ...read.config, rateScale: 1000, ...there, ...changes },
      log: openLog("info", { write: (line) => void lines.push(line) }),
      env: {},
      runtime: join(folder, "runtime"),
      durable: false,
      ...rest,
    });
    return {
      ...instance,
      folder,
      databaseUrl: (role) => instance.postgres?.url(role, DATABASE) ?? given(role),
      log: () => lines.join(""),
      stop: () => instance.close(),
      remove,
      close: async () => {
        await instance.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
