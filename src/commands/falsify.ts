import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import type { Defence } from "../defences/defence.ts";
import { defences } from "../defences.ts";
import {
  copySource,
  LONGEST_MS,
  type Looked,
  type SourceCopy,
  verdictOf,
} from "../modules/trust/falsifiable/source-copy.ts";
import { withoutInFunction } from "../modules/trust/falsifiable/sql-function.ts";
import { projectFolder } from "../project.ts";
import { type Prepared, prepareStage } from "./falsify-stage.ts";
import { endWithParent } from "./on-stage.ts";

// One more than can run: some wait, for a clock or the database.
const AT_ONCE = Math.min(Math.max(availableParallelism(), 2) + 1, 5);
// Below that a second copy of the source costs more than it saves.
const WORTH_MORE = 8;

interface Falsified {
  readonly defence: string;
  readonly claim: string;
  readonly noticed: boolean;
  readonly got: string;
  readonly seconds: number;
}

/**
 * `falsify [--json] [--one-each] [--list FILE] [claim …]`: removes each defence in a throw-away copy of the source and
 * runs the check of its claim there. With `--one-each`, one defence of each claim, which one depending on the commit;
 * with `--list`, the defences of a JSON file instead of the product's. Exit code 1 when a removal goes unnoticed.
 */
export async function run(args: readonly string[]): Promise<number> {
  const started = performance.now();
  if (args.includes("--with-parent")) endWithParent();
  const { only, list } = readArguments(args);
  const all = list ? (JSON.parse(await readFile(list, "utf8")) as Defence[]) : defences; // who gives a list knows its shape
  const chosen = all.filter((d) => only.length === 0 || only.includes(d.claim));
  const wanted = args.includes("--one-each") ? oneOfEach(chosen, await commitNumber()) : chosen;
  const results = await falsifyAll(wanted);
  const unnoticed = results.filter((r) => !r.noticed);
  const seconds = Math.round((performance.now() - started) / 1000);
  const printed = {
    defences: results.length,
    noticed: results.length - unnoticed.length,
    unnoticed,
    seconds,
  };
  process.stdout.write(
    args.includes("--json")
      ? `${JSON.stringify(printed, null, 2)}\n`
      : `${printed.noticed} of ${printed.defences} removals noticed in ${seconds} s.\n`,
  );
  return unnoticed.length === 0 ? 0 : 1;
}

function readArguments(args: readonly string[]): { only: string[]; list: string | null } {
  const at = args.indexOf("--list");
  const list = at < 0 ? null : (args[at + 1] ?? "");
  return { list, only: args.filter((word, i) => !word.startsWith("--") && (at < 0 || i !== at + 1)) };
}

function oneOfEach(all: readonly Defence[], turn: number): Defence[] {
  const byClaim = Map.groupBy(all, (d) => d.claim);
  return [...byClaim.values()].flatMap((of) => of[turn % of.length] ?? []);
}

/** A number that the commit decides; 0 where there is none. */
async function commitNumber(): Promise<number> {
  const head = await promisify(execFile)("git", ["rev-parse", "HEAD"], { cwd: projectFolder }).catch(
    () => null,
  );
  return Number.parseInt(head?.stdout.slice(0, 8) ?? "0", 16) || 0;
}

async function falsifyAll(wanted: readonly Defence[]): Promise<Falsified[]> {
  const results: Falsified[] = [];
  const prepared = await prepareStage(new Set(wanted.map(({ claim }) => claim)));
  const stop = () => void prepared.close().finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const queue: (Defence | null)[] = [null, ...wanted];
    let untouched: Promise<Looked> | null = null;
    const work = async () => {
      const copy = await copySource();
      try {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          if (next) results.push(say(await falsify(next, copy, prepared)));
          else {
            untouched = lookUntouched(wanted, copy, prepared);
            await untouched;
          }
        }
      } finally {
        await copy.remove();
      }
    };
    await Promise.all(Array.from({ length: wanted.length < WORTH_MORE ? 1 : AT_ONCE }, work));
    const looked = await (untouched as Promise<Looked> | null);
    return results.map((result) => unlessRedAnyway(result, looked));
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await prepared.close();
  }
}

function say(result: Falsified): Falsified {
  const { noticed, seconds, claim, defence, got } = result;
  process.stderr.write(
    `${noticed ? "noticed  " : "UNNOTICED"} ${seconds.toFixed(1).padStart(5)} s  ${claim}: ${defence}${noticed ? "" : ` (${got})`}\n`,
  );
  return result;
}

async function falsify(defence: Defence, copy: SourceCopy, prepared: Prepared): Promise<Falsified> {
  const started = performance.now();
  const { words, claim } = defence;
  const args = ["--until-broken", ...askedOf(defence)];
  const sql = await withoutInFunction(defence);
  let verdict = verdictOf(await look(defence, { copy, prepared, args, sql }), claim);
  // The stage was set with it: what matters may be how things were written.
  if (!verdict.noticed && sql !== null) verdict = verdictOf(await copy.look(defence, args), claim);
  if (!verdict.noticed && defence.part !== undefined) {
    process.stderr.write(`not in ${claim}/${defence.part}, so everywhere: ${words} (${verdict.got})\n`);
    verdict = verdictOf(await copy.look(defence, ["--until-broken", claim]), claim);
  }
  return { defence: words, claim, ...verdict, seconds: (performance.now() - started) / 1000 };
}

interface On {
  readonly copy: SourceCopy;
  readonly prepared: Prepared;
  readonly args: readonly string[];
  /** What removes it from a database that is there. */
  readonly sql: string | null;
}

/** One look without a defence: where it can be, on a copy of the stage that was set with it. */
function look(defence: Defence, { copy, prepared, args, sql }: On): Promise<Looked> {
  if (sql !== null)
    return onCopy(prepared, (file) => copy.look(null, ["--copy", file, ...args]), sql).catch(
      (error: Error): Looked => ({ problem: `the function was not replaced: ${error.message}` }),
    );
  if (defence.anew || defence.file.startsWith("db/")) return copy.look(defence, args);
  return onCopy(prepared, (file) => copy.look(defence, ["--copy", file, ...args]));
}

/**
 * The parts that removals are seen by must be green, alone and on the very same stage, as long as nothing is removed.
 * That the whole checks are is what `controls` shows.
 */
async function lookUntouched(
  wanted: readonly Defence[],
  copy: SourceCopy,
  prepared: Prepared,
): Promise<Looked> {
  const asked = wanted.filter(({ part }) => part !== undefined).map(askedOf);
  if (asked.length === 0) return { results: [] };
  const words = new Set(asked.flatMap(([word = ""]) => word));
  const operations = new Set(asked.flatMap(([, , operation]) => operation ?? []));
  const aim = [...operations].flatMap((operation) => ["--operation", operation]);
  const args = ["--until-broken", ...words, ...aim];
  // All parts, one after the other.
  return onCopy(prepared, (file) => copy.look(null, ["--copy", file, ...args], 4 * LONGEST_MS));
}

const askedOf = ({ claim, part, operation }: Defence): string[] => [
  part === undefined ? claim : `${claim}/${part}`,
  ...(operation === undefined ? [] : ["--operation", operation]),
];

async function onCopy<T>(prepared: Prepared, work: (file: string) => Promise<T>, sql?: string): Promise<T> {
  const { file, remove } = await prepared.copy(sql);
  try {
    return await work(file);
  } finally {
    await remove();
  }
}

/** A check that is red without any removal has noticed none. */
function unlessRedAnyway(result: Falsified, looked: Looked | null): Falsified {
  if (!result.noticed) return result;
  if (!looked || "problem" in looked)
    return { ...result, noticed: false, got: `nothing to compare with: ${looked?.problem ?? "no look"}` };
  const before = looked.results.find(({ id }) => id === result.claim);
  // Not among them: its removals are seen by the whole check.
  if (!before || before.result === "held") return result;
  const [first] = before.evidence;
  const got = `${before.result} without any removal, too: ${first?.what}: ${first?.got}`;
  return { ...result, noticed: false, got };
}
