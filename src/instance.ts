import { type App, allJobs, createApp } from "./app.ts";
import type { Clock } from "./kernel/clock.ts";
import type { Config } from "./kernel/config.ts";
import { migrate, pendingMigrations } from "./kernel/database/migrate.ts";
import { openPool } from "./kernel/database/pool.ts";
import { openHome, startupError } from "./kernel/home.ts";
import type { Logger } from "./kernel/log.ts";
import { openSystem } from "./kernel/open-system.ts";
import { type EmbeddedPostgres, startEmbedded } from "./kernel/postgres/embedded.ts";
import type { Routes } from "./kernel/routes/contract.ts";
import { reveal } from "./kernel/secret.ts";
import type { System } from "./kernel/system.ts";
import { version } from "./project.ts";

/** A whole server: database, system, jobs, HTTP. */
export interface Instance {
  readonly url: string;
  readonly system: System;
  readonly app: App;
  readonly postgres: EmbeddedPostgres | null;
  close(): Promise<void>;
}

export interface InstanceOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly env: Record<string, string | undefined>;
  /** Says what is being done, for a terminal. */
  readonly progress?: (words: string) => void;
  /** Where an embedded database's files go, for temporary instances. */
  readonly runtime?: string;
  /** false for instances that are thrown away: their database does not wait for the disk. */
  readonly durable?: boolean;
  readonly clock?: Clock;
  readonly rebuild?: (routes: Routes) => Routes;
}

/** Starts a server and answers once it listens and works on jobs. Throws a StartupError that a person can act on. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { config, log, progress = () => {} } = options;
  const began = Date.now();
  openHome(config.home);
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const { postgres, urls } = await openDatabase(options, closing);
    progress("opening keys and files");
    const system = await openSystem({
      config,
      log,
      version,
      urls,
      soleProcess: postgres !== null,
      env: options.env,
      ...(options.clock ? { clock: options.clock } : {}),
    });
    closing.push(() => system.close());
    const app = await createApp(system, options.rebuild);
    await system.jobs.start(system, allJobs);
    closing.push(() => app.server.close());
    const url = await listen(app, config);
    system.origin.current = config.publicUrl ?? url;
    if (postgres) closing.push(removeUnfinished(system, began));
    return { url, system, app, postgres, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One process owns this home: a file that was begun before it started is of a killed one. Not waited for. */
function removeUnfinished({ files, log }: System, began: number): () => Promise<unknown> {
  const done = files
    .sweep(async (names) => names, Date.now() - began)
    .catch((error: unknown) => log.warn({ err: error }, "unfinished files were not removed"));
  return () => done;
}

async function openDatabase(options: InstanceOptions, closing: (() => Promise<unknown>)[]) {
  const { config, log, progress = () => {} } = options;
  if (config.databaseUrl && config.jobsDatabaseUrl) {
    const urls = { app: reveal(config.databaseUrl), jobs: reveal(config.jobsDatabaseUrl) };
    await requireMigrated(urls.app, log);
    return { postgres: null, urls };
  }
  progress("starting the database");
  const postgres = await startEmbedded({
    home: config.home,
    log,
    durable: options.durable ?? true,
    ...(options.runtime ? { runtime: options.runtime } : {}),
  });
  closing.push(() => postgres.stop());
  const database = "vouchsafe";
  progress("bringing the database up to date");
  await migrate({ adminUrl: postgres.adminUrl, passwords: postgres.passwords, database });
  return {
    postgres,
    urls: { app: postgres.url("vouchsafe_app", database), jobs: postgres.url("vouchsafe_jobs", database) },
  };
}

async function requireMigrated(url: string, log: Logger): Promise<void> {
  const pool = openPool(url, log, { max: 1, name: "start" });
  try {
    const pending = await pendingMigrations(pool);
    if (pending.length > 0) {
      throw startupError(
        `The database lacks ${pending.length} migrations, from ${pending[0]} on.`,
        "Run `npm run -s vouchsafe -- migrate` with MIGRATION_DATABASE_URL set, then start again.",
      );
    }
  } catch (cause) {
    if ((cause as { name?: string }).name === "StartupError") throw cause;
    throw startupError(
      "The database cannot be reached.",
      "Check DATABASE_URL, and that the server accepts the role vouchsafe_app.",
      cause,
    );
  } finally {
    await pool.end();
  }
}

async function listen(app: App, config: Config): Promise<string> {
  try {
    await app.server.listen({ host: config.host, port: config.port });
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "EADDRINUSE") {
      throw startupError(
        `Port ${config.port} is taken by another program.`,
        `Stop that program, or choose another port: PORT=${config.port + 1} npm start`,
        cause,
      );
    }
    if (code === "EACCES")
      throw startupError(
        `Port ${config.port} needs more rights.`,
        "Choose a port above 1023: PORT=8460 npm start",
        cause,
      );
    if (code === "EADDRNOTAVAIL")
      throw startupError(
        `This computer has no address ${config.host}.`,
        "Set HOST to one of its addresses, or leave it out.",
        cause,
      );
    throw cause;
  }
  const address = app.server.server.address();
  const port = typeof address === "object" && address ? address.port : config.port;
  const host =
    config.host === "0.0.0.0" || config.host === "::" || config.host === "127.0.0.1"
      ? "localhost"
      : config.host;
  return `http://${host}:${port}`;
}
