import assert from "node:assert/strict";
import { test } from "node:test";
import { solution } from "../../../../test/support/challenge.ts";
import { openStage } from "../../../../test/support/stage.ts";
import { minutes } from "../../../kernel/clock.ts";
import type { AppError } from "../../../kernel/errors.ts";
import { MOST_FAILURES } from "./lockout.ts";
import { mailUnlockLink, signIn } from "./service.ts";

test("a workspace that does not exist cannot be told from one that does", async (t) => {
  const stage = await openStage(t, { jobs: [mailUnlockLink] });
  const company = await stage.company("harrow");
  const there = company.visitor();
  const nowhere = { ...there, tenant: null };
  const answer = async (ctx: typeof there | typeof nowhere, address: string, given?: string) => {
    const asked = ctx.tenant ? "harrow" : "no-such-place";
    return signIn(ctx, address, "Wrong-harbour-42", asked, given ?? (await solution(ctx, asked))).then(
      () => ({ code: "open" }),
      ({ code, status, message, retryAfter }: AppError) => ({ code, status, message, retryAfter }),
    );
  };
  const both = async (address: string, count: number) => {
    const answers = [];
    for (let i = 0; i < count; i++) {
      answers.push(await answer(nowhere, address));
      assert.deepEqual(answers.at(-1), await answer(there, address), `attempt ${i + 1}`);
    }
    return answers.map((a) => a.code);
  };

  await t.test("by the answers to one guess after the other, and after the pause", async () => {
    const address = "a@b.example";
    const codes = await both(address, MOST_FAILURES + 2);
    assert.deepEqual(codes, [...Array(MOST_FAILURES).fill("sign_in_failed"), "locked", "locked"]);
    stage.pass(minutes(15.1));
    assert.deepEqual(await both(address.toUpperCase(), 1), ["sign_in_failed"]);
  });

  await t.test("by the answers to many guesses at once, and the pause that they earn", async () => {
    const address = "c@d.example";
    const burst = async (ctx: typeof there | typeof nowhere) =>
      (await Promise.all(Array.from({ length: 12 }, () => answer(ctx, address)))).map((a) => a.code).sort();
    const [none, one] = [await burst(nowhere), await burst(there)];
    assert.deepEqual(none, one);
    assert.deepEqual(await both(address, 1), ["locked"]);
    stage.pass(minutes(15.1));
    assert.deepEqual(await both(address, 1), ["sign_in_failed"]);
  });

  await t.test("by whether a challenge must be solved, or by one that has served", async () => {
    stage.pass(minutes(15.1));
    const without = async (ctx: typeof there | typeof nowhere, address: string) =>
      (await answer(ctx, address, "AAAA")).code;
    for (const ctx of [nowhere, there]) {
      const codes = [];
      for (let i = 0; i < 4; i++) codes.push(await without(ctx, "e@f.example"));
      // Those without one are not counted.
      assert.deepEqual(codes, [
        "sign_in_failed",
        "sign_in_failed",
        "challenge_required",
        "challenge_required",
      ]);
      const asked = ctx.tenant ? "harrow" : "no-such-place";
      const once = await solution(ctx, asked);
      assert.equal((await answer(ctx, "e@f.example", once)).code, "sign_in_failed");
      assert.equal((await answer(ctx, "e@f.example", once)).code, "challenge_required");
      assert.equal(
        (await answer(ctx, "e@f.example", await solution(ctx, "elsewhere"))).code,
        "challenge_required",
      );
      const late = await solution(ctx, asked);
      stage.pass(minutes(5.1));
      assert.equal((await answer(ctx, "e@f.example", late)).code, "challenge_required");
      stage.pass(-minutes(5.1));
      // Ten failures of one network, each for another address, and a colleague of its /64.
      const of = (ip: string) => ({ ...ctx, origin: { ip, userAgent: "" } });
      for (let i = 0; i < 10; i++)
        assert.equal(
          await without(of(`2001:db8:1:2::${i}`), `many.${i}@f.example`),
          "sign_in_failed",
          `${i}`,
        );
      assert.equal(await without(of("2001:db8:1:2:ffff::"), "first@f.example"), "challenge_required");
      assert.equal(await without(of("2001:db8:1:3::"), "first@f.example"), "sign_in_failed");
      stage.pass(minutes(15.1));
      assert.equal(await without(of("2001:db8:1:2:ffff::"), "second@f.example"), "sign_in_failed");
    }
  });
});
