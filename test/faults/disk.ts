import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../support/server.ts";

const MEGABYTE = 1024 * 1024;

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

/** There is no room at all until `use` is over. */
export async function whileFull({ folder }: Place, use: () => Promise<void>): Promise<void> {
  const ballast = join(folder, "ballast");
  mkdirSync(ballast);
  try {
    const { bavail, bsize } = statfsSync(folder);
    // Nearly all in one piece, then byte by byte.
    writeSome(join(ballast, "most"), bavail * bsize - 2 * MEGABYTE);
    for (let i = 0; writeSome(join(ballast, String(i)), 64 * 1024); i++);
    await use();
  } finally {
    rmSync(ballast, { recursive: true });
  }
}

function writeSome(path: string, bytes: number): boolean {
  try {
    const piece = Buffer.alloc(Math.max(0, Math.min(bytes, 16 * MEGABYTE)));
    for (let left = bytes; left > 0; left -= piece.length)
      writeFileSync(path, piece.subarray(0, Math.min(left, piece.length)), { flag: "a" });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOSPC") return false;
    throw error;
  }
}
