/**
 * Why a backup could not be made, read or restored. `damaged`: cut off or changed; `wrong_key`: no identity opens it;
 * `unsupported`: made by another version, or for another database; `incomplete`: something that belongs in it is missing;
 * `taken`: what it would bring is there already.
 */
export type BackupFailure = Error & {
  readonly name: "BackupFailure";
  readonly code: "damaged" | "wrong_key" | "unsupported" | "incomplete" | "taken";
};

export function backupFailure(code: BackupFailure["code"], problem: string, cause?: unknown): BackupFailure {
  const error = new Error(problem, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: "BackupFailure" as const, code });
}

export const isBackupFailure = (error: unknown): error is BackupFailure =>
  error instanceof Error && error.name === "BackupFailure";
