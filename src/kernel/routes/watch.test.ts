import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ctx } from "../context.ts";
import { appError } from "../errors.ts";
import { openHub } from "../hub.ts";
import { watch } from "./watch.ts";

test("what a stream shows, again and again", async (t) => {
  const hub = openHub();
  const log = { info: () => {} };
  const ctx = { system: { hub }, log, tx: "open", standing: { current: "old" } } as unknown as Ctx;
  const gone = () => new AbortController();

  await t.test("at once, and after each change, with rights asked anew", async () => {
    const end = gone();
    let looks = 0;
    const seen: number[] = [];
    for await (const look of watch(
      ctx,
      { topic: "a", atLeast: 1, atMost: 60_000, gone: end.signal },
      async (c) => {
        assert.deepEqual([c.tx, c.standing.current], [null, null]);
        return ++looks;
      },
    )) {
      seen.push(look);
      if (look === 3) end.abort();
      else setTimeout(() => hub.tell("a"), 5);
    }
    assert.deepEqual(seen, [1, 2, 3]);
  });

  await t.test("a change during a look is not missed", async () => {
    const end = gone();
    let looks = 0;
    const started = performance.now();
    for await (const look of watch(
      ctx,
      { topic: "b", atLeast: 1, atMost: 60_000, gone: end.signal },
      async () => {
        hub.tell("b");
        await sleep(5);
        return ++looks;
      },
    ))
      if (look === 3) end.abort();
    assert.ok(performance.now() - started < 10_000);
  });

  await t.test("no oftener than it may, and without being told at last", async () => {
    const end = gone();
    const times: number[] = [];
    const telling = setInterval(() => hub.tell("c"), 1);
    for await (const time of watch(ctx, { topic: "c", atLeast: 60, atMost: 90, gone: end.signal }, async () =>
      performance.now(),
    )) {
      times.push(time);
      if (times.length === 3) clearInterval(telling);
      if (times.length === 4) end.abort();
    }
    clearInterval(telling);
    for (let i = 1; i < times.length; i++)
      assert.ok((times[i] ?? 0) - (times[i - 1] ?? 0) >= 55, times.join(" "));
  });

  await t.test("ends without a word when the right is gone, waits out a database that is away", async () => {
    let looks = 0;
    const seen: number[] = [];
    for await (const look of watch(
      ctx,
      { topic: "d", atLeast: 1, atMost: 5, gone: gone().signal },
      async () => {
        looks++;
        if (looks === 2) throw appError("unavailable");
        if (looks === 4) throw appError("signed_out");
        return looks;
      },
    ))
      seen.push(look);
    assert.deepEqual(seen, [1, 3]);
    const fails = watch(ctx, { topic: "e", atLeast: 1, atMost: 5, gone: gone().signal }, async () => {
      throw new Error("boom");
    });
    await assert.rejects(fails.next(), /boom/);
  });
});
