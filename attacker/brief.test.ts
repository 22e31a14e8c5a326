import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "./attack.ts";
import { interval } from "./classes/told-apart.ts";
import type { AttackOptions, ClassName } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import { notesDocument } from "./example/openapi.ts";
import { isClean } from "./ledger.ts";

const run = (classes: ClassName[], more: Partial<AttackOptions> = {}) => {
  const { request, manifest } = notesApplication();
  return attack({
    openapi: notesDocument(),
    manifest,
    request,
    seed: "one",
    classes,
    patienceMs: 50,
    ...more,
  });
};

test("a brief run covers every route that a whole one covers, and over all of them sends every kind of thing", async () => {
  const classes: ClassName[] = ["malformed", "forged-token", "api-key", "foreign-reference"];
  const [whole, brief] = [await run(classes), await run(classes, { brief: true })];
  assert.ok(isClean(brief));
  assert.ok(brief.probes.length < 0.5 * whole.probes.length);
  const pairs = ({ probes }: typeof whole) => new Set(probes.map((probe) => `${probe.class} ${probe.route}`));
  assert.deepEqual(pairs(brief), pairs(whole));
  // What is said before the caller's name is the kind of forgery.
  const forgeries = ({ probes }: typeof whole) =>
    new Set(probes.flatMap((probe) => (probe.class === "forged-token" ? probe.who.split(",")[0] : [])));
  assert.deepEqual(forgeries(brief), forgeries(whole));
});

test("answers that come late by chance are not told apart, and the ledger says how sure that is", async () => {
  const { request, manifest } = notesApplication();
  const ledger = await attack({
    openapi: notesDocument(),
    manifest,
    request: async (wire) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 6));
      return request(wire);
    },
    seed: "one",
    classes: ["told-apart"],
    operations: ["GET /api/t/{slug}/notes/{id}"],
  });
  assert.ok(ledger.probes.length > 0);
  for (const { verdict, detail } of ledger.probes) {
    assert.equal(verdict, "held", detail);
    assert.match(detail, /not told apart by the time \(± \d+\.\d ms after \d+ pairs/);
  }
});

test("the median lies between the values that the sign test leaves, and few values leave none", () => {
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
  assert.deepEqual(interval(upTo(12)), [2, 11]);
  assert.deepEqual(interval(upTo(24)), [6, 19]);
  assert.deepEqual(interval([...upTo(11), 1_000_000]), [2, 11]);
  assert.deepEqual(interval(upTo(7)), [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
});
