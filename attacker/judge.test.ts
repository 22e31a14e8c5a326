import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalOf } from "./judge.ts";

const answer = (json: unknown) => ({
  ...{ status: 200, headers: {}, ms: 0, digest: "" },
  ...{ json, body: JSON.stringify(json) },
});

test("one of several is refused when an error stands beside it wherever it is named, and only then", () => {
  const refused = [{ id: "theirs", code: "not_found" }];
  assert.equal(refusalOf(answer({ done: ["mine"], refused }), "theirs"), '{"id":"<id>","code":"not_found"}');
  assert.equal(refusalOf(answer({ done: ["mine", "theirs"], refused }), "theirs"), null);
  assert.equal(refusalOf(answer({ done: ["mine", "theirs"], refused: [] }), "theirs"), null);
  assert.equal(refusalOf(answer({ done: ["mine"], refused: [{ id: "theirs" }] }), "theirs"), null);
  assert.equal(refusalOf(answer({ done: ["mine"], refused: [] }), "theirs"), null);
});
