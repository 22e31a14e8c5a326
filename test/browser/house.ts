import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Browser } from "playwright-core";
import type { Clock } from "../../src/kernel/clock.ts";
import { catalogue } from "../../src/modules/trust/catalogue.ts";
import type { ControlResult } from "../../src/modules/trust/controls/run.ts";
import { storeRun as keepRun } from "../../src/modules/trust/runs/service.ts";
import { openBrowser } from "../../src/modules/trust/stage/browser.ts";
import { projectFolder } from "../../src/project.ts";
import { startThrowAway, type ThrowAway } from "../../src/throw-away.ts";

/** A new, empty installation with its web app, and a browser. */
export interface House {
  readonly instance: ThrowAway;
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Answers null where there is no browser. Builds the web app when it has never been built. `clock` is the server's. */
export async function openHouse(options: { clock?: Clock } = {}): Promise<House | null> {
  const browser = await openBrowser();
  if (!browser) return null;
  try {
    const web = join(projectFolder, "web");
    if (!existsSync(join(web, "dist/index.html")))
      execFileSync(join(projectFolder, "node_modules/.bin/vite"), ["build"], { cwd: web, stdio: "ignore" });
    const instance = await startThrowAway(options);
    return {
      instance,
      browser,
      close: async () => {
        await browser.close();
        await instance.close();
      },
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/**
 * Stores a run of the checks, as the schedule would: a short made-up one with a claim in every state, or, for a
 * picture that is shown to people, one that really took place.
 */
export async function storeRun({ system }: ThrowAway, real: boolean): Promise<void> {
  const results = real ? await realRun() : madeUpRun(system.version);
  await keepRun(system, results);
}

async function realRun(): Promise<ControlResult[]> {
  const checks = spawn(process.execPath, ["src/main.ts", "controls", "--json"], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(await text(checks.stdout)) as ControlResult[];
}

function madeUpRun(version: string): ControlResult[] {
  const results = ["held", "held", "not-run", "broken"] as const;
  return catalogue
    .filter(({ kind }) => kind === "tested")
    .slice(0, results.length)
    .map(({ id, words }, index) => ({
      id,
      claim: words,
      kind: "tested",
      result: results[index] ?? "held",
      subjects: 12,
      routes: 2,
      evidence: [
        {
          verdict: results[index] === "not-run" ? "inconclusive" : "held",
          what: "GET /documents/:id",
          who: "as owner of B",
          got: results[index] === "not-run" ? "503" : "404",
        },
      ],
      summary: "12 attempts",
      removed: "the row policy",
      couldBeWrong: null,
      at: new Date().toISOString(),
      version,
      ms: 40,
    }));
}
