import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf } from "./entries.ts";

test("each heading that begins is an entry, those above it only once", () => {
  const entries = entriesOf("pdf", [
    { no: 0, page: 1, heading: "Lease › 1 Term" },
    { no: 2, page: 2, heading: "Lease › 1 Term" },
    { no: 3, page: 2, heading: "Lease › 2 Rent" },
    { no: 5, page: 2, heading: "Annex" },
  ]);
  assert.deepEqual(
    entries.map(({ no, words, depth, aside }) => [no, words, depth, aside]),
    [
      [0, "Lease", 0, "1"],
      [0, "1 Term", 1, null],
      [3, "2 Rent", 1, "2"],
      [5, "Annex", 0, null],
    ],
  );
});

test("a document without headings is entered by its pages, in the kind's own word", () => {
  const entries = entriesOf("pptx", [
    { no: 0, page: 1, heading: null },
    { no: 1, page: 2, heading: null },
  ]);
  assert.deepEqual(
    entries.map(({ words }) => words),
    ["slide 1", "slide 2"],
  );
});
