/**
 * `npm test`: types, lint, then every test against one throw-away PostgreSQL. Arguments choose test files by a part of
 * their path (types and lint are then left out); those that begin with a dash go to Node's test runner.
 */
import { spawn } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { isStartupError } from "../src/kernel/home.ts";
import { lifetime } from "../src/kernel/lifetime.ts";
import { startTestCluster } from "../test/support/cluster.ts";

const root = join(import.meta.dirname, "..");
const PATTERNS = ["src", "attacker", "verify", "bench", "test", "bin", "web/src"].map(
  (at) => `${at}/**/*.test.ts`,
);
const COUNTS = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;
const FILE_TIMEOUT_MS = 15 * 60_000;

type Stage = { name: string; ok: boolean; seconds: number };

const ignore = () => {};
const life = lifetime({ log: { info: ignore, warn: ignore, error: (_, message) => say(message) } });
const stages: Stage[] = [];
let counts: string[] = [];

const filters = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const options = process.argv.slice(2).filter((word) => word.startsWith("-"));

if (filters.length === 0) {
  await stage("types", () => tool("tsc", "--noEmit", "-p", "."));
  if (existsSync(join(root, "web/tsconfig.json"))) {
    await stage("types of web", () => tool("tsc", "--noEmit", "-p", "web"));
  }
  await stage("lint", () =>
    tool("biome", "ci", "--diagnostic-level=warn", `--colors=${process.stdout.isTTY ? "force" : "off"}`, "."),
  );
}
await stage("tests", runTests);
report();
await life.stop("done", stages.every(({ ok }) => ok) ? 0 : 1);

async function stage(name: string, work: () => Promise<boolean>): Promise<void> {
  say(`\n── ${name}`);
  const begin = performance.now();
  let ok = false;
  try {
    ok = await work();
  } catch (error) {
    say(
      isStartupError(error)
        ? `${error.problem}\n${error.remedy}`
        : String(error instanceof Error ? error.stack : error),
    );
  }
  stages.push({ name, ok, seconds: (performance.now() - begin) / 1000 });
}

async function runTests(): Promise<boolean> {
  const files = globSync(PATTERNS, { cwd: root })
    .map((file) => relative(root, join(root, file)))
    .filter(
      (file) => filters.length === 0 || filters.some((part) => file.includes(part.replace(/^\.\//, ""))),
    )
    // The whole system's tests take longest: begun last, one of them would be waited for alone.
    .sort((a, b) => Number(b.startsWith("test/")) - Number(a.startsWith("test/")) || (a < b ? -1 : 1));
  if (files.length === 0) {
    say("No test file matches.");
    return false;
  }
  const { stop, ...cluster } = await startTestCluster();
  life.onStop("postgres", stop);
  // One more than can run: some always wait for a clock, a disk or a browser.
  const workers = Math.min(Math.max(availableParallelism(), 2), 6) + 1;
  return await command(
    process.execPath,
    [
      "--test",
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      `--test-reporter=${join(root, "bin/test-seconds.ts")}`,
      "--test-reporter-destination=stdout",
      `--test-concurrency=${workers}`,
      `--test-timeout=${FILE_TIMEOUT_MS}`,
      ...options,
      ...files,
    ],
    {
      VOUCHSAFE_TEST_POSTGRES: JSON.stringify(cluster),
      // Each file is a process that loads much of the same: compiled once, it starts in half the time.
      NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"),
    },
  );
}

function tool(name: string, ...args: string[]): Promise<boolean> {
  return command(join(root, "node_modules/.bin", name), args);
}

/** Runs a program, passing its output on, but for the test runner's counts, which are kept for the end. */
function command(program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        ...env,
        PATH: [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
        // To Node's runner the variable would mean that this is one of its own children.
        NODE_TEST_CONTEXT: undefined,
        ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}),
      },
    });
    life.onStop(program, () => void child.kill("SIGTERM"));
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) pass(line);
    });
    child.on("error", fail);
    child.on("close", (code) => {
      if (rest !== "") pass(rest);
      done(code === 0);
    });
  });
}

function pass(line: string): void {
  const plain = stripVTControlCharacters(line);
  if (!COUNTS.test(plain)) say(line);
  else if (plain.startsWith("ℹ tests ")) counts = [plain];
  else counts.push(plain);
}

function report(): void {
  say("");
  for (const { name, ok, seconds } of stages) {
    say(`${ok ? "✔" : "✖"} ${name.padEnd(16)}${seconds.toFixed(1).padStart(7)} s`);
  }
  say("");
  for (const line of counts) say(line);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
