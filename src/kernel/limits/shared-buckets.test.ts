import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { after, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis, withoutRedis } from "../../../test/support/redis.ts";
import { refused } from "../../../test/support/refused.ts";
import { until } from "../../../test/support/until.ts";
import { systemClock } from "../clock.ts";
import { openLog } from "../log.ts";
import { openValkey } from "../valkey/connection.ts";
import { sharedLimiter } from "./shared-buckets.ts";
import { memoryLimiter, type Rate, rates } from "./token-bucket.ts";

describe("token buckets of several processes", { skip: withoutRedis }, async () => {
  if (withoutRedis) return;
  const redis = await startRedis();
  after(() => redis.close());
  const name = createSecretKey(randomBytes(32));
  let lines: string[] = [];
  beforeEach(() => {
    lines = [];
  });
  /** As another process would have it: a connection and a memory of its own. */
  const limiter = async (t: { after(fn: () => void): void }) => {
    const log = openLog("info", { write: (line) => void lines.push(line) });
    const valkey = await openValkey(redis.url, log);
    t.after(() => valkey.close());
    return sharedLimiter(valkey, memoryLimiter(systemClock), name);
  };
  const slow: Rate = { perMinute: 1, burst: 50 };

  test("many at once from several processes get exactly what is there", async (t) => {
    const all = await Promise.all([limiter(t), limiter(t), limiter(t)]);
    const taken = await Promise.all(Array.from({ length: 200 }, (_, i) => all[i % 3]?.take("crowd", slow)));
    assert.equal(taken.filter((one) => one?.allowed).length, 50);
    const late = await all[0]?.take("crowd", slow);
    assert.deepEqual([late?.allowed, late?.limit, late?.remaining], [false, 50, 0]);
    assert.ok((late?.retryAfter ?? 0) >= 50 && (late?.retryAfter ?? 0) <= 60);
    // What Valkey sees are keyed hashes, and each lapses.
    for (const key of await redis.keys()) assert.match(key, /^vouchsafe:rate:[\w-]{22}$/);
  });

  test("a token comes back as often as the rate says, and never more than the burst", async (t) => {
    const one = await limiter(t);
    const quick: Rate = { perMinute: 600, burst: 2 };
    const allowed = async () => (await one.take("quick", quick)).allowed;
    const count = async (milliseconds: number) => {
      const begin = performance.now();
      let passed = 0;
      while (performance.now() - begin < milliseconds) if (await allowed()) passed++;
      return { passed, most: 10 * ((performance.now() - begin) / 1000) };
    };
    assert.deepEqual([await allowed(), await allowed()], [true, true]);
    const { passed, most } = await count(400);
    assert.ok(passed >= 3 && passed <= most + 1, `${passed} of ${most}`);
    await sleep(450);
    // However long it rested, never more than the burst.
    const rested = await count(1);
    assert.ok(rested.passed >= 1 && rested.passed <= 2 + rested.most + 1, `${rested.passed}`);
  });

  test("who is refused takes nothing from the whole, and an empty whole answers", async (t) => {
    const one = await limiter(t);
    const mine: Rate = { perMinute: 1, burst: 1 };
    const whole = { key: "whole", rate: { perMinute: 1, burst: 2 } };
    const results = [];
    for (const who of ["a", "a", "a", "b", "c"]) results.push(await one.take(who, mine, whole));
    assert.deepEqual(
      results.map((r) => [r.allowed, r.limit]),
      [
        [true, 1],
        [false, 1],
        [false, 1],
        [true, 1],
        [false, 2],
      ],
    );
  });

  test("without it sign-in is refused, the rest counts alone; said once, and it comes back", async (t) => {
    const one = await limiter(t);
    const mine: Rate = { perMinute: 1, burst: 3 };
    await one.take("known", mine);
    for (const [lose, restore] of [
      [() => redis.kill(), () => redis.start()],
      [async () => redis.hang(), async () => redis.goOn()],
    ] as const) {
      lines = [];
      await lose();
      const begin = performance.now();
      await assert.rejects(async () => one.take("door", rates["sign-in"]), refused("busy"));
      const taken = [];
      for (let i = 0; i < 30; i++) taken.push((await one.take(`alone ${lose}`, mine)).allowed);
      assert.equal(taken.filter(Boolean).length, 3, "the process counts by itself");
      // Thirty questions to a silence would be eighteen seconds: only the first waits.
      assert.ok(performance.now() - begin < 6000, `${performance.now() - begin} ms`);
      assert.equal(lines.filter((line) => /cannot be reached/.test(line)).length, 1, lines.join(""));
      await restore();
      await until(
        async () =>
          Promise.resolve(one.take(`back ${lose}`, rates["sign-in"])).then(
            () => true,
            () => false,
          ),
        10,
      );
      assert.equal(lines.filter((line) => /answers again/.test(line)).length, 1);
    }
  });

  test("a process that was itself held up does not take that for a silence", async (t) => {
    const one = await limiter(t);
    const taken = Promise.all(Array.from({ length: 5 }, () => one.take("held-up", rates["sign-in"])));
    for (const end = performance.now() + 1500; performance.now() < end; );
    assert.equal((await taken).filter(({ allowed }) => allowed).length, 5);
    assert.deepEqual(lines, []);
  });
});
