import { type ChildProcess, spawn } from "node:child_process";
import { createSecretKey, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createApp } from "../../../app.ts";
import { systemClock } from "../../../kernel/clock.ts";
import type { Finding } from "../../../kernel/controls.ts";
import { sharedLimiter } from "../../../kernel/limits/shared-buckets.ts";
import { memoryLimiter, rates } from "../../../kernel/limits/token-bucket.ts";
import { openLog } from "../../../kernel/log.ts";
import type { System } from "../../../kernel/system.ts";
import { valkeyProgram } from "../../../kernel/valkey/program.ts";
import { finding } from "../stage/finding.ts";
import { knock } from "./knock.ts";

/**
 * Two servers, each with a connection and a memory of its own, on one Valkey (or Redis): what the one has let in, the
 * other does not let in again; and what each does when it is gone. null where none is installed: then one process is all
 * that was tried.
 */
export async function sharedLimits(system: System): Promise<Finding[] | null> {
  const program = valkeyProgram();
  if (!program) return null;
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-valkey-"));
  const socket = join(folder, "socket");
  const child = spawn(
    program,
    ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder],
    { stdio: "ignore" },
  );
  const name = createSecretKey(randomBytes(32));
  const closing: (() => unknown)[] = [];
  try {
    for (const end = Date.now() + 10_000; !existsSync(socket); await sleep(10))
      if (Date.now() > end) throw new Error("Valkey did not start");
    const origins = await Promise.all([1, 2].map(() => openServer(system, socket, name, closing)));
    return [...(await together(origins)), ...(await withoutIt(origins[0] ?? "", child))];
  } finally {
    for (const close of closing.reverse()) await close();
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}

async function openServer(
  system: System,
  socket: string,
  name: ReturnType<typeof createSecretKey>,
  closing: (() => unknown)[],
): Promise<string> {
  // Loaded only where it is used, here too.
  const { openValkey } = await import("../../../kernel/valkey/connection.ts");
  const valkey = await openValkey(`unix://${socket}`, openLog("silent"));
  closing.push(() => valkey.close());
  const ping = valkey.script("return 1");
  for (const end = Date.now() + 10_000; (await ping([], [])) !== 1; await sleep(50))
    if (Date.now() > end) throw new Error("Valkey did not answer");
  const app = await createApp({
    ...system,
    config: { ...system.config, trustedProxies: ["127.0.0.1", "::1"] },
    limiter: sharedLimiter(valkey, memoryLimiter(systemClock), name),
  });
  closing.push(() => app.server.close());
  await app.server.listen({ host: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${(app.server.server.address() as AddressInfo).port}`;
}

const signIn = async (origin: string, ip: string) =>
  (await knock(origin, "POST", "/api/t/harrow-finch/session", { ip, body: {} })).status;

async function together(origins: readonly string[]): Promise<Finding[]> {
  const { burst } = rates["sign-in"];
  const all = await Promise.all(
    Array.from({ length: 3 * burst }, (_, i) => signIn(origins[i % origins.length] ?? "", "198.51.100.77")),
  );
  const passed = all.filter((status) => status !== 429).length;
  const other = await signIn(origins[1] ?? "", "198.51.100.78");
  return [
    finding(
      passed === burst && !all.includes(503),
      `POST session, ${all.length} at once at two servers`,
      "a visitor",
      `${passed} passed, ${all.filter((status) => status === 429).length} × 429, ${all.filter((status) => status === 503).length} × 503`,
    ),
    finding(
      other !== 429 && other !== 503,
      "POST session, after that",
      "a visitor of another network",
      String(other),
    ),
  ];
}

/** Its loss opens no door at which passwords are guessed, and closes no other. */
async function withoutIt(origin: string, child: ChildProcess): Promise<Finding[]> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  const door = await signIn(origin, "198.51.100.79");
  const elsewhere = await knock(origin, "POST", "/api/t/harrow-finch/invitations/open", {
    ip: "198.51.100.79",
    body: {},
  });
  return [
    finding(door === 503, "POST session, while Valkey is gone", "a visitor", String(door)),
    finding(
      elsewhere.status !== 503 && elsewhere.status !== 429,
      "POST invitations/open, while Valkey is gone",
      "a visitor",
      String(elsewhere.status),
    ),
  ];
}
