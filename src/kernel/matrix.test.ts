import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { printMatrix, rolesOf } from "./matrix.ts";
import { permission } from "./permissions.ts";
import { allow, publicBecause, type Routes, route, unauditedBecause } from "./routes/contract.ts";

permission({
  key: "thing.read",
  group: "Things",
  words: "See things",
  from: "manager",
  in: "customer",
  forKeys: true,
});

const routes: Routes = [];
const add = (method: "GET" | "DELETE", path: string, access: Parameters<typeof route>[1]["access"]) =>
  route(routes, {
    method,
    path,
    words: "x",
    access,
    audit: unauditedBecause("a test"),
    rate: "read",
    output: { 204: z.null() },
    handler: async () => null,
  });
add("GET", "/things", allow("thing.read"));
add("GET", "/lost", allow("thing.forgotten"));
add("DELETE", "/things", allow("thing.read"));
add("GET", "/open", publicBecause("everybody may know"));

test("who may call a route", () => {
  assert.deepEqual(routes.map(rolesOf), [
    ["manager", "admin", "owner"],
    [],
    ["manager", "admin", "owner"],
    null,
  ]);
});

test("is printed as a table in an order that does not change", () => {
  const printed = printMatrix(routes);
  assert.equal(printMatrix([...routes].reverse()), printed);
  const rows = printed.split("\n").filter((line) => /^\| `/.test(line));
  assert.deepEqual(rows, [
    "| `GET /api/t/:slug/lost` | thing.forgotten | nowhere | – | – | – | – | – | – | – |",
    "| `DELETE /api/t/:slug/things` | thing.read | customer | – | yes | yes | yes | – | yes | – |",
    "| `GET /api/t/:slug/things` | thing.read | customer | – | yes | yes | yes | – | yes | – |",
    "| `GET /api/t/:slug/open` | everybody may know |",
  ]);
  assert.ok(printed.includes("| thing.read | Things | See things | manager | – | yes | – |"));
});
