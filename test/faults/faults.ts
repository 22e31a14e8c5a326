import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../attacker/random.ts";
import { familyOf, type Place, postmasterOf, type Server, survivors, until } from "../support/server.ts";

/** Something that goes wrong with a running server. Afterwards it is up, or `needsStart` says that somebody has to start it. */
export interface Fault {
  readonly name: string;
  readonly needsStart: boolean;
  readonly strike: (server: Server, place: Place, random: Random) => Promise<void>;
}

const serverKilled: Fault = {
  name: "kill -9 of the server",
  needsStart: true,
  strike: async (server, place) => {
    const family = familyOf(server.pid);
    await server.stop("SIGKILL");
    await nothingRuns(place, family);
  },
};

const everythingKilled: Fault = {
  name: "kill -9 of the server and all that it started, as when the power goes",
  needsStart: true,
  strike: async (server, place) => {
    const family = familyOf(server.pid);
    const dead = server.stop("SIGKILL");
    for (const { pid } of family) kill(pid);
    await dead;
    await nothingRuns(place, family);
  },
};

const databaseKilled: Fault = {
  name: "kill -9 of PostgreSQL",
  needsStart: false,
  strike: async (_server, place) => kill(postmasterOf(place)),
};

const backendKilled: Fault = {
  name: "kill -9 of one of PostgreSQL's processes",
  needsStart: false,
  strike: async (_server, place, random) => {
    const postmaster = postmasterOf(place);
    const backends = familyOf(postmaster).filter(({ pid }) => pid !== postmaster);
    kill(random.pick(backends)?.pid ?? 0);
  },
};

const readersKilled: Fault = {
  name: "kill -9 of the children that read documents",
  needsStart: false,
  strike: async (server) => {
    for (const { pid } of familyOf(server.pid)) if (commandOf(pid).includes("/extraction/")) kill(pid);
  },
};

const serverFrozen: Fault = {
  name: "a server that stands still for two seconds",
  needsStart: false,
  strike: async (server) => {
    process.kill(server.pid, "SIGSTOP");
    await sleep(2000);
    process.kill(server.pid, "SIGCONT");
  },
};

const diskFull: Fault = {
  name: "a full disk",
  needsStart: false,
  strike: async (_server, place) => {
    const ballast = join(place.folder, "ballast");
    mkdirSync(ballast);
    try {
      const { bavail, bsize } = statfsSync(place.folder);
      // Nearly all in one piece, then byte by byte: until there is no room at all.
      writeSome(join(ballast, "most"), bavail * bsize - 2 * MEGABYTE);
      for (let i = 0; writeSome(join(ballast, String(i)), 64 * 1024); i++);
      await sleep(1200);
    } finally {
      rmSync(ballast, { recursive: true });
    }
  },
};

const MEGABYTE = 1024 * 1024;

function writeSome(path: string, bytes: number): boolean {
  try {
    const piece = Buffer.alloc(Math.min(bytes, 16 * MEGABYTE));
    for (let left = bytes; left > 0; left -= piece.length)
      writeFileSync(path, piece.subarray(0, Math.min(left, piece.length)), { flag: "a" });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOSPC") return false;
    throw error;
  }
}

/** A disk of its own for a place, small enough to be filled. Answers how to take it away; null where that is not allowed. */
export function smallDisk({ folder }: Place, megabytes: number): (() => void) | null {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=711`, "tmpfs", folder], {
      stdio: "ignore",
    });
  } catch {
    return null;
  }
  return () => void execFileSync("umount", ["--lazy", folder]);
}

export const allFaults: readonly Fault[] = [
  serverKilled,
  everythingKilled,
  databaseKilled,
  backendKilled,
  readersKilled,
  serverFrozen,
  diskFull,
];

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

async function nothingRuns(place: Place, family: ReturnType<typeof familyOf>): Promise<void> {
  await until("nothing of it runs", 5000, () => survivors(place, family).length === 0).catch((error) => {
    throw new Error(`${error.message}: ${survivors(place, family).join("; ")}`);
  });
}

function kill(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, "SIGKILL");
  } catch {
    // Gone by itself.
  }
}
