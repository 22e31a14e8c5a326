import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { systemCode } from "../home.ts";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";

export type Lock = { release(): void };

/**
 * Takes the lock file `path` for this process, or returns who holds it.
 *
 * The file names its holder by process number and start time, so one left by a process that was killed, or by a
 * container whose process numbers begin again, is recognised and taken over.
 */
export function takeLock(path: string): { lock: Lock } | { holder: ProcessIdentity } {
  const me = identify(process.pid) ?? { pid: process.pid, started: "" };
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    for (;;) {
      try {
        // link(2) fails when the name exists and never shows a half-written file.
        linkSync(draft, path);
        return { lock: { release: () => rmSync(path, { force: true }) } };
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
      const holder = readHolder(path);
      if (holder !== null && isRunning(holder)) return { holder };
      removeStale(path, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Whether a process that lives holds it. */
export function isHeld(path: string): boolean {
  const holder = readHolder(path);
  return holder !== null && isRunning(holder);
}

function readHolder(path: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value !== "object" || value === null || !("pid" in value) || !("started" in value))
      return null;
    return typeof value.pid === "number" && typeof value.started === "string"
      ? { pid: value.pid, started: value.started }
      : null;
  } catch {
    return null;
  }
}

/** Two processes may find the same stale lock; the rename tells which of them removed it, and what it removed. */
function removeStale(path: string, stale: ProcessIdentity | null): void {
  const aside = `${path}.stale.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  const removed = readHolder(aside);
  if (removed !== null && removed.started !== stale?.started && isRunning(removed)) {
    // Another process had taken the lock in between: it gets its lock back.
    try {
      linkSync(aside, path);
    } catch (error) {
      // A third one was faster than that. PostgreSQL's own lock still lets only one of them serve.
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
  rmSync(aside, { force: true });
}
