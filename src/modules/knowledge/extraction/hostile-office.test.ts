import assert from "node:assert/strict";
import { test } from "node:test";
import { isExtractionFailure } from "./failure.ts";
import { readDocument } from "./formats.ts";
import type { HostileFile } from "./hostile-files.ts";
import { hostileOfficeRead } from "./hostile-office.ts";
import { SNIFF_BYTES, sniffKind } from "./sniff.ts";

/** Microseconds of work, not of waiting: the machine may be busy. */
const LONGEST = 5_000_000;
const ANSWER = 20 * 1024 * 1024;

async function became({ name, bytes }: HostileFile): Promise<string> {
  const file = Buffer.from(await bytes());
  const kind = sniffKind(file.subarray(0, SNIFF_BYTES), name);
  assert.ok(kind, "its first bytes and name look like an office file");
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
      },
    });
  } catch (error) {
    if (!isExtractionFailure(error)) throw error;
    return `failed: ${error.code}`;
  } finally {
    const { user } = process.cpuUsage(started);
    assert.ok(user < LONGEST, `took ${user} µs`);
    assert.ok(size < ANSWER, `${size} characters`);
  }
  return texts.length === 0 ? "failed: no_text" : texts.join("\n");
}

for (const file of hostileOfficeRead) {
  test(file.name, async () => {
    const end = await became(file);
    if ("code" in file.verdict) assert.equal(end.slice(0, 200), `failed: ${file.verdict.code}`);
    else if ("text" in file.verdict) {
      assert.ok(file.verdict.text.test(end), end.slice(0, 500));
      assert.equal(file.verdict.without?.exec(end)?.[0], undefined);
    } else assert.fail("office files are taken");
  });
}
