import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Defence } from "../defences/defence.ts";
import { defences } from "../defences.ts";
import type { ControlResult } from "../modules/trust/controls/run.ts";
import { projectFolder } from "../project.ts";

const AT_ONCE = 2;
const LONGEST_MS = 240_000;

interface Falsified {
  readonly defence: string;
  readonly claim: string;
  readonly noticed: boolean;
  readonly got: string;
  readonly seconds: number;
}

/**
 * `falsify [--json] [--one-each] [claim …]`: removes each defence in a throw-away copy of the source and runs the check
 * of its claim there. With `--one-each`, one defence of each claim, which one depending on the commit, so that in time
 * all have their turn. Exit code 1 when a removal goes unnoticed.
 */
export async function run(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const only = args.filter((a) => !a.startsWith("--"));
  const wanted = defences.filter((d) => only.length === 0 || only.includes(d.claim));
  const queue = args.includes("--one-each") ? oneOfEach(wanted, await commitNumber()) : [...wanted];
  const results: Falsified[] = [];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await falsify(next);
      results.push(result);
      process.stderr.write(
        `${result.noticed ? "noticed  " : "UNNOTICED"} ${result.seconds.toFixed(0).padStart(4)} s  ${result.claim}: ${result.defence}${result.noticed ? "" : ` (${result.got})`}\n`,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
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

async function falsify(defence: Defence): Promise<Falsified> {
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-falsify-"));
  try {
    for (const part of ["src", "db", "attacker", "verify", "samples", "package.json"]) {
      await cp(join(projectFolder, part), join(folder, part), { recursive: true });
    }
    await cp(join(projectFolder, "web/dist"), join(folder, "web/dist"), { recursive: true }).catch(() => {});
    await symlink(join(projectFolder, "node_modules"), join(folder, "node_modules"));
    await remove(defence, folder);
    const result = await checkThere(defence.claim, folder);
    return {
      defence: defence.words,
      claim: defence.claim,
      noticed: result === "broken",
      got: result,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function remove(defence: Defence, folder: string): Promise<void> {
  const path = join(folder, defence.file);
  const source = await readFile(path, "utf8");
  const places = source.split(defence.text).length - 1;
  // The associated data stand twice, for sealing and opening: both go.
  if (places < 1 || places > 2)
    throw new Error(`${defence.file} holds ${places} times what “${defence.words}” removes`);
  await writeFile(path, source.replaceAll(defence.text, defence.without));
}

function checkThere(claim: string, folder: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, "src/main.ts"), "controls", "--json", claim], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: LONGEST_MS,
    });
    let printed = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-300);
    });
    child.on("close", () => {
      try {
        const [result] = JSON.parse(printed) as ControlResult[];
        // A copy that cannot even run its check has not shown that the check sees the missing defence.
        const ran = result?.evidence.some((e) => e.what !== "the check itself") ?? false;
        resolve(result ? (ran ? result.result : `could not run: ${result.evidence[0]?.got}`) : "no result");
      } catch {
        resolve(`did not start: ${complaint}`);
      }
    });
  });
}
