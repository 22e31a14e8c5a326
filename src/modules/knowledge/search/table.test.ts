import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Language } from "./languages.ts";
import { classLengths, lengthClass } from "./lengths.ts";
import { covers, decodeTable, encodeTable, shapeOf, unknownShape } from "./table.ts";

type Entries = {
  passages: number[];
  documents: number[];
  lengths: number[];
  languages: Language[];
  depth: number;
  small: number;
};
const vectors: {
  tables: Array<Entries & { name: string; bytes: string }>;
  refused: Array<{ name: string; bytes: string }>;
} = JSON.parse(readFileSync(new URL("../../../../testdata/search/table.json", import.meta.url), "utf8"));

const tableOf = ({ passages, documents, lengths, languages, depth, small }: Entries) => ({
  passages: Uint32Array.from(passages),
  documents: Uint32Array.from(documents),
  lengths: Uint8Array.from(lengths),
  languages,
  depth,
  small,
});

/** Where runs begin of whose document another segment may have more: not all numbers beside it are here. */
function edgesOf({ passages, documents }: Entries): number[] {
  const here = new Set(passages);
  const starts = documents.flatMap((d, i) => (i === 0 || d !== documents[i - 1] ? [i] : []));
  return starts.filter((start, run) => {
    const ordinals = documents.map((_, i) => i).slice(start, starts[run + 1]);
    return ordinals.some((i) => !here.has((passages[i] ?? 0) - 1) || !here.has((passages[i] ?? 0) + 1));
  });
}

test("writes the bytes of the vectors, and reads them back", () => {
  for (const { name, bytes, ...entries } of vectors.tables) {
    const table = tableOf(entries);
    assert.equal(encodeTable(table).toString("hex"), bytes, name);
    const { words, runs, edges, ...read } = decodeTable("s", Buffer.from(bytes, "hex"));
    const size = entries.passages.length * 9 + edges.length * 4;
    assert.deepEqual(read, { segmentId: "s", ...table, bytes: size }, name);
    assert.deepEqual([...edges], edgesOf(entries), name);
    assert.equal(
      words,
      entries.lengths.reduce((sum, length) => sum + (classLengths[length] ?? 0), 0),
    );
    assert.equal(runs, entries.documents.filter((d, i) => i === 0 || d !== entries.documents[i - 1]).length);
  }
});

test("refuses what no writer writes", () => {
  for (const { name, bytes } of vectors.refused) {
    assert.throws(() => decodeTable("s", Buffer.from(bytes, "hex")), { code: "index_corrupt" }, name);
  }
});

test("any changed byte is refused, or it is another table that is written so", () => {
  const { bytes } = vectors.tables[2] ?? { bytes: "" };
  const whole = Buffer.from(bytes, "hex");
  for (let at = 0; at < whole.length; at += 1) {
    assert.throws(() => decodeTable("s", whole.subarray(0, at)), { code: "index_corrupt" });
    for (let value = 0; value < 256; value += 1) {
      const changed = Buffer.from(whole);
      changed[at] = value;
      try {
        assert.deepEqual(encodeTable(decodeTable("s", changed)), changed);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "index_corrupt");
      }
    }
  }
});

test("classes of lengths ascend, are exact below 32, and miss by less than a sixteenth", () => {
  for (let length = 0; length < 100_000; length += 1 + (length >> 7)) {
    const shortest = classLengths[lengthClass(length)] ?? 0;
    assert.ok(shortest <= length && length - shortest <= length / 16);
    assert.ok(length >= 32 || shortest === length);
    assert.ok(lengthClass(length) <= lengthClass(length + 1));
  }
  assert.equal(lengthClass(2 ** 31), 255);
});

test("a shape is what all of the tables have; one that is not known asks for every depth", () => {
  const tables = vectors.tables.map(({ bytes }) => decodeTable("s", Buffer.from(bytes, "hex")));
  const shape = shapeOf(tables);
  assert.deepEqual(shape, { languages: ["en", "de", "pt"], depths: [0, 4, 12] });
  assert.ok(covers(shape, shapeOf(tables.slice(1, 3))));
  assert.ok(!covers(unknownShape, shape));
  assert.ok(covers(unknownShape, shapeOf(tables.slice(0, 2))));
});
