import assert from "node:assert/strict";
import { test } from "node:test";
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
  const answer = (ctx: typeof there | typeof nowhere, address: string) =>
    signIn(ctx, address, "Wrong-harbour-42", ctx.tenant ? "harrow" : "no-such-place").then(
      () => ({ code: "open" }),
      ({ code, status, message, retryAfter }: AppError) => ({ code, status, message, retryAfter }),
    );
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
});
