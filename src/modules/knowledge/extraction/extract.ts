import { once } from "node:events";
import type { Readable } from "node:stream";
import type { Extraction } from "./blocks.ts";
import { type ExtractionFailure, type ExtractionFailureCode, extractionFailure } from "./failure.ts";
import { resultReader } from "./results.ts";
import { type Ending, type Sandboxed, startSandboxed } from "./sandbox.ts";
import { type Kind, SNIFF_BYTES, sniffKind } from "./sniff.ts";

const MB = 1024 * 1024;

/** `memory`, `input` and `output` in bytes (resident memory of the child, the file, the child's answer). */
export type ExtractionLimits = { memory: number; milliseconds: number; input: number; output: number };

export const extractionLimits: ExtractionLimits = {
  memory: 700 * MB,
  // 5,000 pages take half a minute of a processor, which others may want, too.
  milliseconds: 120_000,
  input: 100 * MB,
  output: 20 * MB,
};

/** What one extraction cost: `peak` (0 when it ended within 200 ms) is the child's resident memory in bytes, `milliseconds` from its start to its end. */
export type ExtractionCost = { peak: number; milliseconds: number };

export type ExtractionOptions = {
  kind: Kind;
  /** The file's name: its ending takes part in telling the kind, as at the upload. The child never learns it. */
  name: string;
  limits?: Partial<ExtractionLimits>;
  signal?: AbortSignal;
  onCost?: (cost: ExtractionCost) => void;
  /** The program beside this file that reads the document; the tests of the limits put a hostile one here. */
  program?: string;
};

/**
 * Reads a document's text in a process of its own that holds neither environment nor network nor files; at most two at
 * once, later ones wait. The bytes are piped, so that this process stays small; `source` is always consumed or destroyed.
 * Throws an ExtractionFailure (failure.ts) as verdict on the document, `signal.reason` when aborted, and the source's
 * own error when that breaks.
 */
export async function extract(source: Readable, options: ExtractionOptions): Promise<Extraction> {
  // Until someone iterates it, an error of the source would be nobody's.
  let broken: Error | undefined;
  source.on("error", (error) => {
    broken ??= error;
  });
  const leave = await enterQueue(options.signal).catch((error: unknown) => {
    source.destroy();
    throw error;
  });
  try {
    if (broken !== undefined) throw broken;
    return await extractNow(source, options);
  } finally {
    source.destroy();
    leave();
  }
}

async function extractNow(source: Readable, options: ExtractionOptions): Promise<Extraction> {
  const limits = { ...extractionLimits, ...options.limits };
  const started = performance.now();
  const child = startSandboxed(
    options.program ?? "child.ts",
    [options.kind, String(limits.input), String(limits.output)],
    limits,
  );
  const abort = () => child.kill();
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted) abort();
  try {
    // Both end when the child does: its pipes close with it.
    const [fed, answer] = await Promise.all([
      feed(source, child, options),
      listen(child, limits.output, options.kind),
    ]);
    const ending = await child.ended;
    options.onCost?.({ peak: ending.peak, milliseconds: performance.now() - started });
    options.signal?.throwIfAborted();
    // Neither the document nor one of our limits did that: no verdict, it is read again.
    if (ending.signal === "SIGKILL" && ending.killed === null)
      throw new Error("the reading child was killed from outside", { cause: ending });
    // In order of what caused what: a limit kills the child, a dead child breaks the pipe.
    if (answer.failure && ending.killed !== "memory" && ending.killed !== "time") throw answer.failure;
    if (fed.error !== undefined) throw fed.error;
    if (answer.result === null || ending.code !== 0) throw extractionFailure(codeOf(ending), ending);
    return answer.result;
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

/** Pipes the source into the child; gives the source's error or the refusal of its first bytes. */
async function feed(
  source: Readable,
  child: Sandboxed,
  { name }: ExtractionOptions,
): Promise<{ error?: unknown }> {
  let gone = false;
  const ended = child.ended.then(() => {
    gone = true;
    source.destroy();
  });
  let head: Buffer | null = Buffer.alloc(0);
  const check = (bytes: Buffer) => {
    if (sniffKind(bytes, name) === null) throw extractionFailure("unsupported_format");
    head = null;
  };
  try {
    for await (const chunk of source) {
      const bytes = Buffer.from(chunk);
      if (head !== null) {
        head = Buffer.concat([head, bytes.subarray(0, SNIFF_BYTES)]);
        if (head.length >= SNIFF_BYTES) check(head);
      }
      if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, "drain"), ended]);
      if (gone) return {};
    }
    if (head !== null) check(head);
    child.stdin.end();
    return {};
  } catch (error) {
    // Destroyed by us because the child is gone: its ending says why.
    if (gone) return {};
    child.kill();
    return { error };
  }
}

async function listen(
  child: Sandboxed,
  limit: number,
  kind: Kind,
): Promise<{ result: Extraction | null; failure: ExtractionFailure | null }> {
  const reader = resultReader(limit, kind);
  try {
    for await (const chunk of child.stdout) reader.add(chunk);
    return { result: reader.finish(), failure: null };
  } catch (error) {
    child.kill();
    return { result: null, failure: error as ExtractionFailure }; // as: the reader throws nothing else
  }
}

function codeOf({ killed, signal, complaint }: Ending): ExtractionFailureCode {
  if (killed === "time" || signal === "SIGXCPU") return "took_too_long";
  // Node has a dozen ways to say that it got no memory, and says nothing of memory when it dies of something else.
  if (killed === "memory" || /memory|allocat/i.test(complaint)) return "too_much_memory";
  return "extractor_crashed";
}

const AT_ONCE = 2;
let running = 0;
const waiting: (() => void)[] = [];

async function enterQueue(signal: AbortSignal | undefined): Promise<() => void> {
  signal?.throwIfAborted();
  if (running >= AT_ONCE) {
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      const stop = () => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(signal?.reason);
      };
      waiting.push(go);
      signal?.addEventListener("abort", stop, { once: true });
    });
  } else running++;
  // The place is handed on, not freed, while someone waits.
  return () => {
    const next = waiting.shift();
    if (next) next();
    else running--;
  };
}
