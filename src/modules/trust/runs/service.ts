import { spawn } from "node:child_process";
import { join } from "node:path";
import { oneAtATime } from "../../../kernel/database/one-at-a-time.ts";
import { newId } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import { projectFolder } from "../../../project.ts";
import type { ControlResult } from "../controls/run.ts";
import type { Ask } from "../public-page/reader.ts";
import { digestOf, isSigned, signLines } from "./notes.ts";

const LONGEST_MS = 10 * 60_000;

/** A stored run of all checks. */
export interface Run {
  readonly at: Date;
  readonly version: string;
  readonly results: readonly ControlResult[];
}

/**
 * Runs every check on a fresh copy of this program (`controls --json`, in a process and a folder of its own) and
 * stores what came of it. The live data are not touched, and nothing of this process's secrets is handed on.
 */
export async function runChecks(system: System, ending: AbortSignal = system.ending): Promise<void> {
  // An instance that attacks itself calls this route too: the checks would start each other without end.
  if (system.config.rateScale !== 1) return;
  await oneAtATime(system, LOCK, () => storeChecks(system, ending));
}

const LOCK = 7_234_011_907;

async function storeChecks(system: System, ending: AbortSignal): Promise<void> {
  await storeRun(system, await controlsInAnotherProcess(ending));
}

/** Signs the results of a run and keeps them, letter by letter. */
export async function storeRun(
  system: System,
  results: readonly ControlResult[],
  { at = system.clock(), version = system.version }: { at?: Date; version?: string } = {},
): Promise<void> {
  const text = JSON.stringify(results);
  const note = await signLines(system, ["checks", at.toISOString(), version, digestOf(text)]);
  await system.pool.query(
    "insert into platform.control_run (run_id, at, version, results, note) values ($1, $2, $3, $4, $5)",
    [newId(), at, version, text, note],
  );
}

/** The newest run, and its results as they were signed; null before the first, and `forged` for one that nobody here signed. */
export async function latestRun(
  system: System,
  ask: Ask,
): Promise<(Run & { note: string; text: string }) | "forged" | null> {
  const [row] = await ask<{ at: Date; version: string; text: string; note: string }>(
    "select at, version, results::text as text, note from platform.control_run order by at desc limit 1",
  );
  if (!row) return null;
  const { at, version, text, note } = row;
  if (!(await isSigned(system, note, ["checks", at.toISOString(), version, digestOf(text)]))) return "forged";
  return { at, version, text, note, results: JSON.parse(text) as ControlResult[] };
}

/** Of each of the last 90 days: how many attempts, how many claims were broken. */
export async function runDays(
  { clock }: System,
  ask: Ask,
): Promise<{ date: string; attempts: number; broken: number }[]> {
  const rows = await ask<{ date: string; attempts: string; broken: string }>(
    `select to_char(at at time zone 'UTC', 'YYYY-MM-DD') as date,
            sum((r->>'subjects')::int) as attempts, count(*) filter (where r->>'result' = 'broken') as broken
       from platform.control_run, json_array_elements(results) as r
       where at > $1::timestamptz - interval '90 days' group by 1 order by 1`,
    [clock()],
  );
  return rows.map((r) => ({ date: r.date, attempts: Number(r.attempts), broken: Number(r.broken) }));
}

/** Of what the checks say of their own failure, the end is kept for the log. */
const MOST_SAID = 500;

/** Ends with this process, however that ends: in order by the signal, else since its standard input closes. */
function controlsInAnotherProcess(ending: AbortSignal): Promise<ControlResult[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(projectFolder, "src/main.ts"), "controls", "--json", "--with-parent"],
      {
        cwd: projectFolder,
        env: { PATH: process.env.PATH ?? "", TMPDIR: process.env.TMPDIR ?? "" },
        stdio: ["pipe", "pipe", "pipe"],
        timeout: LONGEST_MS,
        signal: ending,
      },
    );
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-MOST_SAID);
    });
    child.on("error", reject);
    child.on("close", () => {
      try {
        // The exit code is 1 when a claim is broken: that is a result, and the list says so.
        resolve(JSON.parse(printed) as ControlResult[]);
      } catch (cause) {
        reject(new Error(`the checks printed no result: ${said.trim()}`, { cause }));
      }
    });
  });
}
