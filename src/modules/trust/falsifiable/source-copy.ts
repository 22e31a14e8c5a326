import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Defence } from "../../../defences/defence.ts";
import { projectFolder } from "../../../project.ts";
import { type ControlResult, isSeen } from "../controls/run.ts";

export const LONGEST_MS = 240_000;
const PARTS = ["src", "db", "attacker", "verify", "samples", "package.json"];

/** A throw-away copy of the source, in which one defence after the other is removed and put back. */
export interface SourceCopy {
  /** Runs `controls --json` in it with a defence removed, or with none; `removal` null: with none of the source. */
  look(removal: Defence | null, args: readonly string[], longest?: number): Promise<Looked>;
  remove(): Promise<void>;
}

/** What came of a look: the results, or why there are none. */
export type Looked = { readonly results: readonly ControlResult[] } | { readonly problem: string };

export async function copySource(): Promise<SourceCopy> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-falsify-"));
  for (const part of PARTS) {
    const filter = (path: string) => !path.endsWith(".test.ts");
    await cp(join(projectFolder, part), join(folder, part), { recursive: true, filter });
  }
  await cp(join(projectFolder, "web/dist"), join(folder, "web/dist"), { recursive: true }).catch(() => {});
  // To where it really is: the reader of documents looks through one link, not through two.
  await symlink(await realpath(join(projectFolder, "node_modules")), join(folder, "node_modules"));
  return {
    async look(removal, args, longest = LONGEST_MS) {
      if (!removal) return runControls(folder, args, longest);
      const path = join(folder, removal.file);
      const source = await readFile(path, "utf8").catch(() => "");
      const problem = problemOf(removal, source);
      if (problem) return { problem };
      await writeFile(path, source.replaceAll(removal.text, removal.without));
      try {
        return await runControls(folder, args, longest);
      } finally {
        await writeFile(path, source);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

/** Why a defence cannot be removed from its file; null when it can. */
export function problemOf({ text, without, times }: Defence, source: string): string | null {
  const places = source.split(text).length - 1;
  if (places !== (times ?? 1)) return `its file holds ${places} times what is removed`;
  return text === without ? "nothing is removed" : null;
}

/**
 * Whether a removal was seen by a check that could run: a copy that does not start, or whose check fails by itself, has
 * not shown that anybody would miss the defence.
 */
export function verdictOf(looked: Looked, claim: string): { noticed: boolean; got: string } {
  if ("problem" in looked) return { noticed: false, got: looked.problem };
  const result = looked.results.find(({ id }) => id === claim);
  if (!result) return { noticed: false, got: "no result" };
  if (result.evidence.some(isSeen)) return { noticed: true, got: result.result };
  const failed = result.evidence.find(({ verdict }) => verdict === "broken");
  return { noticed: false, got: failed ? `could not run: ${failed.got}` : result.result };
}

function runControls(folder: string, args: readonly string[], longest: number): Promise<Looked> {
  return new Promise((resolve) => {
    const command = [join(folder, "src/main.ts"), "controls", "--json", "--with-parent", ...args];
    const child = spawn(process.execPath, command, {
      cwd: folder,
      // The copy stays where it is, so that only the file without its defence is compiled again.
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, ".compiled") },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: longest,
    });
    let printed = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-300);
    });
    child.on("error", (error) => resolve({ problem: `did not start: ${error.message}` }));
    child.on("close", (_, signal) => {
      if (signal) return resolve({ problem: `ended by ${signal}, after ${longest / 1000} s at most` });
      try {
        resolve({ results: JSON.parse(printed) as ControlResult[] });
      } catch {
        resolve({ problem: `did not start: ${complaint}` });
      }
    });
  });
}
