import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "./attack.ts";
import type { AttackOptions } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import type { Hole } from "./example/holes.ts";
import { notesDocument } from "./example/openapi.ts";

async function play(holes: readonly Hole[], more: Partial<AttackOptions>) {
  const { request, manifest } = notesApplication(holes);
  const classes = ["foreign-tenant"] as const;
  return attack({
    openapi: notesDocument(),
    manifest,
    request,
    seed: "one",
    patienceMs: 50,
    classes,
    ...more,
  });
}

const routesOf = ({ probes }: Awaited<ReturnType<typeof play>>) => [
  ...new Set(probes.map(({ route }) => route)),
];

test("of some operations only those are played, and the others are no gap", async () => {
  const all = routesOf(await play([], {}));
  const chosen = all.slice(0, 1);
  assert.ok(all.length > 1);
  const part = await play([], { operations: chosen });
  assert.deepEqual(routesOf(part), chosen);
  assert.deepEqual(
    part.summary.uncovered.filter(({ reason }) => reason === null),
    [],
  );
});

test("until something was breached: the first route is the last", async () => {
  const holes: Hole[] = ["idor-tenant", "idor-tenant-delete", "list-of-all-tenants"];
  const whole = await play(holes, {});
  const breached = ({ probes }: typeof whole) =>
    new Set(probes.filter(({ verdict }) => verdict === "breached").map(({ route }) => route)).size;
  assert.ok(breached(whole) > 1);
  const part = await play(holes, { untilBreached: true });
  assert.equal(breached(part), 1);
  assert.ok(routesOf(part).length < routesOf(whole).length);
});
