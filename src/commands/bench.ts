import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Report } from "../../bench/report.ts";
import { projectFolder } from "../project.ts";

interface Options {
  readonly rounds: number;
  readonly seconds: number;
}

// Each is a file in bench/, loaded only when it is asked for.
const benchmarks: Record<
  string,
  { defaults: Options; load: () => Promise<{ run(options: Options): Promise<Report> }> }
> = {
  "read-path": { defaults: { rounds: 15, seconds: 1 }, load: () => import("../../bench/read-path.ts") },
  signin: { defaults: { rounds: 5, seconds: 3 }, load: () => import("../../bench/signin.ts") },
  audit: { defaults: { rounds: 15, seconds: 1 }, load: () => import("../../bench/audit.ts") },
  backup: { defaults: { rounds: 5, seconds: 1 }, load: () => import("../../bench/backup.ts") },
  start: { defaults: { rounds: 5, seconds: 2 }, load: () => import("../../bench/start.ts") },
};

/**
 * `bench NAME [--json] [--rounds N] [--seconds N]`: one benchmark on an instance of its own. Exit code 0 whenever it
 * could measure, whether its bound is met or not; what could not be measured throws.
 */
export async function run(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  if (name === "search-engine") return searchEngine(rest);
  if (name === "search") {
    const { runSearch } = await import("../../bench/search.ts");
    const report = await runSearch(rest);
    process.stdout.write(rest.includes("--json") ? `${JSON.stringify(report, null, 2)}\n` : inWords(report));
    return 0;
  }
  if (name === "ingest") return ingest(rest);
  const benchmark = benchmarks[name];
  if (!benchmark) {
    process.stderr.write(
      `bench ${[...Object.keys(benchmarks), "ingest", "search", "search-engine"].join("|")} [--json]\n`,
    );
    return 2;
  }
  const { values } = parseArgs({
    args: rest,
    options: { json: { type: "boolean" }, rounds: { type: "string" }, seconds: { type: "string" } },
  });
  const { run: measure } = await benchmark.load();
  const report = await measure({
    rounds: positive(values.rounds) ?? benchmark.defaults.rounds,
    seconds: positive(values.seconds) ?? benchmark.defaults.seconds,
  });
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : inWords(report));
  return 0;
}

/** `ingest` takes the caller's own files, too. */
async function ingest(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean" }, rounds: { type: "string" }, data: { type: "string" } },
  });
  const { run: measure } = await import("../../bench/ingest.ts");
  const report = await measure({
    rounds: positive(values.rounds) ?? 3,
    ...(values.data === undefined ? {} : { data: values.data }),
  });
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : inWords(report));
  return 0;
}

function positive(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${text} is not a number above 0`);
  return value;
}

function inWords(report: Report): string {
  const { name, ratio, bound, met, baseline, ...figures } = report;
  const lines = Object.entries(figures).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
  return `${name}: ${ratio}, ${met ? "within" : "NOT within"} its bound (at ${bound.at} ${bound.value})\n${lines.join("\n")}\n  against ${baseline}\n`;
}

/** The search engine alone, on a collection that the caller has: a program of its own with options of its own. */
function searchEngine(args: readonly string[]): Promise<number> {
  const program = join(projectFolder, "bench", "search-engine.ts");
  return new Promise((done, fail) => {
    spawn(process.execPath, [program, ...args.filter((a) => a !== "--json")], { stdio: "inherit" })
      .on("error", fail)
      .on("close", (code) => done(code ?? 1));
  });
}
