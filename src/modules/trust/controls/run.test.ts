import assert from "node:assert/strict";
import { test } from "node:test";
import { type Control, type Finding, outcomeOf } from "../../../kernel/controls.ts";
import type { Stage } from "../stage/stage.ts";
import { runControls } from "./run.ts";

// Of a stage, running controls looks at nothing but what was chosen.
const stage = (only: string[]) => ({ only, aim: {} }) as unknown as Stage;

function control(id: string, order: string[], more: Partial<Control<Stage>> = {}): Control<Stage> {
  const finding = { verdict: "held", what: id, who: "", got: "404" } as const;
  const look = (what: string) => async () => {
    order.push(`${id} ${what}`);
    return outcomeOf([finding], what);
  };
  return { id, kind: "tested", removed: "nothing", check: look("check"), lastly: look("lastly"), ...more };
}

test("what destroys the stage comes after every check, and its findings are added", async () => {
  const order: string[] = [];

  const [first, second] = ["tenancy.no-escalation", "identity.sessions"] as const;
  const progress: string[] = [];
  const results = await runControls(
    stage([first, second]),
    [control(first, order, { last: true }), control(second, order)],
    "1",
    { progress: (id) => void progress.push(id) },
  );
  assert.deepEqual(order.slice(0, 2), ["identity.sessions check", "tenancy.no-escalation check"]);
  assert.deepEqual(order.slice(2).sort(), ["identity.sessions lastly", "tenancy.no-escalation lastly"]);
  assert.deepEqual(progress.toSorted(), [second, first]);
  for (const result of results) {
    assert.deepEqual([result.result, result.subjects, result.summary], ["held", 2, "check; lastly"]);
  }
});

test("a claim is broken when either look breaks it, or cannot be carried out", async () => {
  const broken = { verdict: "broken", what: "", who: "", got: "200" } as const;
  for (const lastly of [
    async () => outcomeOf([broken], ""),
    async () => {
      throw new Error("no stage left");
    },
  ]) {
    const [result] = await runControls(
      stage(["identity.sessions"]),
      [control("identity.sessions", [], { lastly })],
      "1",
    );
    assert.equal(result?.result, "broken");
    assert.equal(result?.subjects, 2);
  }
});

test("what is broken is among the evidence, however much could not be judged", async () => {
  const findings: Finding[] = [
    ...Array.from(
      { length: 40 },
      () => ({ verdict: "inconclusive", what: "", who: "", got: "429" }) as const,
    ),
    { verdict: "broken", what: "GET /session", who: "", got: "200" },
  ];
  const check = async () => outcomeOf(findings, "");
  const [result] = await runControls(
    stage(["identity.sessions"]),
    [control("identity.sessions", [], { check, lastly: check })],
    "1",
  );
  assert.equal(result?.evidence[0]?.verdict, "broken");
});
