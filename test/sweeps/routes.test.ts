import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createApp } from "../../src/app.ts";
import { newId } from "../../src/kernel/ids.ts";
import { permissions } from "../../src/kernel/permissions.ts";
import { changesState, permissionOf, type Route } from "../../src/kernel/routes/contract.ts";
import { openStage } from "../support/stage.ts";
import { allowed } from "./exceptions.ts";

/** What the server answers beside the table of routes: it reads nobody's data and changes nothing. */
const OUTSIDE: Readonly<Record<string, string>> = {
  "GET /healthz": "whether the process lives",
  "GET /readyz": "whether it can serve",
  "GET /api/openapi.json": "the table itself",
  "GET /api/reference": "the same, for people",
  "GET /": "the page",
  "GET /set-up": "the page",
  "GET /outbox": "the page",
  "GET /security": "the page",
  "GET /security.json": "what it shows, for machines",
  "GET /security.md": "what it shows, to take away",
  "GET /security/checkpoint.txt": "the log's newest checkpoint, to keep",
  "GET /security/notes.txt": "what was signed of what it shows",
  "GET /.well-known/security.txt": "where reports go",
  "GET /t/*": "the page",
  "GET /assets/*": "its parts",
  "GET /*": "that there is nothing, as a page",
};

test("every route of the running server", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const { server, routes, liveRoutes } = await createApp(stage.system);
  t.after(() => server.close());
  const nameOf = (r: { method: string; url: string }) => `${r.method} ${r.url}`;
  const live = liveRoutes.map(nameOf);
  const declared = new Map<string, Route>(routes.map((r) => [nameOf(r), r]));
  const inTable = routes.filter((r) => live.includes(nameOf(r)));

  await t.test("is in the table, or one of a few that only read; and the table is whole", () => {
    assert.equal(new Set(live).size, live.length);
    for (const name of live) assert.ok(declared.has(name) || name in OUTSIDE, `${name} is in no list`);
    assert.deepEqual(
      routes.map(nameOf).filter((name) => !live.includes(name)),
      [],
    );
    assert.ok(live.length > 40, `only ${live.length} routes`);
    for (const name of Object.keys(OUTSIDE)) assert.match(name, /^GET /);
    const [count, words] = allowed("outside of the table", Object.keys(OUTSIDE));
    assert.equal(Object.keys(OUTSIDE).length, count, words);
  });

  await t.test("that changes anything names the event it records, which is recorded somewhere", async () => {
    let source = "";
    // Where the route declares it, and where a check looks for it, does not count.
    for await (const file of glob("src/modules/**/*.ts", { cwd: root }))
      if (!/\.test\.ts$|\/(checks|controls|stage)\//.test(file))
        source += readFileSync(`${root}${file}`, "utf8").replace(/audit: "[^"]+"/g, "");
    for (const route of inTable.filter(changesState)) {
      if (typeof route.audit !== "string") continue;
      assert.match(route.audit, /^[a-z-]+\.[a-z-]+$/, nameOf(route));
      assert.ok(source.includes(`"${route.audit}"`), `nothing records ${route.audit} of ${nameOf(route)}`);
    }
  });

  await t.test("asks for a permission that somebody holds, or says why it asks for none", () => {
    const keys = permissions();
    for (const route of inTable) {
      const key = permissionOf(route);
      if (key === null) assert.ok("publicBecause" in route.access && route.access.publicBecause.length > 10);
      else
        assert.ok(
          keys.some((p) => p.key === key),
          `${nameOf(route)} asks for ${key}, which nobody declared`,
        );
      if (route.of === "installation") assert.equal(key, null, `${nameOf(route)} has no tenant to ask`);
    }
    for (const { key, words } of keys) {
      assert.match(key, /^[a-z]+(-[a-z]+)?(\.[a-z]+)?\.[a-z-]+$/);
      assert.ok(words.length > 5, key);
    }
  });

  await t.test("is guarded by one of at least 60 permissions, and each of them guards one", () => {
    const guarding = new Set(inTable.map(permissionOf));
    const idle = permissions().filter((p) => !guarding.has(p.key));
    assert.deepEqual(
      idle.map((p) => p.key),
      [],
      "permissions that open nothing",
    );
    assert.ok(permissions().length >= 60, `only ${permissions().length} permissions`);
    for (const { key, always, forKeys, forSupport, from, group } of permissions()) {
      assert.ok(group.length > 2, key);
      // One's own account, and what hands out rights, is no program's.
      if (forKeys)
        assert.doesNotMatch(key, /^(account|notice|key|role|policy|operator|support|content)\./, key);
      if (always) assert.equal(from, "viewer", key);
      if (forSupport) assert.match(key, /\.(read|use|download|sessions)$/, `the staff may ${key}`);
    }
  });

  await t.test("that needs a session answers nobody without one", async () => {
    for (const route of inTable) {
      const guarded = permissionOf(route) !== null;
      const answer = await server.inject({
        method: route.method,
        url: route.url.replace(":slug", company.slug).replace(/:\w+/g, () => newId()),
        headers: {
          host: "localhost",
          ...(changesState(route) ? { "content-type": "application/json" } : {}),
        },
        ...(changesState(route) && route.body !== "files" ? { payload: "{}" } : {}),
      });
      const code = answer.headers["content-type"]?.toString().includes("json")
        ? answer.json().error?.code
        : null;
      if (guarded) assert.deepEqual([answer.statusCode, code], [401, "not_signed_in"], nameOf(route));
      else assert.notEqual(code, "not_signed_in", nameOf(route));
      assert.ok(answer.statusCode < 500, `${nameOf(route)}: ${answer.body}`);
    }
  });

  await t.test("answers no method that it does not declare", async () => {
    for (const url of new Set(inTable.map((r) => r.url))) {
      const path = url.replace(":slug", company.slug).replace(/:\w+/g, () => newId());
      for (const method of ["HEAD", "OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE"] as const) {
        if (declared.has(`${method} ${url}`)) continue;
        // Another route with the same path and a literal where this one has a parameter.
        if (live.some((name) => name !== "GET /*" && matches(name, method, path))) continue;
        const { statusCode } = await server.inject({ method, url: path, headers: { host: "localhost" } });
        assert.equal(statusCode, 404, `${method} ${url}`);
      }
    }
  });

  await t.test("with its exceptions counted", () => {
    const without = (change: boolean) =>
      inTable.filter((r) => typeof r.audit !== "string" && changesState(r) === change).map(nameOf);
    for (const [kind, found] of [
      ["publicBecause", inTable.filter((r) => permissionOf(r) === null).map(nameOf)],
      ["unauditedBecause, reading", without(false)],
      ["unauditedBecause, changing", without(true)],
      ["unprobed", inTable.flatMap((r) => Object.keys(r.unprobed).map((name) => `${nameOf(r)} ${name}`))],
    ] as const) {
      const [count, words] = allowed(kind, found);
      assert.equal(found.length, count, words);
    }
    for (const route of inTable) {
      const reasons = [
        ...Object.values(route.unprobed),
        ...(typeof route.audit === "string" ? [] : [route.audit.unauditedBecause]),
      ];
      for (const reason of reasons) assert.ok(reason.length > 10, `${nameOf(route)}: ${reason}`);
    }
  });
});

const root = fileURLToPath(new URL("../../", import.meta.url));

function matches(name: string, method: string, path: string): boolean {
  const [of, url = ""] = name.split(" ");
  return of === method && new RegExp(`^${url.replace(/:\w+/g, "[^/]+").replace("*", ".*")}$`).test(path);
}
