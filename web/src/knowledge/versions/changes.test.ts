import assert from "node:assert/strict";
import { test } from "node:test";
import { differing, otherOf, runsOf } from "./changes.ts";

const line = (kind: "same" | "added" | "removed", text: string) => ({ kind, text, page: null });

test("what is removed and what is put in its place are one change", () => {
  const runs = runsOf([
    line("same", "a"),
    line("removed", "b"),
    line("added", "c"),
    line("added", "d"),
    line("same", "e"),
    line("removed", "f"),
  ]);
  assert.deepEqual(
    runs.map(({ kind, change, lines }) => [kind, change, lines.length]),
    [
      ["same", null, 1],
      ["removed", 0, 1],
      ["added", 0, 2],
      ["same", null, 1],
      ["removed", 1, 1],
    ],
  );
  assert.deepEqual(
    otherOf(runs, 1).map(({ text }) => text),
    ["c", "d"],
  );
  assert.deepEqual(otherOf(runs, 4), []);
});

test("of two lines that are much alike the words that differ are told; nothing of the line is lost", () => {
  const [old, now] = ["by giving three months’ written notice", "by giving six months’ written notice"];
  assert.deepEqual(differing(old, now), [
    ["by giving ", false],
    ["three ", true],
    ["months’ written notice", false],
  ]);
  assert.deepEqual(differing("one thing", "quite another"), [["one thing", true]]);
  assert.deepEqual(differing("alone", undefined), [["alone", true]]);
  for (const [a, b] of [
    [old, now],
    ["a a a", "a a"],
    ["", "x"],
  ] as const)
    assert.equal(
      differing(a, b)
        .map(([text]) => text)
        .join(""),
      a,
    );
});
