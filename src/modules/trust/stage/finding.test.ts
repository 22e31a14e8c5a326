import assert from "node:assert/strict";
import { test } from "node:test";
import { outcomeOf } from "../../../kernel/controls.ts";
import { finding, untilBroken } from "./finding.ts";

const never = () => new Promise<never>(() => {});

test("a look until something is broken answers with that, and waits for nothing behind it", async () => {
  const outcome = await untilBroken(async () => {
    finding(true, "GET /documents", "a stranger", "404");
    finding(false, "GET /session", "a stranger", "200");
    return never();
  })(null);
  assert.deepEqual(
    outcome.findings.map(({ what, verdict }) => [what, verdict]),
    [["GET /session", "broken"]],
  );
});

test("where nothing is broken it answers like any look, and fails like one", async () => {
  const held = await untilBroken(async () => outcomeOf([finding(true, "GET /session", "", "404")], "all"))(
    null,
  );
  assert.equal(held.summary, "all");
  await assert.rejects(
    untilBroken(async () => {
      throw new Error("no stage");
    })(null),
    /no stage/,
  );
});

test("what another look finds broken at the same time is not taken for its own", async () => {
  const [green, red] = await Promise.all([
    untilBroken(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return outcomeOf([finding(true, "GET /documents", "", "404")], "green");
    })(null),
    untilBroken(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      finding(false, "GET /session", "", "200");
      return never();
    })(null),
  ]);
  assert.equal(green?.summary, "green");
  assert.equal(red?.findings[0]?.verdict, "broken");
});
