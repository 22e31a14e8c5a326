import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryLimiter } from "./token-bucket.ts";

const rate = { perMinute: 60, burst: 3 };

/** A limiter whose clock moves by hand, in seconds. */
function stopped(scale?: number, capacity?: number) {
  let now = 1_000_000;
  const limiter = memoryLimiter(() => new Date(now), scale, capacity);
  return {
    take: (key = "a", of = rate) => limiter.take(key, of),
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
  };
}

test("a burst at once, then one as often as the rate says", () => {
  const { take, pass } = stopped();
  assert.deepEqual(take(), { allowed: true, limit: 3, remaining: 2, retryAfter: 0 });
  take();
  assert.deepEqual(take(), { allowed: true, limit: 3, remaining: 0, retryAfter: 0 });
  assert.deepEqual(take(), { allowed: false, limit: 3, remaining: 0, retryAfter: 1 });
  pass(0.999);
  assert.equal(take().allowed, false);
  pass(0.001);
  assert.deepEqual([take().allowed, take().allowed], [true, false]);
  pass(3600);
  // However long it rested, never more than the burst.
  assert.deepEqual(
    [take(), take(), take(), take()].map((t) => t.allowed),
    [true, true, true, false],
  );
});

test("asking while refused costs nothing and gains nothing", () => {
  const { take, pass } = stopped();
  for (let i = 0; i < 3; i++) take();
  for (let i = 0; i < 19; i++) {
    pass(0.05);
    assert.equal(take().allowed, false);
  }
  pass(0.05);
  assert.equal(take().allowed, true);
});

test("the wait is in whole seconds, until one token is there", () => {
  const { take, pass } = stopped();
  const slow = { perMinute: 6, burst: 1 };
  take("slow", slow);
  assert.equal(take("slow", slow).retryAfter, 10);
  pass(9.5);
  assert.equal(take("slow", slow).retryAfter, 1);
  pass(0.5);
  assert.equal(take("slow", slow).allowed, true);
});

test("each key has its own", () => {
  const { take } = stopped();
  for (let i = 0; i < 4; i++) take("a");
  assert.equal(take("a").allowed, false);
  assert.equal(take("b").allowed, true);
});

test("a clock that is set back hands nothing out and takes nothing away", () => {
  const { take, pass } = stopped();
  take();
  pass(-3600);
  assert.equal(take().remaining, 1);
  take();
  assert.equal(take().allowed, false);
  pass(1);
  assert.deepEqual([take().allowed, take().allowed], [true, false]);
});

test("a scale widens limit and rate alike", () => {
  const { take, pass } = stopped(10);
  assert.equal(take().limit, 30);
  for (let i = 0; i < 29; i++) take();
  assert.equal(take().allowed, false);
  pass(0.1);
  assert.deepEqual([take().allowed, take().allowed], [true, false]);
});

test("no more buckets than its capacity, the longest untouched goes first", () => {
  const { take } = stopped(1, 3);
  for (let i = 0; i < 3; i++) take("kept");
  take("b");
  take("c");
  take("kept");
  for (const key of ["d", "e"]) take(key);
  assert.equal(take("kept").allowed, false, "the one in use was forgotten");
  assert.equal(take("b").remaining, 2, "an old one was kept");
});
