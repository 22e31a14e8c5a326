import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { ProcessIdentity } from "../../src/kernel/postgres/process-identity.ts";
import { findRunning } from "../../src/kernel/postgres/running.ts";
import { openClient } from "../../src/modules/trust/stage/client.ts";
import {
  newPlace,
  type Place,
  postmasterOf,
  remove,
  type Server,
  type StartOptions,
  startServer,
  survivors,
} from "../support/server.ts";
import { FIRM } from "../support/visitor.ts";
import { smallDisk } from "./disk.ts";

/** Something to which things go wrong. Its address and its home stay the same whatever is killed. */
export interface Installation {
  readonly place: Place;
  readonly url: string;
  /** Can its disk be filled? */
  readonly hasSmallDisk: boolean;
  /** Settings of a command beside it, such as `backup`. */
  readonly env: Record<string, string>;
  /** Whoever answers requests. */
  server(): Server;
  /** Whoever works on jobs; maybe the same. */
  worker(): Server;
  postmaster(): number;
  /** What still runs of processes that were killed, in words. */
  survivors(family: readonly ProcessIdentity[]): string[];
  /** By so many milliseconds the clock of whoever answers, or works, or both, is ahead of everybody else's. */
  moveClock(ahead: number, whose: "server" | "worker" | "both"): void;
  /** Starts whatever does not run. */
  bringUp(): Promise<void>;
  /** As the superuser sees them: jobs that are not tried again. */
  failedJobs(): Promise<string[]>;
  /** Names of archives that are said to be good, and to be there. */
  goodBackups(): Promise<string[]>;
  close(failed: boolean): Promise<void>;
}

/** It does not attack itself meanwhile. */
export const undisturbed = { ATTACK_EVERY_MINUTES: "0" };

/** As `npm start` leaves it: one process, with a database of its own, on a small disk where that is allowed. */
export async function openBuiltIn(diskMegabytes: number): Promise<Installation> {
  const place = newPlace();
  const takeDiskAway = smallDisk(place, diskMegabytes);
  const clock = join(place.folder, "clock");
  const port = await freePort();
  const env = { PORT: String(port), ...undisturbed };
  const start = () => startPatiently(place, { env, clock });
  let server = await start();
  return {
    place,
    url: `http://127.0.0.1:${port}`,
    hasSmallDisk: takeDiskAway !== null,
    env: {},
    server: () => server,
    worker: () => server,
    postmaster: () => postmasterOf(place),
    survivors: (family) => survivors(place, family),
    moveClock: (ahead) => writeFileSync(clock, String(ahead)),
    async bringUp() {
      if (!server.isRunning()) server = await start();
    },
    ...whatIsKept(() => findRunning(place.home)?.url("postgres") ?? ""),
    async close(failed) {
      // Killed first: what a failing round leaves behind may not listen any more.
      await server.stop(failed ? "SIGKILL" : "SIGTERM");
      takeDiskAway?.();
      remove(place);
    },
  };
}

/**
 * Whoever keeps a server running starts it until it stays, as systemd does: it refuses to start without its database, and
 * beside a backup that was begun while no server ran, which has started the built-in one for itself.
 */
export async function startPatiently(place: Place, options: StartOptions): Promise<Server> {
  for (const until = Date.now() + 60_000; ; await sleep(500)) {
    try {
      return await startServer(place, options);
    } catch (error) {
      if (Date.now() > until || !/database cannot be reached|already runs on/.test(String(error)))
        throw error;
    }
  }
}

/** Asked of the database as its superuser, once it is back. */
export function whatIsKept(url: () => string): Pick<Installation, "failedJobs" | "goodBackups"> {
  const ask = async (text: string): Promise<string[]> => {
    const client = new pg.Client({ connectionString: url() });
    await client.connect();
    try {
      return (await client.query<{ said: string }>(text)).rows.map(({ said }) => said);
    } finally {
      await client.end();
    }
  };
  return {
    failedJobs: () =>
      ask("select concat(name, ' ', output->>'message') as said from pgboss.job where state = 'failed'"),
    goodBackups: () =>
      ask("select name as said from platform.backup_run where state = 'good' and kept_at is not null"),
  };
}

/** 200: it works. 0: it does not even answer. */
export async function readinessOf(url: string): Promise<number> {
  await sleep(50);
  const answer = await openClient(url, FIRM)
    .call("GET", "/readyz")
    .catch(() => null);
  return answer?.status ?? 0;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
