import assert from "node:assert/strict";
import { test } from "node:test";
import { openHub } from "./hub.ts";

const never = new AbortController().signal;
const MINUTE = 60_000;

test("tells everyone who waits for a topic, once, and nobody else", async () => {
  const hub = openHub();
  const order: string[] = [];
  const waits = ["a", "a", "b"].map((topic, i) =>
    hub.wait(topic, MINUTE, never).then(() => order.push(`${topic}${i}`)),
  );
  hub.tell("nobody");
  hub.tell("a");
  await Promise.all(waits.slice(0, 2));
  assert.deepEqual(order, ["a0", "a1"]);
  hub.tell("a");
  hub.close();
  await waits[2];
  assert.deepEqual(order, ["a0", "a1", "b2"]);
});

test("waits no longer than it may, or than the other side is there", async () => {
  const hub = openHub();
  await hub.wait("a", 5, never);
  const gone = new AbortController();
  const waiting = hub.wait("a", MINUTE, gone.signal);
  gone.abort();
  await waiting;
  await hub.wait("a", MINUTE, gone.signal);
  // Whoever was told before waiting has missed it: the next one waits again.
  hub.tell("a");
  let told = false;
  const next = hub.wait("a", MINUTE, never).then(() => {
    told = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(told, false);
  hub.tell("a");
  await next;
});
