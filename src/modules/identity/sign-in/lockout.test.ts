import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage } from "../../../../test/support/stage.ts";
import { minutes } from "../../../kernel/clock.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { countAttempt, forgetAttempts, forgetFailures, lock, MOST_FAILURES } from "./lockout.ts";

test("counting failed attempts", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const hash = (n: number) => Buffer.alloc(32, n);
  const count = (of: Buffer, at = company) => unit(at.visitor(), (ctx) => countAttempt(ctx, of));
  const close = (of: Buffer) => unit(company.visitor(), (ctx) => lock(ctx, of));
  const minutesUntil = (date: Date | null) =>
    date === null ? null : Math.round((date.getTime() - stage.system.clock().getTime()) / 60_000);
  /** Fails until it is locked, as sign-in does, and answers for how many minutes. */
  const failAll = async (of: Buffer) => {
    for (let i = 1; i <= MOST_FAILURES; i++)
      assert.deepEqual(await count(of), { failures: i, lockedUntil: null });
    return minutesUntil(await close(of));
  };

  await t.test("a pause is twice as long at each repetition, and never longer than a day", async () => {
    const spans: (number | null)[] = [];
    for (let i = 0; i < 9; i++) {
      const span = (await failAll(hash(1))) ?? 0;
      spans.push(span);
      assert.equal(minutesUntil((await count(hash(1))).lockedUntil), span);
      stage.pass(minutes(span) - minutes(0.5));
      assert.notEqual((await count(hash(1))).lockedUntil, null);
      stage.pass(minutes(0.6));
    }
    assert.deepEqual(spans, [15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
  });

  await t.test("attempts during a pause neither count nor prolong it", async () => {
    await failAll(hash(2));
    for (let i = 0; i < 20; i++) await count(hash(2));
    const { failures, lockedUntil } = await count(hash(2));
    assert.deepEqual([failures, minutesUntil(lockedUntil)], [MOST_FAILURES, 15]);
  });

  await t.test("failures older than fifteen minutes are forgotten", async () => {
    for (let i = 1; i < MOST_FAILURES; i++) await count(hash(3));
    stage.pass(minutes(14.9));
    assert.equal((await count(hash(3))).failures, MOST_FAILURES);
    stage.pass(minutes(0.2));
    assert.deepEqual(await count(hash(3)), { failures: 1, lockedUntil: null });
  });

  await t.test("of many at once, five count as attempts and the pause is of the usual length", async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => count(hash(4))));
    assert.equal(all.filter((a) => a.lockedUntil === null).length, MOST_FAILURES);
    assert.deepEqual(
      all
        .filter((a) => a.lockedUntil === null)
        .map((a) => a.failures)
        .sort(),
      [1, 2, 3, 4, 5],
    );
    const { lockedUntil } = await count(hash(4));
    assert.equal(minutesUntil(lockedUntil), 15);
  });

  await t.test("each address, and each tenant, has its own", async () => {
    await failAll(hash(5));
    assert.equal((await count(hash(6))).failures, 1);
    assert.deepEqual(await count(hash(5), other), { failures: 1, lockedUntil: null });
  });

  await t.test("a success, a link or an admin forgets them", async () => {
    await failAll(hash(7));
    await unit(company.visitor(), (ctx) => forgetAttempts(ctx, hash(7)));
    assert.deepEqual(await count(hash(7)), { failures: 1, lockedUntil: null });
    const person = await company.hire("Ada", "viewer");
    const keys = await stage.system.keyring.tenant(company.id);
    const own = keys.lookup("member.address", person.address);
    await failAll(own);
    await unit(company.job(), (ctx) => forgetFailures(ctx, person.id));
    assert.deepEqual(await count(own), { failures: 1, lockedUntil: null });
    assert.equal((await count(hash(7))).failures, 2, "somebody else's were forgotten too");
  });
});
