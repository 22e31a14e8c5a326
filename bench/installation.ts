import { chmodSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, startInstance } from "../src/instance.ts";
import { readConfig } from "../src/kernel/config.ts";
import { type Ctx, noDemand } from "../src/kernel/context.ts";
import { jobContext } from "../src/kernel/jobs.ts";
import { openLog } from "../src/kernel/log.ts";
import type { EmbeddedPostgres } from "../src/kernel/postgres/embedded.ts";
import { accessCookie } from "../src/kernel/routes/guards.ts";
import type { System } from "../src/kernel/system.ts";
import type { Client } from "../src/modules/trust/stage/client.ts";
import { type Founder, type Person, setUpInstallation } from "../src/modules/trust/stage/people.ts";

export interface Installation extends Instance {
  readonly postgres: EmbeddedPostgres;
  readonly port: number;
  readonly founder: Founder;
}

/**
 * An instance in a temporary folder, set up, that logs as in production (to nowhere) and whose rate limits count but
 * let everything through. Its database waits for the disk when `durable`.
 */
export async function openInstallation({ durable }: { durable: boolean }): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-bench-"));
  // As root, the database runs under another user who must be able to pass through.
  chmodSync(folder, 0o711);
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  const read = readConfig({ PORT: "0" }, join(folder, "home"));
  if ("problems" in read) throw new Error("the defaults do not hold");
  try {
    const instance = await startInstance({
      config: { ...read.config, rateScale: 1_000_000 },
      log: openLog("info", nowhere()),
      env: {},
      runtime: join(folder, "runtime"),
      durable,
    });
    const { postgres } = instance;
    if (!postgres) throw new Error("there is no database");
    const close = async () => {
      await instance.close();
      await remove();
    };
    try {
      const founder = await setUpInstallation(instance.system, instance.url);
      return { ...instance, postgres, port: Number(new URL(instance.url).port), founder, close };
    } catch (error) {
      await instance.close();
      throw error;
    }
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A whole `GET documents/:id` with what a browser's own fetch sends. */
export function readRequest(client: Client, port: number, id: string): string {
  const cookies = [...client.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  return [
    `GET /api/t/${client.slug}/documents/${id} HTTP/1.1`,
    `host: localhost:${port}`,
    `cookie: ${cookies}`,
    "accept: application/json",
    "sec-fetch-site: same-origin",
    "user-agent: bench",
    "",
    "",
  ].join("\r\n");
}

/** Requests of a signed-in person, for verbs that are called without HTTP. */
export async function contextOf(system: System, person: Person, permission: string): Promise<Ctx> {
  const token = person.client.cookies.get(accessCookie(person.client.slug)) ?? "";
  const { tenantId, slug, memberId, sessionId } = await system.tokens.verify(token);
  return {
    ...jobContext(system, { tenantId, slug }),
    actor: { kind: "member", memberId, sessionId },
    demand: { ...noDemand, permission },
    origin: { ip: "127.0.0.1", userAgent: "bench" },
  };
}

/** Where logs go in both servers of a comparison: each line is written out at once, and the system throws it away. */
export function nowhere(): { write(line: string): void } {
  const file = openSync("/dev/null", "w");
  return { write: (line) => void writeSync(file, line) };
}
