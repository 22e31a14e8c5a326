import assert from "node:assert/strict";
import { test } from "node:test";
import { prepareValue } from "./values.ts";

test("a parameter is text, or bytes, or nothing", () => {
  const bytes = Buffer.from([1, 2, 3]);
  const whole = new Uint8Array([0, 1, 2, 3, 4]);
  for (const [value, prepared] of [
    [null, null],
    [undefined, null],
    ["", ""],
    [false, "false"],
    [0, "0"],
    [-0.5, "-0.5"],
    [12n, "12"],
    [bytes, bytes],
    [whole.subarray(1, 3), Buffer.from([1, 2])],
    [new Date("2026-01-02T03:04:05.006Z"), "2026-01-02T03:04:05.006Z"],
    [{ a: [null, "ü"] }, '{"a":[null,"ü"]}'],
  ])
    assert.deepEqual(prepareValue(value), prepared);
});

test("an array is a literal in which every element is quoted", () => {
  assert.equal(prepareValue([]), "{}");
  assert.equal(prepareValue([null, undefined, "NULL", ""]), '{NULL,NULL,"NULL",""}');
  assert.equal(prepareValue(['"', "\\", '\\"', "}", ","]), '{"\\"","\\\\","\\\\\\"","}",","}');
  assert.equal(prepareValue([[1, 2], [3]]), '{{"1","2"},{"3"}}');
  assert.equal(prepareValue([Buffer.from([0, 255])]), '{"\\\\x00ff"}');
  assert.equal(prepareValue([{ a: '"' }]), '{"{\\"a\\":\\"\\\\\\"\\"}"}');
});
