import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../test/support/refused.ts";
import { checkCharacters, MOST_DEPTH, parseJson } from "./json.ts";

const bad = refused("bad_request");

test("JSON as it was sent", () => {
  for (const [text, value] of [
    ['{"a":[1,"ü🜁",null,true]}', { a: [1, "ü🜁", null, true] }],
    [' "x" ', "x"],
    ["[]", []],
    ['"\\ud83d\\ude00 \\\\ \\" \\u00e4"', '😀 \\ " ä'],
  ] as const)
    assert.deepEqual(parseJson(text), value);
});

test("what is no JSON is refused without its text", () => {
  for (const text of ["", "{", "{a:1}", "undefined", "[1,]", "'x'", '{"a":1}x', "\ufeff{}", "NaN"]) {
    assert.throws(() => parseJson(text), bad, text);
  }
  assert.throws(
    () => parseJson('{"password":"hunter2'),
    (error: Error) => !error.message.includes("hunter2"),
  );
});

test("depth is limited before anything recurses", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assert.doesNotThrow(() => parseJson(nested(MOST_DEPTH)));
  assert.throws(() => parseJson(nested(MOST_DEPTH + 1)), bad);
  assert.throws(() => parseJson(`${'{"a":'.repeat(MOST_DEPTH + 1)}1${"}".repeat(MOST_DEPTH + 1)}`), bad);
  // As large as a body may be, and never closed.
  for (const text of ["[".repeat(1_000_000), '{"a":'.repeat(200_000), '[{"":'.repeat(200_000)])
    assert.throws(() => parseJson(text), /Nest at most/);
  // Siblings are not depth.
  assert.doesNotThrow(() => parseJson(`[${Array(1000).fill("[[{}]]").join(",")}]`));
});

test("brackets and quotes inside strings are no depth", () => {
  const brackets = "[".repeat(MOST_DEPTH * 3);
  for (const value of [brackets, `"${brackets}`, `\\${brackets}`, `\\"${brackets}`, `${brackets}\\`]) {
    const text = JSON.stringify({ [value]: value });
    assert.deepEqual(parseJson(text), { [value]: value });
  }
  // A quote that seems to end the string early would hide real depth behind it.
  assert.throws(() => parseJson(`["\\"", ${"[".repeat(MOST_DEPTH)}${"]".repeat(MOST_DEPTH)}]`), bad);
  assert.throws(() => parseJson(`["\\\\", ${"[".repeat(MOST_DEPTH)}${"]".repeat(MOST_DEPTH)}]`), bad);
});

test("what could not be stored as it was sent is refused, in keys too", () => {
  for (const text of [
    '"a\\u0000b"',
    '{"a\\u0000":1}',
    '{"a":{"b":["\\u0000"]}}',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '{"\\udfff":1}',
    '["ok","\\ud83d x"]',
  ])
    assert.throws(() => parseJson(text), /valid Unicode without NUL/, text);
  assert.throws(() => checkCharacters({ q: ["ok", "a\0"] }), bad);
  assert.doesNotThrow(() => checkCharacters({ q: ["ok", 1, null, undefined, true] }));
});

test("keys that reach a prototype are refused, however they are spelled and wherever they stand", () => {
  for (const key of ["__proto__", "constructor", "prototype", "\\u005f_proto__", "const\\u0072uctor"]) {
    assert.throws(() => parseJson(`{"${key}":{"admin":true}}`), bad, key);
    assert.throws(() => parseJson(`[{"a":{"${key}":1}}]`), bad, key);
  }
  assert.deepEqual(parseJson('["__proto__","constructor"]'), ["__proto__", "constructor"]);
  assert.equal(({} as { admin?: boolean }).admin, undefined);
});
