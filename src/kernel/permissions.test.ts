import assert from "node:assert/strict";
import { test } from "node:test";
import type { TenantKind } from "./context.ts";
import {
  allows,
  holdsAll,
  needsFactor,
  permission,
  permissions,
  rightsOf,
  rightsOfKey,
  roles,
} from "./permissions.ts";

const group = "Tests";
permission({ key: "test.read", group, words: "Read", from: "viewer", in: "everywhere", forSupport: true });
permission({ key: "test.live", group, words: "Live", from: "viewer", in: "everywhere", always: true });
permission({ key: "test.change", group, words: "Change", from: "admin", in: "customer" });
permission({ key: "test.create", group, words: "Create", from: "owner", in: "operator" });

const builtIn = (role: (typeof roles)[number] | "support", kind: TenantKind = "customer") =>
  rightsOf({ role, granted: null }, kind);
const custom = (granted: string[], kind: TenantKind = "customer") =>
  rightsOf({ role: "custom", granted }, kind);

test("a role holds what it and those below hold, in the tenants where it exists", () => {
  const held = (kind: TenantKind) =>
    Object.fromEntries(roles.map((role) => [role, [...builtIn(role, kind)].sort()]));
  assert.deepEqual(held("customer"), {
    viewer: ["test.live", "test.read"],
    manager: ["test.live", "test.read"],
    admin: ["test.change", "test.live", "test.read"],
    owner: ["test.change", "test.live", "test.read"],
  });
  assert.deepEqual(held("canary"), held("customer"));
  assert.deepEqual(held("operator"), {
    viewer: ["test.live", "test.read"],
    manager: ["test.live", "test.read"],
    admin: ["test.live", "test.read"],
    owner: ["test.create", "test.live", "test.read"],
  });
});

test("a custom role holds what it was given, where that exists, and what every role holds", () => {
  assert.deepEqual([...custom(["test.change", "test.create", "test.gone", "__proto__"])].sort(), [
    "test.change",
    "test.live",
  ]);
  assert.deepEqual([...custom([])], ["test.live"]);
  assert.deepEqual([...custom(["test.create"], "operator")].sort(), ["test.create", "test.live"]);
});

test("the operator's staff hold what is for them and nothing else", () => {
  assert.deepEqual([...builtIn("support")], ["test.read"]);
});

test("what nobody declared, nobody holds", () => {
  for (const key of ["test.delete", "", "toString", "__proto__", "test.read "])
    assert.equal(allows({ permissions: builtIn("owner", "operator") }, key), false, key);
  assert.equal(rightsOf({ role: "god" as never, granted: null }, "customer").size, 0);
});

test("a key is declared once", () => {
  assert.throws(
    () => permission({ key: "test.read", group, words: "Again", from: "viewer", in: "everywhere" }),
    /declared twice/,
  );
  assert.deepEqual(
    permissions().map((p) => p.key),
    ["test.change", "test.create", "test.live", "test.read"],
  );
});

test("a key holds what it was given, what its owner holds, and only what is for keys", () => {
  const scope = ["test.read", "test.live", "test.change", "test.gone", "key.use"];
  // Nothing here is for keys, nor may anybody use them.
  assert.deepEqual([...rightsOfKey(builtIn("owner"), scope)], []);
  permission({ key: "key.use", group, words: "Use keys", from: "viewer", in: "everywhere" });
  permission({ key: "test.keyed", group, words: "Keyed", from: "manager", in: "everywhere", forKeys: true });
  const held = (role: "viewer" | "manager", asked: string[]) => [...rightsOfKey(builtIn(role), asked)];
  assert.deepEqual(held("manager", [...scope, "test.keyed"]), ["test.keyed"]);
  assert.deepEqual(held("manager", scope), []);
  assert.deepEqual(held("viewer", [...scope, "test.keyed"]), []);
  assert.deepEqual([...rightsOfKey(custom(["test.keyed"]), ["test.keyed"])], []);
  assert.deepEqual([...rightsOfKey(custom(["test.keyed", "key.use"]), ["test.keyed"])], ["test.keyed"]);
});

test("nobody grants more than they hold", () => {
  for (const [o, outer] of roles.entries())
    for (const inner of roles.slice(0, o + 1)) assert.ok(holdsAll(builtIn(outer), builtIn(inner)));
  assert.equal(holdsAll(builtIn("manager"), builtIn("admin")), false);
  assert.equal(holdsAll(custom(["test.read"]), custom(["test.change"])), false);
  assert.equal(holdsAll(custom(["test.change"]), builtIn("manager")), false);
});

test("a second factor is due where a role may do what a manager may not, and always at the operator's", () => {
  assert.equal(needsFactor(builtIn("manager"), "customer"), false);
  assert.equal(needsFactor(custom(["test.read"]), "customer"), false);
  assert.equal(needsFactor(builtIn("admin"), "customer"), true);
  assert.equal(needsFactor(custom(["test.change"]), "customer"), true);
  assert.equal(needsFactor(builtIn("viewer", "operator"), "operator"), true);
});
