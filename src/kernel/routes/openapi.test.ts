import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { allRoutes } from "../../app.ts";
import { errorCodes } from "../errors.ts";
import { rolesOf } from "../matrix.ts";
import { permissions } from "../permissions.ts";
import { changesState, permissionOf } from "./contract.ts";
import { openApiOf, responseSchema } from "./openapi.ts";

// biome-ignore lint/suspicious/noExplicitAny: a JSON document of which each test looks at another part
type Json = any;

const routes = allRoutes();
const document: Json = JSON.parse(JSON.stringify(openApiOf(routes, "1.2.3", rolesOf)));
const operations: [string, Json][] = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
  Object.entries<Json>(methods).map(([method, operation]): [string, Json] => [
    `${method.toUpperCase()} ${path}`,
    operation,
  ]),
);

test("every route is documented, and nothing else", () => {
  assert.deepEqual(
    operations.map(([name]) => name).sort(),
    routes.map((r) => `${r.method} ${r.url.replace(/:(\w+)/g, "{$1}")}`).sort(),
  );
});

test("the document has the shape of OpenAPI 3.1", () => {
  assert.match(document.openapi, /^3\.1\.\d$/);
  assert.equal(document.info.version, "1.2.3");
  const ids = operations.map(([, o]) => o.operationId);
  assert.equal(new Set(ids).size, ids.length, "an operationId is there twice");
  for (const [name, o] of operations) {
    assert.match(o.operationId, /^[a-zA-Z0-9]+$/, name);
    assert.ok(o.summary && o.tags[0], name);
    const inPath = [...name.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
    const described = o.parameters.filter((p: Json) => p.in === "path").map((p: Json) => p.name);
    assert.deepEqual(described.sort(), inPath.sort(), name);
    for (const p of o.parameters) {
      assert.ok(["path", "query"].includes(p.in) && (p.schema.type || p.schema.anyOf), `${name} ${p.name}`);
      if (p.in === "path") assert.equal(p.required, true, name);
    }
    const [status, ...more] = Object.keys(o.responses).filter((s) => s !== "default");
    assert.match(status ?? "", /^2\d\d$/, name);
    assert.deepEqual(more, [], name);
    assert.equal(
      o.responses.default.content["application/json"].schema.$ref,
      "#/components/schemas/Error",
      name,
    );
    for (const requirement of o.security)
      for (const scheme of Object.keys(requirement))
        assert.ok(document.components.securitySchemes[scheme], name);
    assert.equal("requestBody" in o, /^(POST|PUT|PATCH) /.test(name) && hasBody(name), name);
  }
  // Every reference leads somewhere within the document.
  for (const [, ref = ""] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
    const found = ref
      .replace(/^#\//, "")
      .split("/")
      .reduce((at: Json, key) => at?.[key], document);
    assert.ok(found, ref);
  }
  assert.doesNotMatch(JSON.stringify(document), /\$schema|~standard/);
  assert.deepEqual(document.components.schemas.Error.properties.error.properties.code.enum, errorCodes());
});

const hasBody = (name: string) =>
  routes.some((r) => `${r.method} ${r.url.replace(/:(\w+)/g, "{$1}")}` === name && r.body !== null);

test("what it says of access is what the guards ask", () => {
  for (const route of routes) {
    const operation: Json = document.paths[route.url.replace(/:(\w+)/g, "{$1}")][route.method.toLowerCase()];
    const permission = permissionOf(route);
    assert.equal(operation["x-permission"], permission);
    assert.equal(operation["x-csrf"], permission !== null && changesState(route));
    assert.deepEqual(operation["x-roles"], rolesOf(route));
    const { in: where, forKeys = false } = permissions().find((p) => p.key === permission) ?? {};
    // The cookies of a session, or an API key where a key may be.
    assert.equal(operation.security.length, permission === null ? 0 : forKeys ? 2 : 1);
    assert.equal(operation["x-keys"], forKeys);
    assert.equal(operation["x-fresh"], route.demand.fresh);
    if (permission === null) assert.match(operation["x-access"], /^public: \w+/);
    else assert.equal(operation["x-tenant-kind"], where === "operator" ? "operator" : "customer");
  }
});

test("examples are valid by the schema that they stand in, and no pattern is without one", () => {
  let seen = 0;
  const visit = (schema: Json, at: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    for (const example of schema.examples ?? []) {
      seen++;
      const { success, error } = z.fromJSONSchema(schema).safeParse(example);
      assert.ok(success, `${at}: ${JSON.stringify(example)} ${error?.message}`);
    }
    // Nobody can guess what a pattern wants: the attacker's first call must succeed.
    if (schema.type === "string" && schema.pattern)
      assert.ok(schema.examples?.length, `${at} has no example`);
    for (const [key, part] of Object.entries(schema)) if (key !== "examples") visit(part, `${at}.${key}`);
  };
  for (const [name, { parameters, requestBody }] of operations) {
    for (const p of parameters) visit(p.schema, `${name} ${p.in} ${p.name}`);
    visit(requestBody?.content?.["application/json"]?.schema, `${name} body`);
  }
  assert.ok(seen > 10, `only ${seen} examples`);
});

test("an answer's schema names every field that may leave", () => {
  const schema = responseSchema(
    z.object({ id: z.string(), at: z.date().nullable(), rest: z.record(z.string(), z.number()) }),
  );
  assert.deepEqual(Object.keys((schema as Json).properties), ["id", "at", "rest"]);
  assert.equal((schema as Json).additionalProperties, false);
  for (const route of routes) {
    if (typeof route.output === "string" || route.output instanceof z.ZodNull) continue;
    const open: string[] = [];
    const visit = (part: Json, at: string): void => {
      if (typeof part !== "object" || part === null) return;
      if (part.type === "object" && part.additionalProperties !== false && !part.propertyNames) open.push(at);
      for (const [key, value] of Object.entries(part)) visit(value, `${at}.${key}`);
    };
    visit(responseSchema(route.output), "");
    assert.deepEqual(open, [], `${route.method} ${route.url}`);
  }
});
