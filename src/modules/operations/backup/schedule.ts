import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { days, later, minutes } from "../../../kernel/clock.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../alerts/service.ts";
import { testRestore } from "./restore-test.ts";
import { type BackupRun, latestGood, listRuns } from "./runs.ts";
import { backUp, backUpKeysAlone } from "./service.ts";

const FIRST_AFTER = minutes(1);
const LOOK_EVERY = minutes(5);
/** After a failure, so long until the next attempt. */
const AGAIN_AFTER = minutes(60);
/** A day, and the two hours that a backup may take. */
export const LATE_AFTER = minutes(26 * 60);

/** Makes a backup every day at its time, and tries each one out. Answers how to stop. */
export function keepBackingUp(system: System): () => Promise<void> {
  // An instance that attacks itself, or none that has a recipient: nothing to do.
  if (system.config.backup.recipients.length === 0) return async () => {};
  const began = system.clock();
  let running: Promise<unknown> | null = null;
  const look = () => {
    running ??= backUpIfDue(system, began)
      .then(() => copyKeysIfDue(system))
      .catch((error: unknown) => system.log.error({ err: error }, "the daily backup did not end well"))
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(look, FIRST_AFTER).unref();
  const timer = setInterval(look, LOOK_EVERY).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

/** Does what is due now: a backup with its restore test, and a word to the operator when there was none for too long. */
export async function backUpIfDue(system: System, began: Date): Promise<"made" | "failed" | "not due"> {
  const now = system.clock();
  let did: "made" | "failed" | "not due" = "not due";
  if (isDue(await listRuns(system, 20), system.config.backup.at, now)) {
    try {
      const made = await backUp(system, "schedule");
      if (made) await testRestore(system, made);
      did = made ? "made" : "not due";
    } catch (error) {
      // Recorded and told already; whether it is late as well is asked below.
      system.log.error({ err: error }, "the daily backup failed");
      did = "failed";
    }
  }
  const last = (await latestGood(system, "data", system.clock()))?.startedAt ?? began;
  if (system.clock().getTime() - last.getTime() > LATE_AFTER)
    await alertOperator(system, {
      kind: "backup.late",
      subject: "There is no backup of the last 26 hours",
      text: `The last good backup began at ${last.toISOString()}. Settings, Backups says what came of those since.`,
    });
  return did;
}

/**
 * Keys that were destroyed, and people who were erased, since the last archive of the keys: until the next one, a restore
 * would bring them back. So one is made within the hour, without the data. Answers whether one was.
 */
export async function copyKeysIfDue(system: System): Promise<boolean> {
  const now = system.clock();
  // One from the future was made while this clock was wrong.
  const last = (await listRuns(system, 50)).find(
    ({ kind, state, startedAt }) => kind === "keys" && state !== "failed" && startedAt <= now,
  );
  // Before the first backup there is nothing that could come back.
  if (!last || now.getTime() - last.startedAt.getTime() < AGAIN_AFTER) return false;
  const folder = join(system.config.home, "keys");
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".gone") && name !== "erased.json") continue;
    if ((await stat(join(folder, name))).mtime >= last.startedAt)
      return (await backUpKeysAlone(system)) !== null;
  }
  return false;
}

/**
 * Whether the last time of day that has passed is without a good backup, and nobody has just tried. One from the future was
 * made while this clock was wrong: it stands for no day.
 */
export function isDue(
  runs: readonly Pick<BackupRun, "kind" | "state" | "startedAt">[],
  at: number,
  now: Date,
): boolean {
  const due = lastTime(at, now);
  const since = runs.filter(({ kind, startedAt }) => kind === "data" && startedAt >= due && startedAt <= now);
  if (since.some(({ state }) => state === "good")) return false;
  return since.every(({ startedAt }) => now.getTime() - startedAt.getTime() >= AGAIN_AFTER);
}

export const nextTime = (at: number, now: Date): Date => later(lastTime(at, now), days(1));

function lastTime(at: number, now: Date): Date {
  const midnight = new Date(now.toISOString().slice(0, 10));
  const today = later(midnight, minutes(at));
  return today <= now ? today : later(today, -days(1));
}
