import assert from "node:assert/strict";
import { test } from "node:test";
import { solution } from "../../../../test/support/challenge.ts";
import { asSuperuser, meetingAt, openStage, PASSWORD } from "../../../../test/support/stage.ts";
import type { AppError } from "../../../kernel/errors.ts";
import { mailUnlockLink, signIn } from "./service.ts";

const WRONG = "Wrong-harbour-42-lanterns";

test("a challenge after failures", async (t) => {
  const stage = await openStage(t, { jobs: [mailUnlockLink] });
  const company = await stage.company("harrow");
  const attempt = (address: string, password: string, given?: string, ip = "203.0.113.5") => {
    const ctx = { ...company.visitor(), origin: { ip, userAgent: "" } };
    return signIn(ctx, address, password, "harrow", given).then(
      ({ state }) => state,
      (error: AppError) => error.code as string,
    );
  };
  const solved = () => solution(company.visitor(), "harrow");
  const failures = () =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select failures from sign_in_guard order by failures desc limit 1",
      );
      return rows[0]?.failures as number | undefined;
    });

  await t.test("the right password needs one as well, and forgets the failures", async () => {
    const person = await company.hire("Ada", "viewer");
    assert.equal(await attempt(person.address, WRONG), "sign_in_failed");
    assert.equal(await attempt(person.address, WRONG), "sign_in_failed");
    assert.equal(await attempt(person.address, PASSWORD), "challenge_required");
    assert.equal(await failures(), 2, "an attempt that nobody looked at was counted");
    assert.equal(await attempt(person.address, PASSWORD, await solved()), "open");
    assert.equal(await attempt(person.address, PASSWORD), "open");
  });

  await t.test("one solution serves one of two that bring it at once", async () => {
    const person = await company.hire("Bo", "viewer");
    for (let i = 0; i < 2; i++) await attempt(person.address, WRONG, undefined, "203.0.113.6");
    const one = await solved();
    const both = await meetingAt(stage, "lock table challenge_used in access exclusive mode", [
      () => attempt(person.address, WRONG, one, "203.0.113.6"),
      () => attempt(person.address, WRONG, one, "203.0.113.6"),
    ]);
    const codes = both.map((b) => (b.status === "fulfilled" ? b.value : "error")).sort();
    assert.deepEqual(codes, ["challenge_required", "sign_in_failed"]);
  });

  await t.test("a pause is told of first, and solutions that have expired are forgotten", async () => {
    const address = "nobody@harrow.example";
    const ip = "203.0.113.7";
    for (let i = 0; i < 2; i++) assert.equal(await attempt(address, WRONG, undefined, ip), "sign_in_failed");
    for (let i = 0; i < 3; i++)
      assert.equal(await attempt(address, WRONG, await solved(), ip), "sign_in_failed");
    assert.equal(await attempt(address, WRONG, undefined, ip), "locked");
    stage.pass(6 * 60_000);
    await attempt("another@harrow.example", WRONG, await solved(), ip);
    const used = await asSuperuser(stage.database, (client) => client.query("select 1 from challenge_used"));
    assert.equal(used.rowCount, 1);
  });
});
