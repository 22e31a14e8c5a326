import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { S3mini, S3NetworkError, S3ServiceError } from "s3mini";
import { reveal, type Secret } from "../secret.ts";

/** An S3-compatible bucket. `endpoint` is the service's address without the bucket, which goes into the path. */
export interface BucketConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** How long one request may take until its answer begins, and then between two pieces of it. Default 60 s. */
  readonly timeoutMs?: number;
  /** Of a large upload; all but the last are this long, as some services ask for. Default 16 MB, at most 10,000. */
  readonly partBytes?: number;
}

export interface BucketObject {
  readonly key: string;
  readonly bytes: number;
  readonly at: Date;
}

export interface Bucket {
  /** Stores a stream, in parts when it is long, with flat memory. The object is there once this resolves, and whole. */
  put(key: string, source: AsyncIterable<Uint8Array> | Uint8Array): Promise<{ bytes: number }>;
  /** From `start` up to but without `end`. Ends early with an error, never just so. */
  get(key: string, range?: { start?: number; end?: number }): Promise<Readable>;
  /** null when there is none. */
  size(key: string): Promise<number | null>;
  /** In order of their keys. */
  list(prefix: string): AsyncIterable<BucketObject>;
  /** Does nothing when there is none. */
  remove(key: string): Promise<void>;
}

/** `missing`: no such object; `refused`: keys or rights; `unreachable`: no answer in time; `failed`: anything else. */
export type BucketError = Error & {
  readonly name: "BucketError";
  readonly code: "missing" | "refused" | "unreachable" | "failed";
};

export const isBucketError = (error: unknown): error is BucketError =>
  error instanceof Error && error.name === "BucketError";

const TIMEOUT_MS = 60_000;
const PART_BYTES = 16 * 1024 * 1024;
const MOST_PARTS = 10_000;
const TRIES = 3;

/** A client of one bucket. Opens no connection by itself. */
export function openBucket(config: BucketConfig): Bucket {
  const { timeoutMs = TIMEOUT_MS, partBytes = PART_BYTES } = config;
  const s3 = new S3mini({
    endpoint: `${config.endpoint.replace(/\/+$/, "")}/${encodeURIComponent(config.bucket)}`,
    region: config.region,
    accessKeyId: config.accessKeyId,
    secretAccessKey: reveal(config.secretAccessKey),
    fetch: fetchInTime(timeoutMs),
  });

  async function put(key: string, source: AsyncIterable<Uint8Array> | Uint8Array) {
    const parts = inParts(source instanceof Uint8Array ? once(source) : source, partBytes);
    const first = (await parts.next()).value ?? Buffer.alloc(0);
    const second = await parts.next();
    if (second.done) {
      await again(() => s3.putObject(key, first));
      return { bytes: first.length };
    }
    return putInParts(key, rest(first, second.value, parts));
  }

  async function putInParts(key: string, parts: AsyncIterable<Buffer>): Promise<{ bytes: number }> {
    const upload = await again(() => s3.getMultipartUploadId(key));
    const done: { partNumber: number; etag: string }[] = [];
    let bytes = 0;
    try {
      for await (const part of parts) {
        const number = done.length + 1;
        if (number > MOST_PARTS) throw bucketError("failed", "is too large for one upload");
        done.push(await again(() => s3.uploadPart(key, upload, part, number)));
        bytes += part.length;
      }
      await again(() => s3.completeMultipartUpload(key, upload, done));
    } catch (error) {
      // Parts of an upload that nobody ends are kept, and paid for. The error that matters is the first one.
      await s3.abortMultipartUpload(key, upload).catch(() => undefined);
      throw error;
    }
    // Some services answer 200 before they have put the parts together, and an error in the answer's text.
    const stored = await size(key);
    if (stored !== bytes) throw bucketError("failed", `holds ${stored} bytes of ${bytes} after the upload`);
    return { bytes };
  }

  async function size(key: string): Promise<number | null> {
    try {
      return await again(() => s3.getContentLength(key));
    } catch (error) {
      if (isBucketError(error) && error.code === "missing") return null;
      throw error;
    }
  }

  return {
    put,
    size,
    async get(key, { start = 0, end } = {}) {
      if (end !== undefined && end <= start) return Readable.from([]);
      const whole = start === 0 && end === undefined;
      const response = await again(() => s3.getObjectRaw(key, whole, start, end));
      if (!whole && response.status !== 206) throw bucketError("failed", "answered no part of an object");
      if (!response.body) throw bucketError("failed", "answered without a body");
      const promised = Number(response.headers.get("content-length") ?? Number.NaN);
      return Readable.from(readInTime(response.body, promised, timeoutMs), { objectMode: false });
    },
    async *list(prefix) {
      let from: string | undefined;
      do {
        const page = await again(() => s3.listObjectsPaged("/", prefix, 1000, from));
        if (!page) throw bucketError("missing", "does not exist");
        for (const { Key, Size, LastModified } of page.objects ?? [])
          yield { key: Key, bytes: Number(Size), at: new Date(LastModified) };
        from = page.nextContinuationToken;
      } while (from);
    },
    async remove(key) {
      await again(() => s3.deleteObject(key));
    },
  };
}

/** Tries again what did not reach the service, or broke in it. Names no key or address in an error. */
async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await call();
    } catch (cause) {
      const error = explained(cause);
      if (tried >= TRIES || (error.code !== "unreachable" && !isPassing(cause))) throw error;
      await sleep(200 * 2 ** tried);
    }
  }
}

const isPassing = (error: unknown): boolean => (service(error)?.status ?? 0) >= 500;

function explained(cause: unknown): BucketError {
  if (isBucketError(cause)) return cause;
  const error = service(cause);
  if (error) {
    if (error.status === 404) return bucketError("missing", "has no such object", cause);
    if (error.status === 401 || error.status === 403)
      return bucketError("refused", `refuses: ${error.serviceCode ?? error.status}`, cause);
    return bucketError("failed", `answered ${error.status} ${error.serviceCode ?? ""}`.trim(), cause);
  }
  if (causes(cause).some((one) => one instanceof S3NetworkError || one instanceof TypeError || isAbort(one)))
    return bucketError("unreachable", "cannot be reached", cause);
  return bucketError("failed", "failed", cause);
}

/** What the service answered: the library wraps it here and there. */
const service = (error: unknown): S3ServiceError | undefined =>
  causes(error).find((one) => one instanceof S3ServiceError);

const causes = (error: unknown): Error[] => (error instanceof Error ? [error, ...causes(error.cause)] : []);

const isAbort = ({ name }: Error): boolean => name === "AbortError";

function bucketError(code: BucketError["code"], problem: string, cause?: unknown): BucketError {
  const error = new Error(`The bucket ${problem}.`, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: "BucketError" as const, code });
}

function fetchInTime(timeoutMs: number): typeof fetch {
  return async (input, init) => {
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), timeoutMs);
    try {
      // The timer ends with the answer's head: a long body has its own (readInTime).
      return await fetch(input, { ...init, signal: ending.signal, redirect: "error" });
    } finally {
      clearTimeout(timer);
    }
  };
}

async function* readInTime(
  body: ReadableStream<Uint8Array>,
  promised: number,
  timeoutMs: number,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(bucketError("unreachable", "stopped in the middle")), timeoutMs);
      });
      const { done, value } = await Promise.race([reader.read(), late])
        .catch((cause: unknown) => {
          throw isBucketError(cause) ? cause : bucketError("unreachable", "broke off", cause);
        })
        .finally(() => clearTimeout(timer));
      if (done) break;
      bytes += value.length;
      yield value;
    }
    if (Number.isFinite(promised) && bytes !== promised)
      throw bucketError("unreachable", `broke off after ${bytes} of ${promised} bytes`);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* rest(first: Buffer, second: Buffer, others: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield second;
  yield* others;
}

/** Pieces of exactly `partBytes`, the last one shorter. */
async function* inParts(source: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Buffer> {
  let part = Buffer.allocUnsafe(partBytes);
  let used = 0;
  for await (let piece of source) {
    while (piece.length > 0) {
      const taken = Math.min(piece.length, partBytes - used);
      part.set(piece.subarray(0, taken), used);
      used += taken;
      piece = piece.subarray(taken);
      if (used === partBytes) {
        yield part;
        // The one before may still be on its way.
        part = Buffer.allocUnsafe(partBytes);
        used = 0;
      }
    }
  }
  if (used > 0) yield part.subarray(0, used);
}
