import { record } from "../../../kernel/audit.ts";
import { oneAtATime } from "../../../kernel/database/one-at-a-time.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../alerts/service.ts";
import { backUpData, backUpKeys, type Made } from "./making.ts";
import { type Place, placesOf } from "./places.ts";
import { expired, KEEP_KEYS_DAYS } from "./retention.ts";
import { type BackupRun, badNames, endInterrupted, noteRemoved } from "./runs.ts";
import { markOf } from "./signing.ts";

/** Of all processes on a database one makes backups at a time. The number is ours alone. */
const LOCK = 7_234_011_941;
const OPERATOR = "operator";

/** The two archives of one run. */
export interface MadeBoth {
  readonly data: Made;
  readonly keys: Made;
}

/**
 * Makes both archives, verifies them where they lie, and removes those that are kept no longer. Answers null
 * when another process is at it. A failure is recorded, told to the operator, and thrown.
 */
export async function backUp(
  system: System,
  asked: BackupRun["asked"],
  places: readonly Place[] = placesOf(system.config.backup, system.config.home),
): Promise<MadeBoth | null> {
  return oneAtATime(system, LOCK, async () => {
    await endInterrupted(system);
    try {
      const data = await backUpData(system, places, asked);
      const keys = await backUpKeys(system, places, asked);
      for (const { run } of [data, keys]) await tell(system, "backup.made", run);
      await removeExpired(system, places);
      return { data, keys };
    } catch (error) {
      system.log.error({ err: error }, "the backup failed");
      await tell(system, "backup.failed", null);
      await alertOperator(system, {
        kind: "backup.failed",
        subject: "The backup failed",
        text: "A backup of this installation could not be made, or not be read back. Settings, Backups says which; the server's log says why.",
      });
      throw error;
    }
  });
}

/** Makes an archive of the keys alone; null when another process makes a backup just now. */
export const backUpKeysAlone = (system: System): Promise<Made | null> =>
  oneAtATime(system, LOCK, () =>
    backUpKeys(system, placesOf(system.config.backup, system.config.home), "schedule"),
  );

/** Removes what is kept no longer, in each place by itself. What could not be removed is tried again the next time. */
export async function removeExpired(system: System, places: readonly Place[]): Promise<number> {
  const bad = await badNames(system);
  const mark = await markOf(system);
  const now = system.clock();
  const removed = new Set<string>();
  for (const place of places) {
    // Another installation's are its own to remove.
    const archives = (await place.list()).filter(({ id }) => id.startsWith(mark));
    const doomed = [
      ...expired(
        archives.filter(({ kind }) => kind === "data"),
        system.config.backup.keep,
        now,
        bad,
      ),
      ...expired(
        archives.filter(({ kind }) => kind === "keys"),
        { kind: "days", days: KEEP_KEYS_DAYS },
        now,
        bad,
      ),
    ];
    for (const { name } of doomed) {
      await place.remove(name);
      removed.add(name);
    }
  }
  await noteRemoved(system, [...removed]);
  return removed.size;
}

/** In the operator's own log; nothing where there is no operator yet. */
async function tell(system: System, event: string, run: string | null): Promise<void> {
  const tenantId = await system.directory.tenantBySlug(OPERATOR);
  if (!tenantId) return;
  await unit(jobContext(system, { tenantId, slug: OPERATOR }), async (ctx) => {
    record(ctx, {
      event,
      resource: run ? { type: "backup", id: run } : { type: "backup" },
      ...(event === "backup.failed" ? { outcome: "refused" as const } : {}),
    });
  }).catch((error: unknown) => system.log.error({ err: error, event }, "a backup could not be recorded"));
}
