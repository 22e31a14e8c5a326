import type { System } from "../../../kernel/system.ts";

/** One archive that was begun, as the database remembers it. */
export interface BackupRun {
  readonly id: string;
  readonly kind: "data" | "keys";
  readonly asked: "schedule" | "operator" | "command";
  readonly name: string;
  readonly state: "running" | "good" | "failed";
  /** `interrupted`, or the code of a failure. */
  readonly problem: string | null;
  readonly startedAt: Date;
  readonly takenAt: Date | null;
  readonly endedAt: Date | null;
  /** Where it lies, in words; null once it was removed. */
  readonly keptAt: readonly string[] | null;
  readonly bytes: number | null;
  readonly sha256: Buffer | null;
  readonly tables: number | null;
  readonly rows: number | null;
  readonly files: number | null;
  readonly recipients: readonly string[];
}

const COLUMNS = `run_id as id, kind, asked, name, state, problem, started_at as "startedAt", taken_at as "takenAt",
  ended_at as "endedAt", kept_at as "keptAt", bytes::float8 as bytes, sha256, tables, row_count::float8 as rows, files, recipients`;

/** Newest first. */
export async function listRuns(system: System, most = 50): Promise<BackupRun[]> {
  const { rows } = await system.pool.query<BackupRun>(
    `select ${COLUMNS} from platform.backup_run order by started_at desc, kind limit $1`,
    [most],
  );
  return rows;
}

/** The newest that is good, of those that were begun until a moment. */
export async function latestGood(
  system: System,
  kind: BackupRun["kind"] = "data",
  until: Date | "infinity" = "infinity",
): Promise<BackupRun | null> {
  const { rows } = await system.pool.query<BackupRun>(
    `select ${COLUMNS} from platform.backup_run where kind = $1 and state = 'good' and started_at <= $2
       order by started_at desc limit 1`,
    [kind, until],
  );
  return rows[0] ?? null;
}

export async function beginRun(
  system: System,
  run: Pick<BackupRun, "id" | "kind" | "asked" | "name" | "startedAt" | "recipients">,
): Promise<void> {
  await system.pool.query(
    `insert into platform.backup_run (run_id, kind, asked, name, state, version, started_at, recipients)
       values ($1, $2, $3, $4, 'running', $5, $6, $7)`,
    [run.id, run.kind, run.asked, run.name, system.version, run.startedAt, run.recipients],
  );
}

export async function endRun(
  system: System,
  id: string,
  end:
    | { readonly problem: string }
    | {
        readonly takenAt: Date | null;
        readonly keptAt: readonly string[];
        readonly bytes: number;
        readonly sha256: Buffer;
        readonly tables: number;
        readonly rows: number;
        readonly files: number;
      },
): Promise<void> {
  if ("problem" in end) {
    await system.pool.query(
      "update platform.backup_run set state = 'failed', problem = $2, ended_at = $3 where run_id = $1",
      [id, end.problem, system.clock()],
    );
    return;
  }
  await system.pool.query(
    `update platform.backup_run set state = 'good', ended_at = $2, taken_at = $3, kept_at = $4, bytes = $5, sha256 = $6,
            tables = $7, row_count = $8, files = $9 where run_id = $1`,
    [id, system.clock(), end.takenAt, end.keptAt, end.bytes, end.sha256, end.tables, end.rows, end.files],
  );
}

/** What a process left that ended in the middle. Whoever holds the lock of backups knows that nobody is at it. */
export async function endInterrupted(system: System): Promise<void> {
  await system.pool.query(
    "update platform.backup_run set state = 'failed', problem = 'interrupted', ended_at = $1 where state = 'running'",
    [system.clock()],
  );
}

/**
 * In its own snapshot the run that made an archive still runs. Whoever has restored from it has read it to its end: it is
 * good, and must not be the first that is removed.
 */
export async function noteSource(
  system: System,
  { name, bytes }: { readonly name: string; readonly bytes: number },
  takenAt: Date,
  words: string,
): Promise<void> {
  await system.pool.query(
    `update platform.backup_run set state = 'good', ended_at = $2, taken_at = $3, kept_at = $4, bytes = $5
       where name = $1 and state = 'running'`,
    [name, system.clock(), takenAt, [words], bytes],
  );
}

/** Names of archives that were never good. */
export async function badNames(system: System): Promise<Set<string>> {
  const { rows } = await system.pool.query<{ name: string }>(
    "select name from platform.backup_run where state = 'failed'",
  );
  return new Set(rows.map(({ name }) => name));
}

export async function noteRemoved(system: System, names: readonly string[]): Promise<void> {
  await system.pool.query("update platform.backup_run set kept_at = null where name = any($1)", [names]);
}
