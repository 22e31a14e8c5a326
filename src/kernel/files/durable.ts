import { randomBytes } from "node:crypto";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Creates a small file whole or not at all, and durably. Resolves false, touching nothing, when it exists already:
 * of two processes that create it at once, one wins and both read the same bytes.
 */
export async function createFile(path: string, bytes: Uint8Array | string, mode = 0o600): Promise<boolean> {
  const temporary = await writeBeside(path, bytes, mode);
  try {
    // rename() would overwrite; link() refuses when the name is taken.
    await link(temporary, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

/** Replaces a small file whole or not at all, and durably: a crash leaves the old bytes or the new ones. */
export async function replaceFile(path: string, bytes: Uint8Array | string, mode = 0o600): Promise<void> {
  await exchangeFile(path, bytes, async () => true, mode);
}

/** The same, where `isStill`, asked as the last thing before, says yes; else resolves false and changes nothing. */
export async function exchangeFile(
  path: string,
  bytes: Uint8Array | string,
  isStill: () => Promise<boolean>,
  mode = 0o600,
): Promise<boolean> {
  const temporary = await writeBeside(path, bytes, mode);
  try {
    if (await isStill()) await rename(temporary, path);
    else {
      await rm(temporary, { force: true });
      return false;
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}

/** Makes a created, renamed or removed name survive a power cut. Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder (and those above it) that only its owner can enter; leaves an existing one as it is. */
export async function makePrivateFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first !== undefined) await syncFolder(dirname(first));
}

/** The `code` of a system error, or undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

async function writeBeside(path: string, bytes: Uint8Array | string, mode: number): Promise<string> {
  await makePrivateFolder(dirname(path));
  const temporary = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  const handle = await open(temporary, "wx", mode);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return temporary;
}
