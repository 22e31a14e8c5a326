// The process that reads one hostile document and ends. It gets the bytes on standard input and answers on standard
// output, one JSON value a line; sandbox.ts sets its limits, results.ts distrusts its answers.
import { readSync, writeSync } from "node:fs";
import type { Block, Report } from "./blocks.ts";
import { extractionFailure, failureCodeOf } from "./failure.ts";
import { readDocument } from "./formats.ts";
import type { Answer } from "./results.ts";
import { sampler } from "./sample.ts";
import type { Kind } from "./sniff.ts";

const LONGEST_BLOCK = 60_000;

// Not a defence against code that already runs here; but no library may fetch by itself.
for (const name of ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"])
  Reflect.deleteProperty(globalThis, name);

const [kind = "", inputLimit = "0", textLimit = "0"] = process.argv.slice(2);
const out = answers(Number(textLimit));
try {
  // as: the server's own word; a kind that no reader is for fails below.
  await readDocument(kind as Kind, input(Number(inputLimit)), out.report, (real) =>
    out.say({ type: "kind", kind: real }),
  );
  if (out.characters() === 0) throw extractionFailure("no_text");
  const language = await languageOfSample();
  if (language !== null) out.say({ type: "language", language });
  out.say({ type: "end" });
} catch (error) {
  out.say({ type: "failed", code: failureCodeOf(error) });
}
out.flush();

/** Looked at last, and only where there is enough to look at. */
async function languageOfSample(): Promise<string | null> {
  const pieces = out.sample();
  if (pieces.join("").length < 40) return null;
  return (await import("./language.ts")).languageOf(pieces);
}

function input(limit: number): Uint8Array {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafeSlow(256 * 1024);
    const got = readSync(0, chunk);
    if (got === 0) break;
    size += got;
    if (size > limit) throw extractionFailure("too_large_inflated");
    chunks.push(got < chunk.length ? Buffer.from(chunk.subarray(0, got)) : chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks.splice(0)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function answers(limit: number) {
  let waiting = "";
  let characters = 0;
  const sample = sampler();
  function flush(): void {
    const bytes = Buffer.from(waiting);
    waiting = "";
    for (let at = 0; at < bytes.length; ) at += written(bytes, at);
  }
  function say(answer: Answer): void {
    waiting += `${JSON.stringify(answer)}\n`;
    if (waiting.length > 64 * 1024) flush();
  }
  function block(given: Block): void {
    const { text, ...rest } = given;
    characters += text.length;
    if (characters > limit) throw extractionFailure("too_large_inflated");
    if (given.kind !== "code") sample.add(text);
    for (const part of given.kind === "table" ? tableParts(given) : parts(text))
      if (part !== "") say({ type: "block", ...rest, text: part });
  }
  const report: Report = {
    pages: (count) => say({ type: "pages", count }),
    title: (text) => say({ type: "title", text: text.slice(0, 300).toWellFormed() }),
    block,
    pictures: (count) => say({ type: "pictures", count }),
  };
  return { report, say, flush, characters: () => characters, sample: sample.pieces };
}

const moment = new Int32Array(new SharedArrayBuffer(4));

/** A library that looked at standard output has made it one that does not wait; a full pipe is then an error. */
function written(bytes: Buffer, at: number): number {
  try {
    return writeSync(1, bytes, at);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    Atomics.wait(moment, 0, 0, 2);
    return 0;
  }
}

/** A table too long for one line of the answer, cut between its rows, with its header row above each part. */
function* tableParts({ text, header }: Block): Generator<string> {
  if (text.length <= LONGEST_BLOCK) return yield text;
  const lines = text.split("\n");
  const first = header && (lines[0] ?? "").length < 2000 ? `${lines[0]}\n` : "";
  let part = "";
  for (const line of lines) {
    if (part !== "" && part.length + line.length >= LONGEST_BLOCK - first.length) {
      yield* parts(part);
      part = first;
    }
    part += part === "" || part === first ? line : `\n${line}`;
  }
  yield* parts(part);
}

/** A text too long for one line of the answer, cut at blanks where there are any, never inside a surrogate pair. */
function* parts(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > LONGEST_BLOCK) {
    const blank = text.lastIndexOf(" ", from + LONGEST_BLOCK);
    let to = blank > from + LONGEST_BLOCK / 2 ? blank : from + LONGEST_BLOCK;
    if (/[\uDC00-\uDFFF]/.test(text.charAt(to))) to--;
    yield text.slice(from, to).trim();
    from = to;
  }
  yield text.slice(from).trim();
}
