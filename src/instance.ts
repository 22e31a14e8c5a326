import type { Server as SecureServer } from "node:https";
import { type App, allJobs, createApp } from "./app.ts";
import type { Clock } from "./kernel/clock.ts";
import { type Closing, closingAfterFailure } from "./kernel/closing.ts";
import type { Config } from "./kernel/config.ts";
import { migrate, pendingMigrations } from "./kernel/database/migrate.ts";
import { openPool } from "./kernel/database/pool.ts";
import { drain } from "./kernel/drain.ts";
import { readiness } from "./kernel/health.ts";
import { openHome, requireNoRestoring, startupError } from "./kernel/home.ts";
import type { Logger } from "./kernel/log.ts";
import { type OpenSystem, openSystem } from "./kernel/open-system.ts";
import { type EmbeddedPostgres, startEmbedded } from "./kernel/postgres/embedded.ts";
import type { Routes } from "./kernel/routes/contract.ts";
import { reveal } from "./kernel/secret.ts";
import type { System } from "./kernel/system.ts";
import { internalServer } from "./kernel/telemetry/mount.ts";
import { type Certificate, openCertificate } from "./kernel/tls/certificate.ts";
import { plainConnections } from "./kernel/tls/internal.ts";
import { redirectServer } from "./kernel/tls/redirect.ts";
import { listen } from "./listening.ts";
import { measure } from "./measured.ts";
import { alertOperator } from "./modules/operations/alerts/service.ts";
import { tellOfLeftClosed } from "./modules/operations/backup/left-closed.ts";
import { finishAtStart } from "./modules/operations/moves/unfinished.ts";
import { version } from "./project.ts";

/** A whole server: database, system, jobs, HTTP. */
export interface Instance {
  readonly url: string;
  readonly system: System;
  readonly app: App;
  readonly postgres: EmbeddedPostgres | null;
  /** Of the database as role `app`. */
  readonly appDatabaseUrl: string;
  /** null: it speaks plain HTTP. */
  readonly certificate: Certificate | null;
  /** Of the listener that redirects; null: there is none. */
  readonly plainUrl: string | null;
  /** Of the listener for metrics and health; null: there is none. */
  readonly internalUrl: string | null;
  /** Tells everybody that it ends (readyz, streams, clients), and goes on working. */
  beginToEnd(): void;
  close(): Promise<void>;
}

/** A process that only works on jobs. */
export type Worker = Pick<Instance, "system" | "appDatabaseUrl" | "close">;

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
  /** false: jobs are left to other processes. */
  readonly jobs?: boolean;
  readonly clock?: Clock;
  readonly rebuild?: (routes: Routes) => Routes;
}

/** For answers that are under way when the process ends. */
const DRAIN_MS = 6000;

/** Starts a server and answers once it listens and works on jobs. Throws a StartupError that a person can act on. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { config, log } = options;
  const began = Date.now();
  return closingAfterFailure(async (closing, close) => {
    const { system, postgres, appDatabaseUrl } = await openParts(options, closing);
    const certificate = await openTls(system, closing);
    const app = await createApp(system, options.rebuild, certificate ? { tls: certificate.options } : {});
    certificate?.serve(app.server.server as unknown as SecureServer); // made by Fastify for the option `https`
    // Fastify sets this one for plain HTTP only.
    app.server.server.headersTimeout = 15_000;
    // Another process works on them: here they are only known, so that they can be added.
    const specs = options.jobs === false ? allJobs.map((spec) => ({ ...spec, concurrency: 0 })) : allJobs;
    await system.jobs.start(system, specs);
    closing.push(() => endInOrder(system, app));
    const url = await listen(app.server, config, certificate ? "https" : "http");
    system.address.current = url;
    system.origin.current = config.publicUrl ?? url;
    closing.push(tellingOf(system));
    const plainUrl = await listenPlain(config, url, certificate, closing);
    const internalUrl = await listenInside(system, closing);
    measure(system, app, certificate);
    if (postgres && !config.s3) closing.push(removeUnfinished(system, began));
    const urls = { url, plainUrl, internalUrl, appDatabaseUrl };
    const { beginToEnd } = system;
    return { ...urls, system, app, postgres, certificate, beginToEnd, close };
  }, log);
}

/** Starts a process that works on jobs and answers no requests. It needs a database that others can reach. */
export async function startWorker(options: InstanceOptions): Promise<Worker> {
  if (!options.config.databaseUrl)
    throw startupError(
      "The built-in database is for one process only.",
      "Set DATABASE_URL and JOBS_DATABASE_URL to a PostgreSQL of your own for `work`, or use `serve` alone.",
    );
  if (!options.config.publicUrl)
    throw startupError(
      "A worker has no address of its own to put into mails.",
      "Set PUBLIC_URL to the address that browsers use.",
    );
  return closingAfterFailure(async (closing, close) => {
    const { system, appDatabaseUrl } = await openParts(options, closing);
    await system.jobs.start(system, allJobs);
    closing.push(async () => system.beginToEnd());
    closing.push(tellingOf(system));
    await listenInside(system, closing);
    measure(system, null, null);
    return { system, appDatabaseUrl, close };
  }, options.log);
}

async function openParts(options: InstanceOptions, closing: Closing) {
  const { config, log, progress = () => {} } = options;
  requireNoRestoring(config.home);
  openHome(config.home);
  checkInternal(config, log);
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
  return { system, postgres, appDatabaseUrl: urls.app };
}

function checkInternal(config: Config, log: Logger): void {
  const plain = plainConnections(config);
  if (plain.length === 0) return;
  const problem = `${plain.join(", ")} would leave this machine without TLS that checks the other side.`;
  if (!config.allowPlainInternal)
    throw startupError(
      problem,
      "Use ?sslmode=verify-full (PostgreSQL), rediss://, https:// or a socket. If the network between is yours alone, set ALLOW_PLAIN_INTERNAL=yes.",
    );
  log.warn({ variables: plain }, problem);
}

async function openTls(system: OpenSystem, closing: Closing): Promise<Certificate | null> {
  const { config, clock, log } = system;
  if (!config.tls) return null;
  const certificate = await openCertificate({
    tls: config.tls,
    home: config.home,
    clock,
    log,
    alert: certificateAlert(system),
  });
  closing.push(async () => certificate.close());
  return certificate;
}

/** Tells the operator of a certificate that needs them. */
export const certificateAlert = (system: System) => (text: string) =>
  void alertOperator(system, { kind: "tls.certificate", subject: "The server's certificate", text });

async function listenPlain(
  config: Config,
  url: string,
  certificate: Certificate | null,
  closing: Closing,
): Promise<string | null> {
  if (config.httpPort === null || !certificate) return null;
  const port = Number(new URL(url).port || 443);
  const origin = config.publicUrl ? new URL(config.publicUrl).origin : null;
  const server = redirectServer({ home: config.home, origin, port: () => port });
  const plainUrl = await listen({ server }, { host: config.host, port: config.httpPort }, "http");
  closing.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return plainUrl;
}

async function listenInside(system: System, closing: Closing): Promise<string | null> {
  const { metricsHost: host, metricsPort } = system.config;
  if (metricsPort === null) return null;
  const server = internalServer(system, readiness(system));
  const url = await listen({ server }, { host, port: metricsPort }, "http");
  closing.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return url;
}

/**
 * Nothing is lost: it is told first (readyz, `Connection: close`, streams come back elsewhere), then nobody new is let
 * in, and what was begun is done. Jobs end meanwhile.
 */
async function endInOrder(system: OpenSystem, { server }: App): Promise<void> {
  system.beginToEnd();
  const { drainSeconds } = system.config;
  if (drainSeconds > 0) await new Promise((resolve) => setTimeout(resolve, drainSeconds * 1000));
  await Promise.all([drain(server.server, DRAIN_MS), system.jobs.stop()]);
  await server.close();
}

/** What an earlier process has left for a person to see to. Not waited for. */
function tellingOf(system: System): () => Promise<unknown> {
  const told = tellOfLeftClosed(system).catch((error: unknown) =>
    system.log.error({ err: error }, "what was left closed could not be looked for"),
  );
  const finished = finishAtStart(system).catch((error: unknown) =>
    system.log.error({ err: error }, "what an import has left could not be put in order"),
  );
  return () => Promise.all([told, finished]);
}

/** One process owns this home: a file that was begun before it started is of a killed one. Not waited for. */
function removeUnfinished({ files, log }: System, began: number): () => Promise<unknown> {
  const done = files
    .sweep(async (names) => names, Date.now() - began)
    .catch((error: unknown) => log.warn({ err: error }, "unfinished files were not removed"));
  return () => done;
}

async function openDatabase(options: InstanceOptions, closing: (() => unknown)[]) {
  const { config, log, progress = () => {} } = options;
  if (config.databaseUrl && config.jobsDatabaseUrl) {
    const urls = {
      app: reveal(config.databaseUrl),
      jobs: reveal(config.jobsDatabaseUrl),
      backup: config.backup.databaseUrl ? reveal(config.backup.databaseUrl) : undefined,
    };
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
    urls: {
      app: postgres.url("vouchsafe_app", database),
      jobs: postgres.url("vouchsafe_jobs", database),
      backup: postgres.url("vouchsafe_backup", database),
    },
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
