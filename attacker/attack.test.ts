import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { attack } from "./attack.ts";
import { type AttackOptions, CLASSES, type ClassName, type Ledger } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import { HOLES, type Hole } from "./example/holes.ts";
import { notesDocument } from "./example/openapi.ts";
import { isClean } from "./ledger.ts";

// What needs a connection: all else goes by function call, which is much faster.
const OVER_HTTP: readonly string[] = ["stream", "exhaustion"];

async function run(
  holes: readonly Hole[],
  classes?: readonly ClassName[],
  more: Partial<AttackOptions> = {},
): Promise<Ledger> {
  const { request, manifest, listen } = notesApplication(holes);
  const chosen = classes ? { classes } : {};
  const how = { openapi: notesDocument(), seed: "one", patienceMs: 50, ...chosen, ...more };
  if (!classes?.some((name) => OVER_HTTP.includes(name))) return attack({ ...how, manifest, request });
  const { origin, close } = await listen();
  try {
    return await attack({ ...how, manifest: { ...manifest, origin } });
  } finally {
    await close();
  }
}

test("nothing is reported on the repaired application", async () => {
  const ledger = await run([]);
  const bad = ledger.probes.filter((probe) => probe.verdict !== "held");
  assert.deepEqual(bad, []);
  assert.deepEqual(
    ledger.summary.uncovered.filter(({ reason }) => reason === null),
    [],
  );
  assert.ok(isClean(ledger));
  assert.ok(ledger.summary.probes > 2_000);
  assert.deepEqual(ledger.summary.classes, CLASSES);
});

test("nothing is reported on the repaired application by what needs a connection", async () => {
  const ledger = await run(
    [],
    CLASSES.filter((name) => OVER_HTTP.includes(name)),
  );
  assert.deepEqual(
    ledger.probes.filter((probe) => probe.verdict !== "held"),
    [],
  );
  assert.ok(ledger.probes.length > 10);
  assert.ok(isClean(ledger));
});

// Each hole by the class that has to find it, which is where an attack of all classes finds it too: a route is attacked
// by every class apart. What the server does at all, documented or not (`coverage`), is looked at whatever the class.
const holes = Object.entries(HOLES);
// What measures time must have the process to itself; the rest mostly waits.
const isTimed = ([, found]: (typeof holes)[number]) => found === "told-apart" || found === "exhaustion";
for (const [hole, found] of holes.filter(isTimed)) {
  test(`the hole "${hole}" is found by ${found}`, () => isFound(hole as Hole, found));
}
describe("the other holes", { concurrency: 8 }, () => {
  for (const [hole, found] of holes.filter((one) => !isTimed(one))) {
    test(`the hole "${hole}" is found by ${found}`, () => isFound(hole as Hole, found));
  }
});

async function isFound(hole: Hole, found: ClassName | "coverage"): Promise<void> {
  const ledger = await run(
    [hole],
    CLASSES.filter((name) => name === found),
    { untilBreached: true },
  );
  const breaches = ledger.probes.filter((probe) => probe.verdict === "breached");
  assert.ok(breaches.some((probe) => probe.class === found));
  assert.ok(!isClean(ledger));
}
