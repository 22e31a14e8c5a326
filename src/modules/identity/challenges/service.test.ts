import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage } from "../../../../test/support/stage.ts";
import { minutes } from "../../../kernel/clock.ts";
import { solve } from "../../trust/stage/client.ts";
import { makeChallenge, readSolution, VALID_FOR, WORK } from "./service.ts";

test("challenges", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const { config } = stage.system;
  const ctx = { ...company.visitor(), system: { ...stage.system, config: { ...config, rateScale: 500 } } };
  const payload = (changes: Record<string, unknown>, of: string) =>
    Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(of, "base64").toString()), ...changes })).toString(
      "base64",
    );

  await t.test("a solved one is good in its workspace, until it expires", async () => {
    const challenge = await makeChallenge(ctx, "harrow");
    const solution = await solve(challenge);
    const solved = await readSolution(ctx, "harrow", solution);
    assert.equal(solved?.challenge.toString("hex"), challenge.challenge);
    const left = (solved?.expiresAt.getTime() ?? 0) - stage.system.clock().getTime();
    assert.ok(left > VALID_FOR - 2000 && left <= VALID_FOR);
    assert.equal(await readSolution(ctx, "bexley", solution), null, "good in another workspace");
    assert.equal(await readSolution(ctx, "", solution), null);
    assert.equal(await readSolution(ctx, "harrow"), null);
    stage.pass(minutes(4.9));
    assert.ok(await readSolution(ctx, "harrow", solution));
    stage.pass(minutes(0.2));
    assert.equal(await readSolution(ctx, "harrow", solution), null, "good after its time");
  });

  await t.test("nothing else is", async () => {
    const challenge = await makeChallenge(ctx, "harrow");
    const solution = await solve(challenge);
    const { number, salt } = JSON.parse(Buffer.from(solution, "base64").toString()) as {
      number: number;
      salt: string;
    };
    for (const changes of [
      { number: number + 1 },
      { number: String(number) },
      { number: -1 },
      { number: number + 0.5 },
      { number: null },
      { algorithm: "SHA-1" },
      { algorithm: "sha-256" },
      { challenge: challenge.challenge.toUpperCase() },
      { challenge: "0".repeat(64) },
      { signature: "0".repeat(64) },
      { signature: "" },
      // The same text cut elsewhere, another time, no time.
      { salt: salt.slice(0, -1) },
      { salt: salt.replace(/expires=\d+/, "expires=9999999999") },
      { salt: salt.replace(/\?.*/, "") },
      { salt: `${salt}${number}` },
      { salt: null },
    ])
      assert.equal(
        await readSolution(ctx, "harrow", payload(changes, solution)),
        null,
        JSON.stringify(changes),
      );
    for (const text of [
      "",
      "AAAA",
      "bnVsbA==",
      "W10=",
      "x".repeat(1000),
      Buffer.from("{}").toString("base64"),
    ])
      assert.equal(await readSolution(ctx, "harrow", text), null, text);
    assert.ok(await readSolution(ctx, "harrow", solution));
  });

  await t.test("each is new, and as much work as was said", async () => {
    const earnest = await makeChallenge(company.visitor(), "harrow");
    assert.equal(earnest.maxnumber, WORK);
    assert.equal((await makeChallenge(ctx, "harrow")).maxnumber, WORK / 500);
    const many = await Promise.all(Array.from({ length: 50 }, () => makeChallenge(ctx, "harrow")));
    assert.equal(new Set(many.map((c) => c.challenge)).size, 50);
  });
});
