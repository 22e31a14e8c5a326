import assert from "node:assert/strict";
import { test } from "node:test";
import type { Defence } from "../../../defences/defence.ts";
import type { ControlResult } from "../controls/run.ts";
import { problemOf, verdictOf } from "./source-copy.ts";

const defence = (more: Partial<Defence>): Defence => ({
  words: "a guard",
  claim: "identity.sessions",
  file: "guard.ts",
  text: "if (late) refuse();",
  without: "",
  ...more,
});

test("a defence is removed where it stands as often as the list says", () => {
  const once = "const late = true;\nif (late) refuse();\n";
  for (const [more, source, right] of [
    [{}, once, true],
    [{}, once + once, false],
    [{ times: 2 }, once + once, true],
    [{ times: 2 }, once, false],
    [{}, "", false],
    [{ without: "if (late) refuse();" }, once, false],
  ] as const)
    assert.equal(problemOf(defence(more), source) === null, right, JSON.stringify(more));
});

const seen = { verdict: "broken", what: "GET /session", who: "", got: "200" } as const;
const held = { verdict: "held", what: "GET /documents", who: "", got: "404" } as const;
const failed = { verdict: "broken", what: "the check itself", who: "", got: "no answer" } as const;

const result = (result: ControlResult["result"], ...evidence: ControlResult["evidence"]) =>
  [{ id: "identity.sessions", result, evidence }] as unknown as ControlResult[]; // all that a verdict looks at

test("a removal is noticed by a check that ran and saw something broken, and by nothing else", () => {
  for (const [looked, noticed] of [
    [{ results: result("broken", seen, held) }, true],
    [{ results: result("broken", failed, seen) }, true],
    [{ results: result("broken", failed) }, false],
    // What held before does not make a failure of the check an observation.
    [{ results: result("broken", failed, held) }, false],
    [{ results: result("held", held) }, false],
    [{ results: result("not-run") }, false],
    [{ results: [] }, false],
    [{ problem: "did not start" }, false],
  ] as const)
    assert.equal(verdictOf(looked, "identity.sessions").noticed, noticed, JSON.stringify(looked));
  assert.equal(verdictOf({ results: result("broken", seen) }, "identity.lockout").noticed, false);
});
