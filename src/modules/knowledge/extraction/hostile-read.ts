import assert from "node:assert/strict";
import { extractionFailure, isExtractionFailure } from "./failure.ts";
import { readDocument } from "./formats.ts";
import type { HostileFile } from "./hostile-lists.ts";
import { refusalWords, SNIFF_BYTES, sniffKind } from "./sniff.ts";

/** Microseconds of work, not of waiting: the machine may be busy. */
const LONGEST = 5_000_000;
const ANSWER = 20 * 1024 * 1024;

/** What becomes of a file, read in this process: its text, or "failed: " and the code, or "refused: " and the words. */
export async function readAlone({ name, bytes }: HostileFile): Promise<string> {
  const file = Buffer.from(await bytes());
  const head = file.subarray(0, SNIFF_BYTES);
  const kind = sniffKind(head, name);
  if (kind === null) return `refused: ${refusalWords(head, name)}`;
  const { log, info, warn } = console;
  const started = process.cpuUsage();
  const texts: string[] = [];
  let size = 0;
  const nothing = () => {};
  try {
    await readDocument(kind, file, {
      pages: nothing,
      title: nothing,
      pictures: nothing,
      block: ({ text }) => {
        texts.push(text);
        size += text.length;
        // As the child does.
        if (size > ANSWER) throw extractionFailure("too_large_inflated");
      },
    });
  } catch (error) {
    if (!isExtractionFailure(error)) throw error;
    return `failed: ${error.code}`;
  } finally {
    // The reader of PDFs keeps them for itself.
    Object.assign(console, { log, info, warn });
    const { user } = process.cpuUsage(started);
    assert.ok(user < LONGEST, `took ${user} µs`);
  }
  return size === 0 ? "failed: no_text" : texts.join("\n");
}

export function check({ verdict }: HostileFile, became: string): void {
  if ("code" in verdict) assert.equal(became.slice(0, 200), `failed: ${verdict.code}`);
  else if ("refused" in verdict) {
    assert.match(became.slice(0, 500), /^refused: /);
    assert.match(became, verdict.refused);
  } else {
    assert.doesNotMatch(became.slice(0, 100), /^(?:failed|refused): /);
    // Not assert.match: its message would be the whole text.
    assert.ok(verdict.text.test(became), `not in ${JSON.stringify(became.slice(0, 500))}`);
    assert.equal(verdict.without?.exec(became)?.[0], undefined);
  }
}
