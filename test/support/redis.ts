import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { valkeyProgram } from "../../src/kernel/valkey/program.ts";

/** A Redis or Valkey of the system's packages, on loopback, that keeps nothing. */
export interface RunningRedis {
  readonly url: string;
  /** It answers nothing, and its connections stay. */
  hang(): void;
  goOn(): void;
  kill(): Promise<void>;
  /** The same again, empty. */
  start(): Promise<void>;
  keys(): Promise<string[]>;
  close(): Promise<void>;
}

const program = valkeyProgram();

/** For `skip` of a test: false where there is one, else why not. */
export const withoutRedis: string | false = program
  ? false
  : "neither valkey-server nor redis-server is installed";

export async function startRedis(): Promise<RunningRedis> {
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  const start = async () => {
    const settings = {
      port,
      bind: "127.0.0.1",
      save: "",
      appendonly: "no",
      dir: folder,
      "shutdown-timeout": 0,
    };
    const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    child = spawn(program ?? "", words, { stdio: "ignore" });
    for (const end = Date.now() + 10_000; !(await answers(url)); await sleep(20))
      if (Date.now() > end) throw new Error("redis-server did not start");
  };
  await start();
  return {
    url,
    start,
    kill,
    hang: () => void child?.kill("SIGSTOP"),
    goOn: () => void child?.kill("SIGCONT"),
    async keys() {
      const redis = new Redis(url);
      const found = await redis.keys("*");
      redis.disconnect();
      return found;
    },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { retryStrategy: () => null, lazyConnect: true });
  redis.on("error", () => {});
  try {
    await redis.connect();
    return (await redis.ping()) === "PONG";
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
