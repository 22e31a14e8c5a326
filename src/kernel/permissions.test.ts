import assert from "node:assert/strict";
import { test } from "node:test";
import { allows, holdsAll, permission, permissions, permissionsOf, roles } from "./permissions.ts";

permission({ key: "test.read", words: "Read", from: "viewer", in: "everywhere" });
permission({ key: "test.change", words: "Change", from: "admin", in: "customer" });
permission({ key: "test.create", words: "Create", from: "owner", in: "operator" });

test("a role holds what it and those below hold, in the tenants where it exists", () => {
  const held = (kind: "operator" | "customer" | "canary") =>
    Object.fromEntries(roles.map((role) => [role, permissionsOf(role, kind)]));
  assert.deepEqual(held("customer"), {
    viewer: ["test.read"],
    manager: ["test.read"],
    admin: ["test.change", "test.read"],
    owner: ["test.change", "test.read"],
  });
  assert.deepEqual(held("canary"), held("customer"));
  assert.deepEqual(held("operator"), {
    viewer: ["test.read"],
    manager: ["test.read"],
    admin: ["test.read"],
    owner: ["test.create", "test.read"],
  });
});

test("what nobody declared, nobody holds", () => {
  for (const key of ["test.delete", "", "toString", "__proto__", "test.read "])
    assert.equal(allows({ role: "owner", tenantKind: "operator" }, key), false, key);
  assert.equal(allows({ role: "god" as never, tenantKind: "customer" }, "test.read"), false);
});

test("a key is declared once", () => {
  assert.throws(
    () => permission({ key: "test.read", words: "Again", from: "viewer", in: "everywhere" }),
    /declared twice/,
  );
  assert.deepEqual(
    permissions()
      .map((p) => p.key)
      .filter((k) => k.startsWith("test.")),
    ["test.change", "test.create", "test.read"],
  );
});

test("nobody grants more than they hold", () => {
  for (const [o, outer] of roles.entries())
    for (const [i, inner] of roles.entries())
      assert.equal(holdsAll(outer, inner), o >= i, `${outer} ${inner}`);
});
