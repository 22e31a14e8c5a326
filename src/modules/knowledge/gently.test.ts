import assert from "node:assert/strict";
import { test } from "node:test";
import { atOnce, gently, type Steps } from "./gently.ts";

function* work(milliseconds: number): Steps<string> {
  for (const end = performance.now() + milliseconds; performance.now() < end; ) yield;
  return "done";
}

/** The longest time, in milliseconds, for which nobody else was served while `run` ran. */
export async function longestFreeze(run: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let before = performance.now();
  let running = true;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  await new Promise(setImmediate);
  await run();
  running = false;
  await new Promise(setImmediate);
  return longest;
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
