import assert from "node:assert/strict";
import { test } from "node:test";
import { attack } from "./attack.ts";
import type { ClassName, Credentials, Ledger, Manifest, User } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import type { Hole } from "./example/holes.ts";
import { notesDocument } from "./example/openapi.ts";

// "Point it at your own API": the same application, known by cookies, by a bearer token and by a key in a header.

type Way = { of: (user: User) => Credentials; document?: (document: Record<string, unknown>) => void };
const WAYS: Record<string, Way> = {
  cookies: { of: ({ cookies, csrf }) => ({ ...(cookies && { cookies }), ...(csrf && { csrf }) }) },
  "a bearer token": {
    of: ({ cookies }) => ({
      headers: { authorization: `Bearer ${Object.values(cookies as Record<string, string>)[0]}` },
    }),
    document: withoutProof,
  },
  "a key": {
    of: ({ key }) => ({ headers: { "x-api-key": key ?? "" } }),
    document: (document) => {
      withoutProof(document);
      onlyForKeys(document);
    },
  },
};
const CLASSES: ClassName[] = [
  "no-credentials",
  "forged-token",
  "foreign-tenant",
  "foreign-user",
  "role-matrix",
];

function run({ of, document: change }: Way, holes: Hole[]): Promise<Ledger> {
  const { request, manifest } = notesApplication(holes);
  const document = notesDocument();
  // Whoever signs out needs a way back in; that is for main.test.ts, which signs in by password.
  for (const path of Object.keys(document.paths as object))
    if (/session|account/.test(path)) delete (document.paths as Record<string, unknown>)[path];
  change?.(document);
  return attack({
    openapi: document,
    manifest: knownBy(manifest, of),
    seed: "ways",
    classes: CLASSES,
    request,
  });
}

function knownBy(manifest: Manifest, of: Way["of"]): Manifest {
  const user = ({ name, role, userId, ...rest }: User): User => ({
    name,
    role,
    userId,
    ...of({ name, role, userId, ...rest }),
  });
  return {
    ...manifest,
    routes: [],
    tenants: manifest.tenants.map((tenant) => ({ ...tenant, users: tenant.users.map(user) })),
  };
}

type Item = Record<string, Record<string, unknown> | undefined>;

function itemsOf(document: Record<string, unknown>): Item[] {
  return Object.values(document.paths as Record<string, Item>);
}

const METHODS = ["get", "post", "patch", "delete"];

/** What no browser sends by itself needs no proof against forgery; that of cookies is the other test's. */
function withoutProof(document: Record<string, unknown>): void {
  for (const item of itemsOf(document))
    for (const method of METHODS) if (item[method]) item[method]["x-csrf"] = false;
}

/** Where keys may not be used there is nobody to make the call: those routes are not part of such an API. */
function onlyForKeys(document: Record<string, unknown>): void {
  for (const item of itemsOf(document))
    for (const method of METHODS) if (item[method]?.["x-keys"] !== true) delete item[method];
}

for (const [words, way] of Object.entries(WAYS)) {
  test(`callers known by ${words}: clean when repaired, and a hole is found`, async () => {
    const { probes } = await run(way, []);
    assert.deepEqual(
      probes.filter(({ verdict }) => verdict !== "held"),
      [],
    );
    assert.ok(probes.length > 100);
    for (const hole of ["idor-tenant", "idor-user"] as const) {
      const { summary } = await run(way, [hole]);
      assert.ok(summary.breached > 0, hole);
    }
  });
}
