import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "./attack.ts";
import { CLASSES, type ClassName, type Ledger } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import { HOLES, type Hole } from "./example/holes.ts";
import { notesDocument } from "./example/openapi.ts";
import { isClean } from "./ledger.ts";

function run(holes: readonly Hole[], classes?: readonly ClassName[]): Promise<Ledger> {
  const { request, manifest } = notesApplication(holes);
  const chosen = classes ? { classes } : {};
  return attack({ openapi: notesDocument(), manifest, seed: "one", request, patienceMs: 50, ...chosen });
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
  assert.ok(ledger.summary.probes > 500);
  assert.deepEqual(ledger.summary.classes, CLASSES);
});

// Each hole by the class that has to find it, which is where an attack of all classes finds it too: a route is attacked
// by every class apart. What the server does at all, documented or not (`coverage`), is looked at whatever the class.
for (const [hole, found] of Object.entries(HOLES)) {
  test(`the hole "${hole}" is found by ${found}`, async () => {
    const ledger = await run(
      [hole as Hole],
      CLASSES.filter((name) => name === found),
    );
    const breaches = ledger.probes.filter((probe) => probe.verdict === "breached");
    assert.ok(breaches.some((probe) => probe.class === found));
    assert.ok(!isClean(ledger));
  });
}
