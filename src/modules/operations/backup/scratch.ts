import { chmod, lstat, mkdir, mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHeld, takeLock } from "../../../kernel/postgres/lock.ts";
import type { Manifest } from "./contents.ts";
import { backupFailure } from "./failure.ts";

// Where a backup is restored to be looked at: a second copy of everything, which is thrown away.

/** A folder that could take it. */
export interface Room {
  readonly path: string;
  readonly free: number;
  /** On a file system whose files are the machine's memory. */
  readonly inMemory: boolean;
}

const MEMORY = new Set([0x01021994, 0x858458f6]); // tmpfs, ramfs
const MB = 1024 * 1024;
/** A database with nothing in it, its programs and its log of writes. */
const EMPTY = 400 * MB;

/** What an archive takes when it is restored: rows with their indexes and the log of writing them, and files as they are. */
export const roomNeeded = ({ tables, files }: Manifest, withFiles = true): number =>
  EMPTY + 3 * tables.reduce((all, { bytes }) => all + bytes, 0) + (withFiles ? files.bytes : 0);

/** The temporary folder, or one of the home where that lacks the room or is no disk. Throws `incomplete` for want of room. */
export async function scratchParent(home: string, needed: number): Promise<string> {
  const rooms: Room[] = [];
  for (const path of parents(home)) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const { bavail, bsize, type } = await statfs(path);
    rooms.push({ path, free: bavail * bsize, inMemory: MEMORY.has(type) });
  }
  return chooseRoom(rooms, needed);
}

/** The first on a disk that is large enough, else the first in memory that is. */
export function chooseRoom(rooms: readonly Room[], needed: number): string {
  const large = rooms.filter(({ free }) => free >= needed);
  const found = large.find(({ inMemory }) => !inMemory) ?? large[0];
  if (found) return found.path;
  const said = rooms.map(({ path, free }) => `${path} has ${Math.floor(free / MB)} MB`).join(", ");
  throw backupFailure(
    "incomplete",
    `There is no room for a second copy of everything, which takes ${Math.ceil(needed / MB)} MB: ${said}. Make room there, or set TMPDIR to a folder on a larger disk.`,
  );
}

/** A new folder for one copy. */
export async function makeScratch(parent: string, purpose: "restore" | "scratch"): Promise<string> {
  const folder = await mkdtemp(join(parent, `vouchsafe-${purpose}-`));
  // As root, the database runs under another user who must be able to pass through.
  await chmod(folder, 0o711);
  takeLock(join(folder, LOCK)); // for as long as this process lives: it goes with the folder
  return folder;
}

const LOCK = "process.lock";

/**
 * What was killed before it could throw its copy away has left keys and ciphertext. A long one that is still at it keeps
 * its own, and what others have put under such a name is theirs.
 */
export async function removeLeftOver(
  home: string,
  olderThanMs: number,
  where: readonly string[] = parents(home),
): Promise<void> {
  for (const parent of where)
    for (const name of await readdir(parent).catch(() => [])) {
      if (!/^vouchsafe-(restore|keys|scratch)-/.test(name)) continue;
      const path = join(parent, name);
      const found = await lstat(path).catch(() => null); // removed by whoever made it
      if (!found?.isDirectory() || found.uid !== process.getuid?.() || isHeld(join(path, LOCK))) continue;
      // Not every file system says when something was made.
      const made = found.birthtimeMs || found.mtimeMs;
      if (Date.now() - made > olderThanMs) await rm(path, { recursive: true, force: true });
    }
}

/** Into root's home the database's own user does not get; where root's databases lie, it does. */
const parents = (home: string): string[] => [
  tmpdir(),
  process.getuid?.() === 0 ? "/var/lib/vouchsafe" : join(home, "scratch"),
];
