import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pssOfTree } from "../src/commands/demo.ts";
import { projectFolder } from "../src/project.ts";
import { type Report, report, rounded, spread } from "./report.ts";

const MOST_SECONDS = 3;
const MOST_MEGABYTES = 400;

/**
 * `start [--rounds N] [--seconds N]`: from the start of the program that `npm start` runs to the first page, on an
 * empty home and then on one that is there; and what all of its processes together hold `seconds` later.
 */
export async function run({ rounds, seconds }: { rounds: number; seconds: number }): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-start-"));
  // As root, the database runs under another user who must be able to pass through.
  chmodSync(folder, 0o711);
  try {
    const first = await startOnce(folder, seconds);
    const later = [];
    for (let i = 0; i < rounds; i++) later.push(await startOnce(folder, seconds));
    const toPage = spread(later.map((s) => s.seconds));
    const megabytes = spread(
      later.map((s) => s.megabytes),
      0,
    );
    // Of two limits the one that is nearer.
    const ratio = Math.max(toPage.median / MOST_SECONDS, megabytes.median / MOST_MEGABYTES);
    return report("start", { at: "most", value: 1 }, ratio, BASELINE, {
      secondsToFirstPage: toPage,
      mostSeconds: MOST_SECONDS,
      megabytes,
      mostMegabytes: MOST_MEGABYTES,
      firstStart: first,
      rounds,
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const BASELINE =
  `${MOST_SECONDS} seconds to the first page and ${MOST_MEGABYTES} MB (proportional set size) of all processes, ` +
  "whichever is nearer, on an installed tree and a home that is there. npm's own process is not in it.";

async function startOnce(folder: string, settle: number): Promise<{ seconds: number; megabytes: number }> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, ["src/main.ts", "serve"], {
    cwd: projectFolder,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: String(port),
      VOUCHSAFE_HOME: join(folder, "home"),
      VOUCHSAFE_RUNTIME: join(folder, "runtime"),
    },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  try {
    await firstPage(`http://127.0.0.1:${port}/`, child, () => said);
    const seconds = rounded((performance.now() - began) / 1000);
    await sleep(settle * 1000);
    return { seconds, megabytes: await pssOfTree(child.pid ?? 0) };
  } finally {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  }
}

async function firstPage(url: string, child: ChildProcess, said: () => string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`it does not start: ${said()}`);
    await sleep(10);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
