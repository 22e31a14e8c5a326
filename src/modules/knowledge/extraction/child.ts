// The process that reads one hostile document and ends. It gets the bytes on standard input and answers on standard
// output, one JSON value a line; sandbox.ts sets its limits, results.ts distrusts its answers.
import { readSync, writeSync } from "node:fs";
import type { Block, Report } from "./blocks.ts";
import { type ExtractionFailureCode, extractionFailure, isExtractionFailure } from "./failure.ts";
import type { Answer } from "./results.ts";

const LONGEST_BLOCK = 60_000;

// Not a defence against code that already runs here; but no library may fetch by itself.
for (const name of ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"])
  Reflect.deleteProperty(globalThis, name);

const [kind = "", inputLimit = "0", textLimit = "0"] = process.argv.slice(2);
const out = answers(Number(textLimit));
try {
  await read(kind, input(Number(inputLimit)), out.report);
  if (out.characters() === 0) throw extractionFailure("no_text");
  out.say({ type: "end" });
} catch (error) {
  out.say({ type: "failed", code: codeOf(error) });
}
out.flush();

async function read(as: string, bytes: Uint8Array, report: Report): Promise<void> {
  // Each format's library is loaded only for its own documents.
  if (as === "pdf") await (await import("./pdf.ts")).extractPdf(bytes, report);
  else if (as === "html") (await import("./html.ts")).extractHtml(bytes, report);
  else if (as === "markdown") (await import("./markdown.ts")).extractMarkdown(bytes, report);
  else (await import("./plain.ts")).extractPlain(bytes, report);
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
  function flush(): void {
    const bytes = Buffer.from(waiting);
    waiting = "";
    for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
  }
  function say(answer: Answer): void {
    waiting += `${JSON.stringify(answer)}\n`;
    if (waiting.length > 64 * 1024) flush();
  }
  function block({ kind, level, text, page }: Block): void {
    characters += text.length;
    if (characters > limit) throw extractionFailure("too_large_inflated");
    for (const part of parts(text))
      say({ type: "block", kind, ...(level ? { level } : {}), text: part, page });
  }
  const report: Report = {
    pages: (count) => say({ type: "pages", count }),
    title: (text) => say({ type: "title", text: text.slice(0, 300).toWellFormed() }),
    block,
  };
  return { report, say, flush, characters: () => characters };
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

function codeOf(error: unknown): ExtractionFailureCode {
  if (isExtractionFailure(error)) return error.code;
  if (!(error instanceof RangeError)) return "extractor_crashed";
  // Too deep for the stack is a document that no one wrote; every other RangeError here is an allocation refused.
  return /call stack/i.test(error.message) ? "damaged" : "too_much_memory";
}
