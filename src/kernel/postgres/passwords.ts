import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { startupError } from "../home.ts";

/** Roles that the migrate step creates; the cluster's superuser `postgres` is not among them. */
export const ROLE_NAMES = [
  "vouchsafe_migrator",
  "vouchsafe_app",
  "vouchsafe_jobs",
  "vouchsafe_audit_writer",
  "vouchsafe_audit_sequencer",
  "vouchsafe_audit_eraser",
  "vouchsafe_backup",
] as const;

export type RoleName = (typeof ROLE_NAMES)[number];

export type Passwords = { superuser: string; roles: Record<RoleName, string> };

/**
 * Reads `<secrets>/postgres.json`, making it, or the passwords that are missing in it, when needed. Passwords are
 * 32 random bytes in base64url. Returns null when the superuser's is missing though the cluster exists: a new one would
 * not open it. Throws a StartupError when the file does not parse.
 */
export function openPasswords(secrets: string, clusterExists: boolean): Passwords | null {
  const path = join(secrets, "postgres.json");
  const stored = existsSync(path) ? parse(path) : {};
  if (stored.postgres === undefined && clusterExists) return null;
  const superuser = stored.postgres ?? newPassword();
  const roles = Object.fromEntries(ROLE_NAMES.map((name) => [name, stored[name] ?? newPassword()])) as Record<
    RoleName,
    string
  >;
  const complete = stored.postgres !== undefined && ROLE_NAMES.every((name) => stored[name] !== undefined);
  if (!complete)
    writeDurably(path, `${JSON.stringify({ ...stored, postgres: superuser, ...roles }, null, 2)}\n`);
  return { superuser, roles };
}

/** Replaces `path` by `text` (mode 0600) so that a power loss leaves either the old or the new file. */
export function writeDurably(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncFolder(join(path, ".."));
}

/** Makes renames in a folder survive a power loss. */
export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function parse(path: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      const entries = Object.entries(value);
      if (entries.every(([, password]) => typeof password === "string" && /^[\w-]{20,}$/.test(password))) {
        return Object.fromEntries(entries);
      }
    }
  } catch (cause) {
    throw broken(path, cause);
  }
  throw broken(path);
}

function broken(path: string, cause?: unknown) {
  return startupError(
    `${path} does not hold the database's passwords.`,
    "Restore this file from a backup.",
    cause,
  );
}

function newPassword(): string {
  return randomBytes(32).toString("base64url");
}
