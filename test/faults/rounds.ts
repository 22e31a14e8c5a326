import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Random, seededRandom } from "../../attacker/random.ts";
import { until } from "../support/server.ts";
import { foundFirm } from "../support/visitor.ts";
import { openBackups } from "./backups.ts";
import { endChecks, type Fault } from "./faults.ts";
import { everythingHolds, newFirm } from "./firm.ts";
import { type Installation, readinessOf } from "./installation.ts";
import { startWorking, type Tally } from "./load.ts";

// One installation under load, to which something goes wrong round after round, with backups meanwhile. A failing round
// names the seed that repeats its faults (not their moments) and the fault; FAULT, a part of its name, repeats it alone.

/** Rounds between which everything is looked at, and between which a backup is taken. */
const LOOK_EVERY = 10;
const BACKUP_EVERY = 5;
const RESTORE_EVERY = 25;

export interface Form {
  readonly rounds: number;
  readonly seed: string;
  /** Waits after each round until everything that was begun has ended. */
  readonly settledEachRound: boolean;
  /** Else backups are restored in between only. */
  readonly restoresAtEnd: boolean;
}

export async function runRounds<Where extends Installation>(
  t: TestContext,
  open: () => Promise<Where>,
  faults: readonly Fault<Where>[],
  { rounds, seed, settledEachRound, restoresAtEnd }: Form,
): Promise<void> {
  const random = seededRandom(seed);
  const at = await open();
  let failed = true;
  const backups = await openBackups(at);
  t.after(async () => {
    await at.close(failed);
    backups.close();
  });
  const firm = newFirm(await foundFirm(at.server()));
  const possible: readonly Fault<Where>[] = [
    ...faults.filter(({ isPossible }) => isPossible?.(at) ?? true),
    { name: "kill -9 of a backup", strike: async () => backups.kill(random) },
  ];
  const order = inTurn(
    possible.filter(({ name }) => name.includes(process.env.FAULT ?? "")),
    random,
  );
  const all: Tally = new Map();
  for (let round = 1; round <= rounds; round++) {
    const fault = order();
    const when = `after round ${round} (${fault.name}, seed ${seed})`;
    endChecks(at);
    const work = startWorking(firm);
    await sleep(200 + random.int(900));
    const isOfUse = restoresAtEnd || round < rounds - (rounds % RESTORE_EVERY);
    const backup = isOfUse && round % BACKUP_EVERY === 2 ? backups.take(firm) : null;
    // Looked at below, after whatever else may fail first.
    backup?.catch(() => {});
    try {
      try {
        await fault.strike(at, firm, random);
        await at.bringUp();
        // The answer is a second old at most.
        await sleep(1100);
        await until("it answers", 60_000, async () => (await readinessOf(at.url)) === 200);
        await backup;
      } finally {
        await work.stop();
      }
      assert.ok(work.odd.length === 0, `nobody can understand this: ${work.odd.join("; ")}`);
      const [last, looks] = [round === rounds, round % LOOK_EVERY === 0];
      const settled = last || looks || settledEachRound;
      await everythingHolds(firm, when, { most: last ? Number.POSITIVE_INFINITY : 15, settled });
      const given = settled ? await at.failedJobs() : [];
      assert.ok(given.length === 0, `jobs that have failed for good: ${given.join("; ")}`);
      if ((last && restoresAtEnd) || round % RESTORE_EVERY === 0) await backups.restoreNewest(firm, when);
    } catch (error) {
      const said = [at.server(), at.worker()].map((one) => one.words().slice(-3000)).join("\n---\n");
      const what = error instanceof Error ? error.message : String(error);
      throw new Error(`${what} ${when}\n${said}`, { cause: error });
    }
    for (const [status, count] of work.tally) all.set(status, (all.get(status) ?? 0) + count);
    if (process.env.ROUNDS) process.stderr.write(`held ${when}\n`);
  }
  failed = false;
  const { documents, folders, answers } = firm;
  const { good, failed: unmade, killed, restored } = backups.counts;
  t.diagnostic(
    `${documents.size} documents, ${folders.size} folders, ${answers.size} answers held; backups: ${good} good, ${unmade} failed, ${killed} killed, ${restored} restored; answers by status: ${[...all].map(([status, count]) => `${status} ${count}×`).join(", ")}`,
  );
  assert.ok(documents.size >= rounds, "people got little done: this showed nothing");
}

/** Each once, in an order of the seed's, before any comes again. */
function inTurn<T>(things: readonly T[], random: Random): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...things];
    const [next] = left.splice(random.int(left.length), 1);
    return next ?? assert.fail("nothing to choose from");
  };
}

export const ROUNDS = Number(process.env.ROUNDS ?? 10);
export const SEED = process.env.SEED ?? String(Date.now());
