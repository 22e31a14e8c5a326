import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { cryptoFailure } from "../crypto/failure.ts";
import { appError } from "../errors.ts";
import { type Bucket, isBucketError } from "../s3/bucket.ts";
import { assertFileName, FILE_NAME, type FileStore } from "./file-store.ts";
import {
  CHUNK_BYTES,
  createEncrypter,
  HEADER_BYTES,
  keyVersionOf,
  openDecrypter,
  SEALED_CHUNK_BYTES,
  sealedLayout,
} from "./stream.ts";

const PREFIX = "files/";
/** Names that the database is asked about at once. */
const AT_ONCE = 500;

/**
 * A file store in an S3-compatible bucket: objects `files/<first two digits>/<name>` with the same bytes as the files of
 * the store on disk. The service sees their number, length and times, and nothing of what is in them.
 */
export function s3FileStore(bucket: Bucket): FileStore {
  const keyOf = (name: string) => {
    assertFileName(name);
    return `${PREFIX}${name.slice(0, 2)}/${name}`;
  };
  const sizeOf = async (name: string): Promise<number> => {
    const size = await bucket.size(keyOf(name)).catch(translate);
    if (size === null) throw cryptoFailure("A stored file is missing.");
    return size;
  };
  const bytesOf = async (name: string, start: number, end: number): Promise<Buffer> =>
    whole(await bucket.get(keyOf(name), { start, end }).catch(translate), end - start);

  return {
    async put(keys, source, { maxBytes = Number.MAX_SAFE_INTEGER } = {}) {
      const name = randomBytes(16).toString("hex");
      const encrypter = createEncrypter(keys, name);
      let bytes = 0;
      let sha256Keyed: Buffer = Buffer.alloc(0);
      async function* sealed() {
        yield encrypter.header;
        for await (const piece of source) {
          if (!(piece instanceof Uint8Array))
            throw new TypeError("A source of a file yields bytes, not text.");
          bytes += piece.length;
          if (bytes > maxBytes) throw appError("too_large");
          // Copied, for a chunk is good only until the next is asked for, and parts gather many.
          for (const chunk of encrypter.update(piece)) yield Buffer.from(chunk);
        }
        const last = encrypter.final();
        sha256Keyed = last.sha256Keyed;
        yield last.chunk;
      }
      await bucket.put(keyOf(name), sealed()).catch(translate);
      return { name, bytes, sha256Keyed };
    },

    async open(keys, name, { start = 0, end = Number.MAX_SAFE_INTEGER } = {}) {
      if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
        throw new RangeError("A range is two whole numbers, start not over end.");
      }
      const size = await sizeOf(name);
      const { chunks, bytes } = sealedLayout(size);
      const lastAt = HEADER_BYTES + (chunks - 1) * SEALED_CHUNK_BYTES;
      const [header, last] = await Promise.all([bytesOf(name, 0, HEADER_BYTES), bytesOf(name, lastAt, size)]);
      const decrypter = openDecrypter(keys, name, header);
      // The last chunk proves the length: a file cut at a chunk's edge is refused before the first byte is served.
      const ending = Buffer.from(decrypter.openChunk(chunks - 1, true, last));
      const stop = Math.min(end, bytes);

      async function* content() {
        if (start >= stop) return;
        const first = Math.floor(start / CHUNK_BYTES);
        const beforeLast = Math.min(Math.ceil(stop / CHUNK_BYTES), chunks - 1);
        const cut = (index: number, chunk: Buffer) =>
          chunk.subarray(Math.max(0, start - index * CHUNK_BYTES), stop - index * CHUNK_BYTES);
        if (first < beforeLast) {
          const range = {
            start: HEADER_BYTES + first * SEALED_CHUNK_BYTES,
            end: HEADER_BYTES + beforeLast * SEALED_CHUNK_BYTES,
          };
          let index = first;
          for await (const sealed of inChunks(await bucket.get(keyOf(name), range).catch(translate))) {
            yield Buffer.from(cut(index, decrypter.openChunk(index, false, sealed)));
            index++;
          }
          if (index !== beforeLast) throw cryptoFailure("A stored file ends early.");
        }
        if (stop > (chunks - 1) * CHUNK_BYTES) yield cut(chunks - 1, ending);
      }
      return Readable.from(translated(content()), { objectMode: false });
    },

    async remove(name) {
      if ((await bucket.size(keyOf(name)).catch(translate)) === null) return false;
      await bucket.remove(keyOf(name)).catch(translate);
      return true;
    },
    exists: async (name) => (await bucket.size(keyOf(name)).catch(translate)) !== null,
    async keyVersion(name) {
      if ((await sizeOf(name)) < HEADER_BYTES) throw cryptoFailure("A stored file ends early.");
      return keyVersionOf(await bytesOf(name, 0, HEADER_BYTES));
    },
    async sealed(name) {
      const bytes = await bucket.size(keyOf(name)).catch(translate);
      return bytes === null ? null : { bytes, content: await bucket.get(keyOf(name)).catch(translate) };
    },
    async putSealed(name, source) {
      if ((await bucket.size(keyOf(name)).catch(translate)) !== null) return;
      await bucket.put(keyOf(name), source).catch(translate);
    },

    // Uploads that a crash left half way are no objects: a rule of the bucket ends them (docs/operations.md).
    async sweep(isKnown, olderThanMs) {
      const before = Date.now() - olderThanMs;
      let orphans = 0;
      let old: string[] = [];
      const removeUnknown = async () => {
        const known = new Set(old.length > 0 ? await isKnown(old) : []);
        for (const name of old) {
          if (known.has(name)) continue;
          await bucket.remove(keyOf(name)).catch(translate);
          orphans++;
        }
        old = [];
      };
      for await (const { key, at } of bucket.list(PREFIX)) {
        const name = key.slice(PREFIX.length + 3);
        if (!FILE_NAME.test(name) || key !== keyOf(name) || at.getTime() >= before) continue;
        if (old.push(name) >= AT_ONCE) await removeUnknown();
      }
      await removeUnknown();
      return { unfinished: 0, orphans };
    },
  };
}

/** Sealed chunks of full length, however the service cuts its stream. */
async function* inChunks(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const held = Buffer.alloc(SEALED_CHUNK_BYTES);
  let filled = 0;
  for await (const piece of stream)
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(piece.length - at, SEALED_CHUNK_BYTES - filled);
      piece.copy(held, filled, at, at + taken);
      at += taken;
      filled += taken;
      if (filled < SEALED_CHUNK_BYTES) continue;
      yield held;
      filled = 0;
    }
  if (filled > 0) throw cryptoFailure("A stored file ends early.");
}

async function whole(stream: AsyncIterable<Buffer>, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of translated(stream)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== length) throw cryptoFailure("A stored file ends early.");
  return bytes;
}

async function* translated<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    translate(error);
  }
}

/** A file that is gone is damaged; a service that is away comes back. */
function translate(error: unknown): never {
  if (!isBucketError(error)) throw error;
  if (error.code === "missing") throw cryptoFailure("A stored file is missing.", error);
  throw appError("unavailable", {
    message: "The store of files cannot be reached right now. Try again in a few seconds.",
    retryAfter: 5,
    cause: error,
  });
}
