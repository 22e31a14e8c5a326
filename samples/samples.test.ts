import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chunk } from "../src/modules/knowledge/extraction/chunk.ts";
import { extract } from "../src/modules/knowledge/extraction/extract.ts";
import { sampleCompanies } from "./index.ts";
import { makeSamples } from "./make.ts";

test("the PDFs are what their sources give, byte for byte", async () => {
  for (const { path, bytes } of await makeSamples()) {
    assert.deepEqual(await readFile(new URL(path, import.meta.url)), Buffer.from(bytes), path);
  }
});

for (const { name: company, documents, questions } of sampleCompanies) {
  test(`${company}: every document is read, and every question has its answer in one passage where it is said to be`, async () => {
    for (const { path, name, kind } of documents) {
      const extraction = await extract(createReadStream(path), { kind, name });
      const passages = chunk(extraction.blocks);
      assert.ok(passages.length >= 3, `${name} has ${passages.length} passages`);
      assert.equal(extraction.pages !== null, kind === "pdf");
      for (const { question, expects, page } of questions.filter(({ document }) => document === name)) {
        const holding = passages.filter(({ text }) => expects.every((words) => text.includes(words)));
        assert.deepEqual(
          holding.map((passage) => passage.page),
          [page],
          question,
        );
      }
    }
    const names = new Set(documents.map(({ name }) => name));
    assert.ok(questions.length >= 3 && questions.every(({ document }) => names.has(document)));
  });
}
