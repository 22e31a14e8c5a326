import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "./attack.ts";
import { CLASSES, type ClassName, type Probe } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import { notesDocument } from "./example/openapi.ts";

// What needs a connection, what measures time, and what sends at the same moment is decided by the machine, too.
const TIMED: readonly ClassName[] = ["stream", "exhaustion", "told-apart", "race"];

/** What a run did, line by line: all of the ledger but how long each took, and the traps' own ports, which the system gives. */
async function linesOf(seed: string): Promise<Omit<Probe, "ms">[]> {
  const { request, manifest } = notesApplication(["idor-tenant", "missing-role"]);
  const classes = CLASSES.filter((name) => !TIMED.includes(name));
  const { probes } = await attack({
    openapi: notesDocument(),
    seed,
    patienceMs: 50,
    classes,
    manifest,
    request,
  });
  return probes.map(({ ms: _, ...line }) => (line.class === "ssrf" ? { ...line, request: "" } : line));
}

test("the same seed sends the same and sees the same; another sends something else", async () => {
  const [first, again, other] = await Promise.all([linesOf("one"), linesOf("one"), linesOf("two")]);
  assert.ok(first.length > 1000);
  assert.deepEqual(again, first);
  const digests = (lines: typeof first) => new Set(lines.map(({ request }) => request));
  const shared = [...digests(other)].filter((digest) => digests(first).has(digest)).length;
  assert.ok(shared < digests(first).size, `${shared} of ${digests(first).size} requests are the same`);
});
