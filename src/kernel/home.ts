import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Layout of a home on disk. Raised when an older program could no longer read it. */
export const HOME_VERSION = 1;

const LEAST_FREE_BYTES = 200 * 1024 * 1024;
const FOLDERS = ["secrets", "keys", "files", "run"] as const;

/** Absolute paths of one installation's folder; every folder exists with mode 0700. */
export type Home = { path: string; secrets: string; keys: string; files: string; run: string };

/** An error that a person at a terminal can act on: what is wrong, and what to do about it. */
export type StartupError = Error & { name: "StartupError"; problem: string; remedy: string };

/**
 * Opens the folder that holds one installation, making it and its parts when missing.
 *
 * Throws a {@link StartupError} when the folder cannot be made or written, belongs to a newer program, or lies on a
 * disk with less than 200 MB free.
 */
export function openHome(path: string): Home {
  const absolute = resolve(path);
  makeFolder(absolute);
  const home = realpathSync(absolute);
  checkVersion(home);
  for (const name of FOLDERS) makeFolder(join(home, name));
  checkFreeSpace(home);
  markVersion(home);
  return {
    path: home,
    secrets: join(home, "secrets"),
    keys: join(home, "keys"),
    files: join(home, "files"),
    run: join(home, "run"),
  };
}

/** Makes a {@link StartupError}. `problem` and `remedy` are whole sentences; `cause` goes to the log only. */
export function startupError(problem: string, remedy: string, cause?: unknown): StartupError {
  const error = new Error(`${problem} ${remedy}`, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: "StartupError" as const, problem, remedy });
}

export function isStartupError(value: unknown): value is StartupError {
  return value instanceof Error && value.name === "StartupError" && "problem" in value && "remedy" in value;
}

/** The `code` of a system error (`ENOENT`, `EACCES`, …), or undefined when `value` is not one. */
export function systemCode(value: unknown): string | undefined {
  if (!(value instanceof Error) || !("code" in value)) return undefined;
  return typeof value.code === "string" ? value.code : undefined;
}

function makeFolder(path: string): void {
  try {
    makePath(path);
    if (!statSync(path).isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
    // Whoever owns a folder can change what is in it, whatever its mode.
    if (process.getuid && statSync(path).uid !== process.getuid()) {
      throw Object.assign(new Error("another user's folder"), { code: "EACCES" });
    }
    // A folder that was there before, or that a umask loosened, is closed to others as well.
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw cannotUse(path, cause);
  }
}

/** Node's own recursive mkdir never returns where a file system answers ENOENT for a parent that exists (/proc). */
function makePath(path: string): void {
  if (existsSync(path)) return;
  if (!existsSync(dirname(path))) makePath(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it in between.
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

function cannotUse(path: string, cause: unknown): StartupError {
  const elsewhere = "or set VOUCHSAFE_HOME to another folder.";
  switch (systemCode(cause)) {
    case "EROFS":
      return startupError(
        `The folder ${path} is on a read-only disk.`,
        `Make it writeable, ${elsewhere}`,
        cause,
      );
    case "EACCES":
    case "EPERM":
      return startupError(
        `This user may not write to the folder ${path}.`,
        `Give it to the user that starts Vouchsafe, ${elsewhere}`,
        cause,
      );
    case "EEXIST":
    case "ENOTDIR":
      return startupError(`${path} is a file, not a folder.`, `Move the file away, ${elsewhere}`, cause);
    case "ENOSPC":
    case "EDQUOT":
      return startupError(`The disk of ${path} is full.`, `Free some space, ${elsewhere}`, cause);
    default:
      return startupError(
        `The folder ${path} cannot be used.`,
        `Check the disk that it is on, ${elsewhere}`,
        cause,
      );
  }
}

function checkVersion(home: string): void {
  const marker = join(home, "HOME_VERSION");
  if (!existsSync(marker)) return;
  const text = readFileSync(marker, "utf8").trim();
  if (!/^[0-9]{1,6}$/.test(text)) {
    throw startupError(
      `${marker} does not hold a version number.`,
      "Restore it from a backup, or set VOUCHSAFE_HOME to another folder.",
    );
  }
  if (Number(text) > HOME_VERSION) {
    throw startupError(
      `The folder ${home} was last used by a newer Vouchsafe (layout ${text}; this program knows ${HOME_VERSION}).`,
      "Start that newer version, or set VOUCHSAFE_HOME to another folder.",
    );
  }
}

function markVersion(home: string): void {
  const marker = join(home, "HOME_VERSION");
  if (existsSync(marker)) return;
  const draft = `${marker}.${process.pid}`;
  try {
    writeFileSync(draft, `${HOME_VERSION}\n`, { mode: 0o600 });
    renameSync(draft, marker);
  } catch (cause) {
    throw cannotUse(home, cause);
  }
}

function checkFreeSpace(home: string): void {
  const disk = statfsSync(home);
  const free = disk.bavail * disk.bsize;
  if (free >= LEAST_FREE_BYTES) return;
  throw startupError(
    `Only ${Math.floor(free / 1024 / 1024)} MB are free on the disk of ${home}; at least 200 MB are needed.`,
    "Free some space, or set VOUCHSAFE_HOME to a folder on another disk.",
  );
}

const restoringMark = (home: string): string => join(home, "restoring", "installation");

/** While a restore is under way this home is no installation: one that is killed leaves the mark. */
export function markRestoring(home: string): void {
  mkdirSync(dirname(restoringMark(home)), { recursive: true, mode: 0o700 });
  writeFileSync(restoringMark(home), "");
}

export const unmarkRestoring = (home: string): void => rmSync(restoringMark(home), { force: true });

/** Throws a {@link StartupError} for a home that was half restored. */
export function requireNoRestoring(home: string): void {
  if (existsSync(restoringMark(home)))
    throw startupError(
      `A restore into ${home} has not ended.`,
      "If it was interrupted, move this folder away, make a new database, and restore once more.",
    );
}
