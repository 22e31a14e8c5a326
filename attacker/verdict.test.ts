import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "./attack.ts";
import type { ClassName, Credentials, Ledger, Manifest, Transport } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import { notesDocument } from "./example/openapi.ts";
import { isClean } from "./ledger.ts";

type Change = { transport?: (inner: Transport) => Transport; manifest?: (inner: Manifest) => Manifest };

function run(classes: ClassName[], change: Change = {}, document = notesDocument()): Promise<Ledger> {
  const { request, manifest } = notesApplication();
  return attack({
    openapi: document,
    manifest: change.manifest?.(manifest) ?? manifest,
    seed: "verdicts",
    classes,
    request: change.transport?.(request) ?? request,
    patienceMs: 400,
  });
}

const deletion = "DELETE /api/t/{slug}/notes/{id}";

test("a refusal without the owner's success is inconclusive", async () => {
  const deaf: Change = {
    transport: (inner) => async (wire) => {
      const answer = await inner(wire);
      const error = { code: "broken", message: "Broken.", requestId: "1" };
      const refuses = wire.method === "DELETE" && wire.path.includes("/notes/") && answer.status === 204;
      return refuses ? { ...answer, status: 409, body: JSON.stringify({ error }) } : answer;
    },
  };
  const ledger = await run(["foreign-tenant"], deaf);
  const probes = ledger.probes.filter((probe) => probe.route === deletion);
  assert.ok(probes.length > 0);
  assert.ok(probes.every((probe) => probe.verdict === "inconclusive" && probe.detail.includes("no control")));
});

test("429 and 5xx are inconclusive however often they are repeated", async () => {
  for (const status of [429, 500, 503]) {
    let asked = 0;
    const busy: Change = {
      transport: (inner) => async (wire) => {
        if (wire.headers.cookie || !wire.path.endsWith("/members")) return inner(wire);
        asked++;
        return { status, headers: { "retry-after": "0" }, body: "" };
      },
    };
    const ledger = await run(["no-credentials"], busy);
    const probe = ledger.probes.find(({ route }) => route === "GET /api/t/{slug}/members");
    assert.equal(probe?.verdict, "inconclusive");
    assert.equal(asked, 3);
    assert.ok(!isClean(ledger));
  }
});

test("429 is waited for as Retry-After asks", async () => {
  let refused = false;
  const once: Change = {
    transport: (inner) => async (wire) => {
      if (refused || wire.headers.cookie || !wire.path.endsWith("/members")) return inner(wire);
      refused = true;
      return { status: 429, headers: { "retry-after": "0.02" }, body: "" };
    },
  };
  const ledger = await run(["no-credentials"], once);
  assert.ok(isClean(ledger));
  assert.ok(refused);
});

test("a route that nobody reviewed is uncovered by the role matrix", async () => {
  const document = notesDocument();
  const paths = document.paths as Record<string, Record<string, Record<string, unknown>>>;
  delete paths["/api/t/{slug}/members"]?.get?.["x-roles"];
  const ledger = await run(["role-matrix"], {}, document);
  const bare = ledger.summary.uncovered.filter(({ reason }) => reason === null);
  assert.deepEqual(bare, [{ route: "GET /api/t/{slug}/members", class: "role-matrix", reason: null }]);
  assert.ok(!isClean(ledger));
});

test("without spare objects what would destroy them is inconclusive", async () => {
  const bare: Change = {
    manifest: (inner) => {
      for (const tenant of inner.tenants)
        tenant.objects.member = tenant.objects.member?.filter((one) => !one.spare) ?? [];
      return inner;
    },
  };
  const ledger = await run(["foreign-tenant"], bare);
  const removal = ledger.probes.filter(({ route }) => route === "DELETE /api/t/{slug}/members/{id}");
  assert.ok(removal.length > 0);
  assert.ok(removal.every(({ verdict }) => verdict === "inconclusive"));
});

test("a state that nothing reads is inconclusive", async () => {
  const document = notesDocument();
  const paths = document.paths as Record<string, Record<string, Record<string, unknown>>>;
  delete paths["/api/t/{slug}/account"]?.patch?.["x-state"];
  const ledger = await run(["csrf"], {}, document);
  const probes = ledger.probes.filter(({ route }) => route === "PATCH /api/t/{slug}/account");
  assert.ok(probes.length > 0);
  assert.ok(probes.every(({ verdict, detail }) => verdict === "inconclusive" && detail.includes("x-state")));
});

test("a reason in the document or the manifest excuses a pair and shows in the ledger", async () => {
  const document = notesDocument();
  const paths = document.paths as Record<string, Record<string, Record<string, unknown>>>;
  Object.assign(paths["/api/t/{slug}/members"]?.get ?? {}, {
    "x-unprobed": { "no-credentials": "for the test" },
  });
  const excused: Change = {
    manifest: (inner) => ({
      ...inner,
      routes: [{ method: "GET", path: "/assets/*" }],
      unprobed: [{ method: "GET", path: "/assets/*", reason: "files of the web app" }],
    }),
  };
  const ledger = await run(["no-credentials"], excused, document);
  const reasons = ledger.summary.uncovered.map(({ reason }) => reason);
  assert.ok(reasons.includes("for the test"));
  assert.ok(reasons.includes("files of the web app"));
  assert.ok(isClean(ledger));
});

test("the same seed makes the same probes", async () => {
  const kept = (ledger: Ledger) => ledger.probes.map(({ ms: _, request: __, ...probe }) => probe);
  const [first, second] = await Promise.all([run(["malformed", "csrf"]), run(["malformed", "csrf"])]);
  assert.deepEqual(kept(first), kept(second));
});

test("the ledger holds no secret", async () => {
  const { request, manifest } = notesApplication();
  const ledger = await attack({ openapi: notesDocument(), manifest, seed: "s", request, patienceMs: 40 });
  const text = JSON.stringify(ledger);
  for (const { users } of manifest.tenants) {
    for (const { cookies, csrf, password } of users) {
      const secrets = [...Object.values(cookies as Record<string, string>), csrf, password];
      for (const secret of secrets) assert.ok(secret && !text.includes(secret));
    }
  }
});

const expulsion = "DELETE /api/t/{slug}/members/{id}";

test("an old second factor proves nothing when the session or its proof is not good", async () => {
  const withStale = (change: (stale: Credentials) => Credentials) => (manifest: Manifest) => ({
    ...manifest,
    tenants: manifest.tenants.map((tenant) => ({
      ...tenant,
      users: tenant.users.map((user) => ({ ...user, stale: change(user.stale ?? {}) })),
    })),
  });
  const unproved = await run(["stale-factor"], {
    manifest: withStale((stale) => ({ ...stale, csrf: "csrf-made-up" })),
  });
  assert.match(unproved.probes.find(({ route }) => route === expulsion)?.detail ?? "", /wrong proof/);
  const ended = await run(["stale-factor"], { manifest: withStale(() => ({ cookies: {} })) });
  const pair = ended.summary.uncovered.find(({ route }) => route === expulsion);
  assert.equal(pair?.reason, null);
  assert.ok(!isClean(unproved) && !isClean(ended));
});

test("a manifest without keys leaves what keys may do uncovered", async () => {
  const keyless = (manifest: Manifest) => ({
    ...manifest,
    tenants: manifest.tenants.map((tenant) => ({
      ...tenant,
      users: tenant.users.map(({ key: _, deadKeys: __, ...user }) => user),
    })),
  });
  const ledger = await run(["api-key"], { manifest: keyless });
  assert.deepEqual(ledger.probes, []);
  assert.ok(ledger.summary.uncovered.some(({ reason }) => reason === null));
});
