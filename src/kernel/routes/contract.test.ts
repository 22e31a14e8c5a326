import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import {
  allow,
  changesState,
  permissionOf,
  publicBecause,
  type Routes,
  route,
  unauditedBecause,
} from "./contract.ts";

const whole = {
  method: "GET" as const,
  path: "/things/:id",
  words: "A thing",
  resource: "thing",
  access: allow("thing.read"),
  audit: unauditedBecause("reads only"),
  rate: "read" as const,
  input: { params: z.object({ id: z.string() }) },
  output: { 200: z.object({ id: z.string() }) },
  handler: async () => ({ id: "x" }),
};

const without = (key: string, more: object = {}) => {
  const { [key as "words"]: _, ...rest } = { ...whole, ...more };
  return rest as typeof whole;
};

test("a route that leaves something out does not register", () => {
  for (const [spec, message] of [
    [without("access"), /GET \/api\/t\/:slug\/things\/:id declares no access/],
    [without("audit"), /declares no audit event/],
    [{ ...whole, audit: "" }, /declares no audit event/],
    [without("rate"), /declares no rate class/],
    [without("resource"), /does not say what its id names/],
    [without("input"), /does not describe its parameters/],
    [{ ...whole, path: "/answers/:answer/stream", input: {} }, /does not describe its parameters/],
    [{ ...whole, output: {} }, /describes no answer/],
  ] as const) {
    const routes: Routes = [];
    assert.throws(() => route(routes, spec as typeof whole), message);
    assert.deepEqual(routes, []);
  }
});

test("a route is declared once", () => {
  const routes: Routes = [];
  route(routes, whole);
  assert.throws(() => route(routes, whole), /declared twice/);
  // Another method, or the same path of the whole installation, is another route.
  route(routes, { ...whole, method: "DELETE", audit: "thing.removed" });
  route(routes, { ...whole, of: "installation", access: publicBecause("a test") });
  assert.deepEqual(
    routes.map((r) => `${r.method} ${r.url} ${permissionOf(r)} ${changesState(r)}`),
    [
      "GET /api/t/:slug/things/:id thing.read false",
      "DELETE /api/t/:slug/things/:id thing.read true",
      "GET /api/things/:id null false",
    ],
  );
});

test("what is left open is nothing that loosens", () => {
  const routes: Routes = [];
  route(routes, { ...without("input"), path: "/things" });
  const [{ background, creates, mayAnswer, unprobed, state, params, query, body, status } = whole as never] =
    routes;
  assert.deepEqual(
    { background, creates, mayAnswer, unprobed, state, params, query, body, status },
    {
      background: false,
      creates: null,
      mayAnswer: [],
      unprobed: {},
      state: null,
      params: null,
      query: null,
      body: null,
      status: 200,
    },
  );
});
