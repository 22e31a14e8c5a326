/**
 * The largest documents that must be read within the limits: 5,000 pages of PDF, and a million cells of CSV; each by the
 * real child, one after the other. node bench/large-files.ts prints one JSON document: what became of them, and what it cost.
 */
import { Readable } from "node:stream";
import {
  type ExtractionCost,
  extract,
  extractionLimits,
} from "../src/modules/knowledge/extraction/extract.ts";
import type { Kind } from "../src/modules/knowledge/extraction/sniff.ts";
import { generatedFiles } from "./ingest-files.ts";
import { rounded } from "./report.ts";

const MB = 1024 * 1024;

async function read(kind: Kind, bytes: Buffer) {
  let cost: ExtractionCost | undefined;
  const before = process.memoryUsage.rss();
  const result = await extract(Readable.from([bytes]), {
    kind,
    name: `document.${kind}`,
    onCost: (spent) => {
      cost = spent;
    },
  }).catch((error: Error & { code?: string }) => ({ code: error.code, pages: null, blocks: [] }));
  return {
    ...("code" in result ? { failed: result.code } : {}),
    megabytes: rounded(bytes.length / MB, 1),
    pages: result.pages,
    characters: result.blocks.reduce((sum, { text }) => sum + text.length, 0),
    seconds: rounded((cost?.milliseconds ?? 0) / 1000),
    childMegabytes: Math.round((cost?.peak ?? 0) / MB),
    serverGrewMegabytes: Math.round((process.memoryUsage.rss() - before) / MB),
  };
}

const { pdf = [] } = await generatedFiles(1, 5000, ["pdf"]);
const cells = Array.from({ length: 100_001 }, (_, row) =>
  Array.from({ length: 10 }, (_, column) =>
    row === 0 ? `Column ${"abcdefghij"[column]}` : row * 10 + column,
  ).join(","),
).join("\n");
const report = {
  limits: { seconds: extractionLimits.milliseconds / 1000, megabytes: extractionLimits.memory / MB },
  pages: await read("pdf", pdf[0]?.bytes ?? Buffer.alloc(0)),
  cells: await read("csv", Buffer.from(cells)),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
