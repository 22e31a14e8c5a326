import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm, stat, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { cryptoFailure } from "../crypto/failure.ts";
import type { TenantKeys } from "../crypto/tenant-keys.ts";
import { appError } from "../errors.ts";
import { errorCode, makePrivateFolder, syncFolder } from "./durable.ts";
import { assertFileName, FILE_NAME, type FileStore, type StoredFile } from "./file-store.ts";
import {
  CHUNK_BYTES,
  createEncrypter,
  HEADER_BYTES,
  keyVersionOf,
  openDecrypter,
  SEALED_CHUNK_BYTES,
  sealedLayout,
} from "./stream.ts";

/** Of the disk this many bytes stay free: the database, on the same one, must be able to go on. */
const LEAST_FREE = 500 * 1024 * 1024;

/**
 * A file store in a folder: `<folder>/<first two digits>/<name>`, unfinished writes in `<folder>/incoming/`, which is
 * on the same file system so that a rename finishes a file at once.
 */
export function diskFileStore(folder: string, leastFree: number = LEAST_FREE): FileStore {
  const incoming = join(folder, "incoming");
  const pathOf = (name: string) => {
    assertFileName(name);
    return join(folder, name.slice(0, 2), name);
  };

  async function put(
    keys: TenantKeys,
    source: Readable | AsyncIterable<Uint8Array>,
    { maxBytes = Number.MAX_SAFE_INTEGER }: { maxBytes?: number } = {},
  ): Promise<StoredFile> {
    const name = randomBytes(16).toString("hex");
    const path = pathOf(name);
    await makePrivateFolder(incoming);
    await checkSpace(incoming, leastFree);
    const temporary = join(incoming, name);
    const handle = await open(temporary, "wx", 0o600);
    try {
      const stored = await writeEncrypted(handle, keys, name, source, maxBytes);
      await handle.sync();
      await handle.close();
      await makePrivateFolder(join(folder, name.slice(0, 2)));
      await rename(temporary, path);
      await syncFolder(join(folder, name.slice(0, 2)));
      return stored;
    } catch (error) {
      await handle.close().catch(() => undefined); // closed already when the rename is what failed
      await rm(temporary, { force: true });
      throw error;
    }
  }

  return {
    put,
    async open(keys, name, { start = 0, end = Number.MAX_SAFE_INTEGER } = {}) {
      if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
        throw new RangeError("A range is two whole numbers, start not over end.");
      }
      const handle = await openStored(pathOf(name));
      try {
        return await readDecrypted(handle, keys, name, start, end);
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    async remove(name) {
      const path = pathOf(name);
      if (!(await removeIfThere(path))) return false;
      await syncFolder(join(folder, name.slice(0, 2)));
      return true;
    },
    async keyVersion(name) {
      const handle = await openStored(pathOf(name));
      try {
        return keyVersionOf(await readExactly(handle, 0, Buffer.alloc(HEADER_BYTES)));
      } finally {
        await handle.close();
      }
    },
    exists: async (name) => (await statIfThere(pathOf(name))) !== null,
    async sealed(name) {
      const handle = await open(pathOf(name), "r").catch(ifMissing);
      if (handle === null) return null;
      const { size } = await handle.stat();
      // Of one file only so much is read that a slow reader holds little of it.
      return { bytes: size, content: handle.createReadStream({ highWaterMark: 4 * CHUNK_BYTES }) };
    },
    async putSealed(name, source) {
      const path = pathOf(name);
      if ((await statIfThere(path)) !== null) return;
      await makePrivateFolder(incoming);
      await checkSpace(incoming, leastFree);
      const temporary = join(incoming, name);
      const handle = await open(temporary, "w", 0o600);
      try {
        for await (const piece of source) await writeAll(handle, piece);
        await handle.sync();
        await handle.close();
        await makePrivateFolder(join(folder, name.slice(0, 2)));
        await rename(temporary, path);
        await syncFolder(join(folder, name.slice(0, 2)));
      } catch (error) {
        await handle.close().catch(() => undefined); // as above
        await rm(temporary, { force: true });
        throw error;
      }
    },
    async sweep(isKnown, olderThanMs) {
      const before = Date.now() - olderThanMs;
      const isOld = async (path: string) => {
        const found = await statIfThere(path);
        return found !== null && found.mtimeMs < before;
      };
      let unfinished = 0;
      for (const name of await listIfThere(incoming)) {
        const path = join(incoming, name);
        if (FILE_NAME.test(name) && (await isOld(path)) && (await removeIfThere(path))) unfinished++;
      }
      let orphans = 0;
      for (const prefix of await listIfThere(folder)) {
        if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
        const old: string[] = [];
        for (const name of await listIfThere(join(folder, prefix))) {
          if (FILE_NAME.test(name) && name.startsWith(prefix) && (await isOld(pathOf(name)))) old.push(name);
        }
        if (old.length === 0) continue;
        const known = new Set(await isKnown(old));
        for (const name of old) if (!known.has(name) && (await removeIfThere(pathOf(name)))) orphans++;
      }
      return { unfinished, orphans };
    },
  };
}

async function checkSpace(folder: string, leastFree: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < leastFree) throw appError("disk_full");
}

async function writeEncrypted(
  handle: FileHandle,
  keys: TenantKeys,
  name: string,
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<StoredFile> {
  const encrypter = createEncrypter(keys, name);
  await writeAll(handle, encrypter.header);
  let bytes = 0;
  for await (const piece of source) {
    if (!(piece instanceof Uint8Array)) throw new TypeError("A source of a file yields bytes, not text.");
    bytes += piece.length;
    if (bytes > maxBytes) throw appError("too_large");
    // Waiting for each write is the backpressure: the source is not read while the disk is busy.
    for (const chunk of encrypter.update(piece)) await writeAll(handle, chunk);
  }
  const { chunk, sha256Keyed } = encrypter.final();
  await writeAll(handle, chunk);
  return { name, bytes, sha256Keyed };
}

async function readDecrypted(
  handle: FileHandle,
  keys: TenantKeys,
  name: string,
  start: number,
  end: number,
): Promise<Readable> {
  const { size } = await handle.stat();
  const { chunks, bytes } = sealedLayout(size);
  const decrypter = openDecrypter(keys, name, await readExactly(handle, 0, Buffer.alloc(HEADER_BYTES)));
  const sealed = Buffer.alloc(Math.min(SEALED_CHUNK_BYTES, size)); // one for all chunks: they are read one by one
  const readChunk = async (index: number) => {
    const at = HEADER_BYTES + index * SEALED_CHUNK_BYTES;
    const chunk = await readExactly(handle, at, sealed.subarray(0, Math.min(SEALED_CHUNK_BYTES, size - at)));
    return decrypter.openChunk(index, index === chunks - 1, chunk);
  };
  // The last chunk proves the length: a file cut at a chunk's edge is refused before the first byte is served.
  await readChunk(chunks - 1);

  const stop = Math.min(end, bytes);
  let at = start;
  const next = async (): Promise<Buffer | null> => {
    if (at >= stop) return null;
    const index = Math.floor(at / CHUNK_BYTES);
    const chunk = await readChunk(index);
    const from = at - index * CHUNK_BYTES;
    const piece = chunk.subarray(from, Math.min(chunk.length, from + stop - at));
    at += piece.length;
    return piece;
  };
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      next().then(
        (piece) => this.push(piece),
        (error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      handle.close().then(
        () => done(error),
        (closing) => done(error ?? closing),
      );
    },
  });
}

async function openStored(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw cryptoFailure("A stored file is missing.", error);
    throw error;
  }
}

async function readExactly(handle: FileHandle, position: number, into: Buffer): Promise<Buffer> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) throw cryptoFailure("A stored file ends early.");
    filled += bytesRead;
  }
  return into;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

function ifMissing(error: unknown): null {
  if (errorCode(error) === "ENOENT") return null;
  throw error;
}

async function removeIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function listIfThere(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
