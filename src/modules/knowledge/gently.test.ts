import assert from "node:assert/strict";
import { test } from "node:test";
import { longestFreeze } from "../../../test/support/freeze.ts";
import { atOnce, gently, type Steps } from "./gently.ts";

function* work(milliseconds: number): Steps<string> {
  for (const end = performance.now() + milliseconds; performance.now() < end; ) yield;
  return "done";
}

test("long work lets others go first, and gives its result", async () => {
  let result = "";
  const freeze = await longestFreeze(async () => {
    result = await gently(work(300));
  });
  assert.equal(result, "done");
  assert.ok(freeze < 150, `${freeze} ms`);
  assert.equal(atOnce(work(1)), "done");
});

test("what goes wrong in a step is thrown", async () => {
  const failing = function* (): Steps<never> {
    yield;
    throw new Error("boom");
  };
  await assert.rejects(gently(failing()), /boom/);
});
