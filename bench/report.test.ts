import assert from "node:assert/strict";
import { test } from "node:test";
import { quantile, report, spread } from "./report.ts";

test("the middle, the lowest and the highest of what was measured", () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, least: 1, most: 3 });
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, least: 1, most: 4 });
  assert.equal(quantile([0, 10, 20, 30], 0.5), 15);
  assert.ok(Number.isNaN(spread([]).median));
});

test("a bound is met on its own side only, and what could not be measured meets none", () => {
  const met = (at: "least" | "most", ratio: number) => report("x", { at, value: 0.5 }, ratio, "y", {}).met;
  assert.deepEqual([met("least", 0.5), met("least", 0.499), met("least", Number.NaN)], [true, false, false]);
  assert.deepEqual([met("most", 0.5), met("most", 0.501), met("most", Number.NaN)], [true, false, false]);
});
