import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type ExtractionCost, extract } from "./extract.ts";
import { extractionMessages, isExtractionFailure } from "./failure.ts";
import { type HostileFile, hostileFiles, inTheChild } from "./hostile-lists.ts";
import { check } from "./hostile-read.ts";
import { refusalWords, SNIFF_BYTES, sniffKind } from "./sniff.ts";

const MB = 1024 * 1024;
const all = hostileFiles.filter(inTheChild);
const LIMITS = { memory: 400 * MB, milliseconds: 15_000 };
const costs: (ExtractionCost & { name: string })[] = [];

/** As an upload and its job do: the first bytes tell the kind, the child reads what is streamed to it. */
async function take({ name, limits }: HostileFile, path: string): Promise<string> {
  const head = await firstBytes(path);
  const kind = sniffKind(head, name);
  if (kind === null) return `refused: ${refusalWords(head, name)}`;
  try {
    const { blocks } = await extract(createReadStream(path), {
      kind,
      name: `document.${kind === "markdown" ? "md" : kind === "text" ? "txt" : kind}`,
      limits: { ...LIMITS, ...limits },
      onCost: (cost) => costs.push({ ...cost, name }),
    });
    return blocks.map(({ text }) => text).join("\n");
  } catch (error) {
    if (!isExtractionFailure(error)) throw error;
    assert.equal(error.message, extractionMessages[error.code]);
    return `failed: ${error.code}`;
  }
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
  await file.close();
  return buffer.subarray(0, bytesRead);
}

describe("hostile files", () => {
  const paths = new Map<HostileFile, string>();
  const became = new Map<HostileFile, string | Error>();
  const waits: number[] = [];
  let grown = 0;

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "vouchsafe-hostile-"));
    try {
      for (const [no, file] of all.entries()) {
        paths.set(file, join(folder, String(no)));
        await writeFile(join(folder, String(no)), await file.bytes());
      }
      const start = process.memoryUsage().rss;
      const queue = [...all];
      let working = 2;
      const lane = async () => {
        for (let file = queue.shift(); file; file = queue.shift()) {
          became.set(file, await take(file, paths.get(file) ?? "").catch((error: Error) => error));
          grown = Math.max(grown, process.memoryUsage().rss - start);
        }
        working--;
      };
      const others = async () => {
        while (working > 0) {
          const began = performance.now();
          const { blocks } = await extract(Readable.from(["An honest document."]), {
            kind: "text",
            name: "a.txt",
          });
          assert.equal(blocks[0]?.text, "An honest document.");
          waits.push(performance.now() - began);
          await pause(1000);
        }
      };
      await Promise.all([lane(), lane(), others()]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  for (const file of all) {
    test(file.name, () => {
      const end = became.get(file);
      if (end instanceof Error) throw end;
      check(file, end ?? "");
    });
  }

  test("the process that takes them stays as it was, and other people's documents are read meanwhile", () => {
    assert.ok(grown < 60 * MB, `grew by ${Math.round(grown / MB)} MB`);
    assert.ok(waits.length >= 2 && Math.max(...waits) < 10_000, waits.map(Math.round).join(" "));
    const worst = costs.toSorted((a, b) => b.peak - a.peak)[0];
    assert.ok(worst !== undefined && worst.peak < LIMITS.memory * 1.25, `${worst?.name} took ${worst?.peak}`);
    if (process.env["SHOW_COSTS"] === undefined) return;
    for (const { name, milliseconds, peak } of costs
      .sort((a, b) => b.milliseconds - a.milliseconds)
      .slice(0, 12))
      process.stderr.write(`${Math.round(milliseconds)} ms ${Math.round(peak / MB)} MB ${name}\n`);
    process.stderr.write(
      `grew ${Math.round(grown / MB)} MB, ${costs.length} children, ${waits.length} others' ${Math.round(Math.max(...waits))} ms\n`,
    );
  });
});
