import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf } from "./address.ts";
import { groupsOf } from "./groups.ts";

test("of an address only what makes sense is searched for", () => {
  assert.deepEqual(
    addressOf({ q: 2027, folder: "", kind: "exe", owner: "mine", since: "2026-03-01", until: "soon" }),
    { q: "2027", owner: "mine", since: "2026-03-01" },
  );
});

test("passages of one document that follow each other stand under one name", () => {
  const hit = (id: string, passage: number) => ({
    document: { id, name: id, kind: "pdf" as const, folder: null },
    passage,
    page: null,
    heading: null,
    text: "",
    marks: [],
    headingMarks: [],
    nameMarks: [],
  });
  const groups = groupsOf([hit("a", 1), hit("a", 4), hit("b", 0), hit("a", 2)]);
  assert.deepEqual(
    groups.map(({ document, hits }) => [document.id, hits.map(({ passage }) => passage)]),
    [
      ["a", [1, 4]],
      ["b", [0]],
      ["a", [2]],
    ],
  );
});
