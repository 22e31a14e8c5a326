/**
 * The baseline of bench/ingest.ts: the parsers alone, in a plain process without limits, without layout, blocks,
 * encryption or index. node bench/ingest-alone.ts FILE… reads one after the other and prints one JSON document:
 * seconds from the process's start, seconds of processor, characters of text, peak bytes of memory.
 */
import { readFileSync } from "node:fs";
import { Parser } from "htmlparser2";
import { getDocumentProxy } from "unpdf";
import { fromBufferPromise } from "yauzl";

let characters = 0;
for (const path of process.argv.slice(2)) {
  const bytes = readFileSync(path);
  if (path.endsWith(".pdf")) await pdf(bytes);
  else if (/\.(?:docx|pptx|xlsx|od[tps])$/.test(path)) await office(bytes);
  else markup(bytes.toString(), !/\.html?$/.test(path));
}
const seconds = performance.now() / 1000;
const { user, system } = process.cpuUsage();
const processor = (user + system) / 1e6;
const peak = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ seconds, processor, characters, peak })}\n`);

async function pdf(bytes: Buffer): Promise<void> {
  const document = await getDocumentProxy(new Uint8Array(bytes));
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    for (const item of (await page.getTextContent()).items) if ("str" in item) characters += item.str.length;
    page.cleanup();
  }
  await document.loadingTask.destroy();
}

async function office(bytes: Buffer): Promise<void> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.endsWith(".xml")) continue;
    const pieces: Buffer[] = [];
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer); // as: a byte stream
    markup(Buffer.concat(pieces).toString(), true);
  }
}

function markup(source: string, xmlMode: boolean): void {
  const parser = new Parser({ ontext: (text) => (characters += text.length) }, { xmlMode });
  parser.end(source);
}
