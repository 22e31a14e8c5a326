import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "./attack.ts";
import { openClient } from "./client.ts";
import type { AttackOptions, Ledger, WireRequest } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import type { Hole } from "./example/holes.ts";
import { notesDocument } from "./example/openapi.ts";
import { isClean } from "./ledger.ts";
import { seededRandom } from "./random.ts";

type Seen = { request: WireRequest; status: number; at: number };

async function run(
  holes: Hole[],
  more: Partial<AttackOptions> = {},
): Promise<{ ledger: Ledger; seen: Seen[] }> {
  const { request, manifest } = notesApplication(holes);
  const seen: Seen[] = [];
  const ledger = await attack({
    openapi: notesDocument(),
    manifest,
    seed: "live",
    harmless: true,
    request: async (wire) => {
      const answer = await request(wire);
      seen.push({ request: wire, status: answer.status, at: performance.now() });
      return answer;
    },
    ...more,
  });
  return { ledger, seen };
}

test("nothing is created, changed, flooded or sent in megabytes, and the run is clean", async () => {
  const { ledger, seen } = await run([]);
  const done = seen.filter(
    ({ request, status }) => !["GET", "HEAD"].includes(request.method) && status < 300,
  );
  assert.deepEqual(
    done.map(({ request }) => `${request.method} ${request.path}`),
    [],
  );
  assert.ok(seen.every(({ request }) => (request.body ?? "").length < 2_000));
  assert.deepEqual(
    ledger.probes.filter(({ verdict }) => verdict !== "held"),
    [],
  );
  assert.ok(isClean(ledger));
  assert.ok(ledger.summary.probes > 200);
});

test("a refused write is worth something since its owner reads the object, and says so", async () => {
  const { ledger } = await run([]);
  const probe = ledger.probes.find(
    (one) => one.class === "foreign-tenant" && one.route === "DELETE /api/t/{slug}/notes/{id}",
  );
  assert.match(probe?.detail ?? "", /^40[34]; .* read the object instead: 200$/);
});

const SEEN_LIVE: Hole[] = ["missing-auth", "alg-none", "idor-tenant-delete", "idor-user", "no-csrf"];
for (const hole of SEEN_LIVE) {
  test(`the hole "${hole}" is found on a live system too`, async () => {
    const { ledger } = await run([hole]);
    assert.ok(ledger.summary.breached > 0);
  });
}

test("a noun of which the canaries hold nothing is left out with the reason", async () => {
  const { manifest } = notesApplication();
  for (const tenant of manifest.tenants) tenant.objects.note = [];
  const { ledger } = await run([], { manifest, classes: ["no-credentials", "foreign-tenant"] });
  const reasons = ledger.summary.uncovered.filter(({ route }) => route === "DELETE /api/t/{slug}/notes/{id}");
  assert.ok(reasons.length > 0);
  assert.ok(reasons.every(({ reason }) => /has no note/.test(reason ?? "")));
});

test("its headers go with every request, and it keeps its pace, unevenly", async () => {
  const more: Partial<AttackOptions> = {
    classes: ["no-credentials"],
    headers: { "x-canary": "yes" },
    pace: { perSecond: 200, jitter: 0.5 },
  };
  const { seen } = await run([], more);
  assert.ok(seen.every(({ request }) => request.headers["x-canary"] === "yes"));
  const [first, last] = [seen[0]?.at ?? 0, seen.at(-1)?.at ?? 0];
  assert.ok(last - first > (seen.length - 1) * 5 * 0.5);
  const gaps = seen.slice(1).map(({ at }, i) => at - (seen[i]?.at ?? 0));
  assert.ok(Math.max(...gaps) > 1.2 * Math.min(...gaps.filter((gap) => gap > 2)));
});

test("once it is told to end it sends nothing more", async () => {
  const ending = new AbortController();
  const { manifest, request } = notesApplication();
  let sent = 0;
  await run([], {
    manifest,
    pace: { perSecond: 50, jitter: 0 },
    signal: ending.signal,
    request: async (asked) => {
      if (++sent === 5) ending.abort();
      return request(asked);
    },
  });
  assert.equal(sent, 5);
});

test("whoever waits for a turn, or for a server that asked for patience, hears the end at once", async () => {
  const ending = new AbortController();
  let after = 0;
  const request = async () => {
    if (ending.signal.aborted) after++;
    return { status: 429, headers: { "retry-after": "3" }, body: "" };
  };
  const conduct = { pace: { perSecond: 5, jitter: 0 }, patienceMs: 9000, withinMs: 60_000 };
  const { send } = openClient(request, { ...conduct, signal: ending.signal, random: seededRandom("end") });
  const begun = performance.now();
  const asked = [1, 2, 3].map((n) => send({ method: "GET", path: `/${n}`, headers: {}, body: null }));
  setTimeout(() => ending.abort(), 20);
  await Promise.all(asked);
  assert.equal(after, 0);
  assert.ok(performance.now() - begun < 1000);
});
