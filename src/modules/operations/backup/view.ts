import type { System } from "../../../kernel/system.ts";
import { fingerprintOf } from "./age.ts";
import { type Place, placesOf } from "./places.ts";
import { type Ask, latestRestoreTest, passed, type StoredRestoreTest } from "./restore-test.ts";
import { latestRestored } from "./restoring.ts";
import { latestGood, listRuns } from "./runs.ts";
import { LATE_AFTER, nextTime } from "./schedule.ts";

const SHOWN = 30;

/** Everything that the operator's page shows of backups. */
export async function backupReport(system: System) {
  const { backup, home } = system.config;
  const [runs, good, test, restored] = await Promise.all([
    listRuns(system, SHOWN),
    latestGood(system),
    latestRestoreTest(system),
    latestRestored(system),
  ]);
  const now = system.clock();
  const places: Place[] = backup.recipients.length > 0 ? placesOf(backup, home) : [];
  return {
    recipients: backup.recipients.map(fingerprintOf),
    places: places.map(({ kind, words }) => ({ kind, words })),
    /** Where the archives lie on the same disk as what they are of. */
    besideTheData: places.length === 1 && backup.folder === null && backup.bucket === null,
    keep:
      backup.keep.kind === "days"
        ? `${backup.keep.days} days`
        : `${backup.keep.daily} days and ${backup.keep.weekly} weeks`,
    nextAt: backup.recipients.length > 0 ? nextTime(backup.at, now).toISOString() : null,
    late:
      backup.recipients.length > 0 && good !== null && now.getTime() - good.startedAt.getTime() > LATE_AFTER,
    runs: runs.map((run) => ({
      id: run.id,
      kind: run.kind,
      asked: run.asked,
      name: run.name,
      state: run.state,
      problem: run.problem,
      startedAt: run.startedAt.toISOString(),
      takenAt: run.takenAt?.toISOString() ?? null,
      endedAt: run.endedAt?.toISOString() ?? null,
      keptAt: run.keptAt ? [...run.keptAt] : null,
      bytes: run.bytes,
      rows: run.rows,
      files: run.files,
      recipients: [...run.recipients],
    })),
    test:
      test && test !== "forged"
        ? { at: test.at.toISOString(), passed: passed(test.result), result: test.result }
        : null,
    forged: test === "forged",
    restored: restored && {
      at: restored.at.toISOString(),
      takenAt: restored.takenAt.toISOString(),
      whole: restored.tenantId === null,
    },
  };
}

/** What everybody may know: whether the last backup could be restored, and whether this installation was set back. */
export async function publicBackups(system: System, ask: Ask) {
  const test = await latestRestoreTest(system, ask);
  const restored = await latestRestored(system, ask);
  return {
    test: test && test !== "forged" ? shownTest(test) : null,
    // Of a single workspace only its members need to know.
    restored:
      restored && restored.tenantId === null
        ? { at: restored.at.toISOString(), takenAt: restored.takenAt.toISOString() }
        : null,
  };
}

function shownTest(test: StoredRestoreTest) {
  const { rows, files, tables, sumsEqual, takenAt, attack } = test.result;
  const attempts = attack?.attempts ?? null;
  return {
    at: test.at.toISOString(),
    passed: passed(test.result),
    takenAt,
    tables,
    rows,
    files,
    sumsEqual,
    attempts,
  };
}
