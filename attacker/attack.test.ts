import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "./attack.ts";
import type { Ledger } from "./contract.ts";
import { HOLES, type Hole } from "./example/holes.ts";
import { notesApplication } from "./example/notes.ts";
import { notesDocument } from "./example/openapi.ts";
import { isClean } from "./ledger.ts";

function run(holes: readonly Hole[], seed = "one"): Promise<Ledger> {
  const { request, manifest } = notesApplication(holes);
  return attack({ openapi: notesDocument(), manifest, seed, request, patienceMs: 50 });
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
});

for (const [hole, found] of Object.entries(HOLES)) {
  test(`the hole "${hole}" is found by ${found}`, async () => {
    const ledger = await run([hole as Hole]);
    const breaches = ledger.probes.filter((probe) => probe.verdict === "breached");
    assert.ok(breaches.some((probe) => probe.class === found));
    assert.ok(!isClean(ledger));
  });
}
