import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeTable, encodeTable } from "./table.ts";

type Entries = { passages: number[]; documents: number[]; lengths: number[] };
const vectors: {
  tables: Array<Entries & { name: string; bytes: string }>;
  refused: Array<{ name: string; bytes: string }>;
} = JSON.parse(readFileSync(new URL("../../../../testdata/search/table.json", import.meta.url), "utf8"));

test("writes the bytes of the vectors, and reads them back", () => {
  for (const { name, bytes, passages, documents, lengths } of vectors.tables) {
    const table = {
      passages: Uint32Array.from(passages),
      documents: Uint32Array.from(documents),
      lengths: Uint32Array.from(lengths),
    };
    assert.equal(encodeTable(table).toString("hex"), bytes, name);
    const read = decodeTable("s", Buffer.from(bytes, "hex"));
    assert.deepEqual(read, { segmentId: "s", ...table, bytes: passages.length * 12 }, name);
  }
});

test("refuses what no writer writes", () => {
  for (const { name, bytes } of vectors.refused) {
    assert.throws(() => decodeTable("s", Buffer.from(bytes, "hex")), { code: "index_corrupt" }, name);
  }
});
