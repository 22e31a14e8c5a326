import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../kernel/config.ts";
import { migrate } from "../kernel/database/migrate.ts";
import { openHome } from "../kernel/home.ts";
import { openLog } from "../kernel/log.ts";
import { type OpenSystem, openSystem } from "../kernel/open-system.ts";
import { DATABASE, startEmbedded } from "../kernel/postgres/embedded.ts";
import { findRunning } from "../kernel/postgres/running.ts";
import { reveal } from "../kernel/secret.ts";
import { version } from "../project.ts";

/** What a command works on: a database, which it has started itself if nobody else had. */
export interface OfflineDatabase {
  readonly urls: { readonly app: string; readonly jobs: string; readonly backup: string | undefined };
  /** A superuser's, for what the server's own roles may not; null where nobody gave it. */
  readonly adminUrl: string | null;
  readonly database: string;
  readonly passwords: Parameters<typeof migrate>[0]["passwords"];
  close(): Promise<void>;
}

/** The database of the settings. `fresh`: it is left as it is, without tables. */
export async function openDatabase(config: Config, { fresh = false } = {}): Promise<OfflineDatabase> {
  if (config.databaseUrl && config.jobsDatabaseUrl) {
    const app = reveal(config.databaseUrl);
    const jobs = reveal(config.jobsDatabaseUrl);
    const backup = config.backup.databaseUrl ? reveal(config.backup.databaseUrl) : undefined;
    const password = (url: string) => decodeURIComponent(new URL(url).password);
    return {
      urls: { app, jobs, backup },
      adminUrl: config.migrationDatabaseUrl ? reveal(config.migrationDatabaseUrl) : null,
      database: decodeURIComponent(new URL(app).pathname.slice(1)),
      passwords: {
        vouchsafe_app: password(app),
        vouchsafe_jobs: password(jobs),
        ...(backup ? { vouchsafe_backup: password(backup) } : {}),
      },
      close: async () => {},
    };
  }
  openHome(config.home);
  const running = findRunning(config.home);
  const log = openLog("warn");
  const started = running ? null : await startEmbedded({ home: config.home, log });
  const postgres = running ?? started;
  if (!postgres) throw new Error("unreachable: one of the two is there");
  if (started && !fresh)
    await migrate({ adminUrl: postgres.adminUrl, passwords: postgres.passwords, database: DATABASE });
  return {
    urls: {
      app: postgres.url("vouchsafe_app"),
      jobs: postgres.url("vouchsafe_jobs"),
      backup: postgres.url("vouchsafe_backup"),
    },
    adminUrl: postgres.adminUrl,
    database: DATABASE,
    passwords: postgres.passwords,
    close: async () => {
      await started?.stop();
    },
  };
}

/** Everything but the server and its jobs: those of a server that runs are left to it. */
export async function openForCommand(config: Config, database: OfflineDatabase): Promise<OpenSystem> {
  return openSystem({
    config,
    log: openLog(process.env.LOG_LEVEL ? config.logLevel : "error"),
    version,
    urls: database.urls,
    soleProcess: false,
    env: process.env,
  });
}

/** What `--name value` says; null where it is not there. */
export function option(args: readonly string[], name: string): string | null {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? null : (args[at + 1] ?? null);
}

/** A line each, on standard error. */
export const progress = (words: string): void => void process.stderr.write(`${words} …\n`);

/** Whether nothing of an installation is in this home yet, but perhaps its master key. */
export function isEmptyHome(home: string): boolean {
  const has = (folder: string) => {
    try {
      return readdirSync(join(home, folder)).length > 0;
    } catch {
      return false;
    }
  };
  return !["keys", "files", "audit", "postgres"].some(has) && !has("secrets/postgres.json");
}
