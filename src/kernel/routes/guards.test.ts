import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { test } from "node:test";
import type { FastifyRequest } from "fastify";
import { refused } from "../../../test/support/refused.ts";
import { memoryLimiter, rates, type Taken } from "../limits/token-bucket.ts";
import type { System } from "../system.ts";
import type { Route } from "./contract.ts";
import { accessCookie, checkRate as check, checkCsrf, doorOf, refreshCookie } from "./guards.ts";

// In memory nobody waits.
const checkRate = (...of: Parameters<typeof check>) => check(...of) as Taken;

const route = (rate: Route["rate"] = "write", url = "/api/t/:slug/things") =>
  ({ method: "POST", url, rate }) as Route;

test("cookies are bound to host and workspace by their names", () => {
  for (const name of [accessCookie("harrow"), refreshCookie("harrow")])
    assert.match(name, /^__Host-vs_(access|refresh)\.harrow$/);
});

test("a member has a rate of their own, and a tenant one that no member uses up alone", () => {
  const now = new Date();
  const system = { limiter: memoryLimiter(() => now) } as unknown as System;
  const take = (memberId: string, tenantId = "a", of = route()) =>
    checkRate(system, of, { tenantId, actor: { memberId } });
  const { burst } = rates.write;
  for (let i = 0; i < burst; i++) assert.ok(take("greedy").allowed);
  assert.equal(take("greedy").allowed, false);
  assert.ok(take("other").allowed);
  // Twenty who take all that is theirs exhaust the tenant, and nobody else.
  for (let m = 0; m < 19; m++) for (let i = 0; i < burst; i++) take(`m${m}`);
  const over = take("late");
  assert.deepEqual([over.allowed, over.limit], [false, burst * 20]);
  assert.ok(take("late", "b").allowed);
  assert.ok(take("late", "a", route("write", "/api/t/:slug/other")).allowed);
});

test("an API key has a rate of its own, and what programs take is missing for nobody", () => {
  const now = new Date();
  const system = { limiter: memoryLimiter(() => now) } as unknown as System;
  const of = { ...route("read"), method: "GET" } as Route;
  const take = (keyId?: string) =>
    checkRate(system, of, { tenantId: "a", actor: { memberId: "m", ...(keyId ? { keyId } : {}) } });
  const { burst } = rates["key-read"];
  for (let i = 0; i < burst; i++) assert.ok(take("one").allowed);
  assert.deepEqual([take("one").allowed, take("one").limit], [false, burst]);
  assert.ok(take("two").allowed);
  assert.equal(take().limit, rates.read.burst);
  // All the keys of a tenant together exhaust what programs have, and no person's.
  for (let k = 0; k < 20; k++) for (let i = 0; i < burst; i++) take(`k${k}`);
  assert.equal(take("late").allowed, false);
  for (let i = 1; i < rates.read.burst; i++) assert.ok(take().allowed);
  // Where people may do less than programs elsewhere, so may programs.
  const asking = checkRate(system, route("ask"), { tenantId: "a", actor: { memberId: "m", keyId: "one" } });
  assert.equal(asking.limit, Math.min(rates.ask.burst, rates["key-write"].burst));
});

test("visitors are counted by network and route", () => {
  const now = new Date();
  const system = { limiter: memoryLimiter(() => now) } as unknown as System;
  const knock = (ip: string, of = route("sign-in")) => checkRate(system, of, { ip }).allowed;
  for (let i = 0; i < rates["sign-in"].burst; i++) assert.ok(knock(`2001:db8:1:2::${i}`));
  assert.equal(knock("2001:db8:1:2:ffff::"), false);
  assert.ok(knock("2001:db8:1:3::1"));
  assert.ok(knock("2001:db8:1:2::1", route("sign-in", "/api/t/:slug/other")));
});

test("names that somebody makes up make no counts without end, and tell nothing of those that exist", () => {
  const now = new Date();
  const csrfKey = createSecretKey(Buffer.alloc(32, 1));
  const keys = new Set<string>();
  const limiter = memoryLimiter(() => now);
  const system = {
    csrfKey,
    limiter: {
      ...limiter,
      take: (...[key, rate, whole]: Parameters<typeof limiter.take>) => {
        if (whole) keys.add(whole.key);
        return limiter.take(key, rate, whole);
      },
    },
  } as unknown as System;
  for (let n = 0; n < 40_000; n++)
    checkRate(system, route("sign-in"), { ip: `2001:db8:${n >> 16}:${n & 0xffff}::1`, slug: `made-up-${n}` });
  assert.ok(keys.size <= 16_384 && keys.size > 12_000, `${keys.size} doors`);
  assert.ok([...keys].every((key) => !key.includes("made-up")));
  // A crowd at one door leaves another open, whether anybody lives there or not.
  const knock = (ip: string, slug: string) => checkRate(system, route("sign-in"), { ip, slug }).allowed;
  let n = 0;
  while (knock(`10.1.${n >> 8}.${n & 255}`, "harrow")) n++;
  assert.ok(n >= rates["sign-in"].burst);
  assert.equal(knock("10.2.0.1", "harrow"), false);
  assert.ok(knock("10.2.0.2", "bexley"));
  const elsewhere = { csrfKey: createSecretKey(Buffer.alloc(32, 2)) };
  assert.equal(doorOf({ csrfKey }, "harrow"), doorOf({ csrfKey }, "harrow"));
  assert.notEqual(doorOf(elsewhere, "harrow"), doorOf({ csrfKey }, "harrow"));
});

test("our own origin is the configured one, whatever host a request names", () => {
  const system = { config: { publicUrl: "https://desk.example/" } } as unknown as System;
  const request = (headers: Record<string, string>) =>
    ({ headers, protocol: "http", host: "desk.example:8460" }) as unknown as FastifyRequest;
  const check = (headers: Record<string, string>) => checkCsrf(system, route(), request(headers), null);
  check({ origin: "https://desk.example" });
  check({});
  for (const origin of [
    "http://desk.example",
    "http://desk.example:8460",
    "https://desk.example:8460",
    "https://desk.example.evil.example",
    "https://evil.example",
    "null",
    "",
  ])
    assert.throws(() => check({ origin }), refused("csrf"), origin);
  // Without a configured one it is the one that was asked, port and protocol included.
  const local = { config: { publicUrl: null } } as unknown as System;
  checkCsrf(local, route(), request({ origin: "http://desk.example:8460" }), null);
  assert.throws(
    () => checkCsrf(local, route(), request({ origin: "http://desk.example" }), null),
    refused("csrf"),
  );
});
