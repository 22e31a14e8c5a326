import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Ledger, Probe } from "../../attacker/contract.ts";
import { days, minutes } from "../../src/kernel/clock.ts";
import { newId } from "../../src/kernel/ids.ts";
import { storeAttack } from "../../src/modules/trust/live/store.ts";
import { setUpInstallation } from "../../src/modules/trust/stage/people.ts";
import { type House, openHouse, storeRun } from "./house.ts";
import { type Seat, seat } from "./seat.ts";
import { openWatched, PHONE } from "./watched.ts";

// The public page, written from attacks on the running server, and what the operator sees of them.

let house: House | null;
let olu: Seat;

before(async () => {
  house = await openHouse();
  if (!house) return;
  olu = await seat(house, (await setUpInstallation(house.instance.system, house.instance.url)).operator);
});
after(() => house?.close());

test("the headline follows the last attack, and red shows at once", { timeout: 90_000 }, async (t) => {
  if (!house) return t.skip("there is no browser: set CHROMIUM, or install Chromium");
  const { instance, browser } = house;
  const { system, url } = instance;
  const visitor = await openWatched(browser, url);
  const page = await visitor.newPage();
  const headline = async (words: RegExp) => {
    await page.goto(`${url}/security`);
    await page.getByRole("heading", { level: 1, name: words }).waitFor();
  };
  await headline(/^Not attacked in operation yet\.$/);
  const now = Date.now();
  for (let day = 89; day > 0; day--)
    if (day % 31 !== 5)
      await storeAttack(system, "live", ledgerOf(900 + ((day * 137) % 400), day === 40 ? 1 : 0), {
        at: new Date(now - days(day)),
      });
  await headline(/^Last attacked 24 hours ago\. .* none got through\.$/);
  await storeAttack(system, "live", ledgerOf(1218, 0), {
    at: new Date(now - minutes(14)),
    cost: { cpuMs: 5200, share: 0.0014 },
  });
  await headline(/^Attacked 1[45] minutes ago\. 1,218 attempts, none got through\.$/);
  await page.getByRole("img", { name: /on the running server: .* something broke on/ }).waitFor();
  await page.getByText("Never touched").waitFor();
  await visitor.look(page, "security-live");
  await page.setViewportSize(PHONE);
  await visitor.look(page, "phone-security-live");
  for (const path of ["/security.md", "/security/notes.txt", "/security/checkpoint.txt"])
    assert.equal((await fetch(url + path)).status, 200, path);
  assert.match(await fetch(`${url}/security.md`).then((r) => r.text()), /1218 attempts, none got through/);

  await storeAttack(system, "live", ledgerOf(1218, 2), { at: new Date(now - minutes(2)) });
  await system.pool.query(
    "insert into platform.alarm (alarm_id, at, kind, tenant_id, route) values ($1, $2, 'sign-in', null, 'POST /api/t/:slug/session')",
    [newId(), new Date(now - minutes(5))],
  );
  await headline(/^Two attempts got through [23] minutes ago\. We are on it\.$/);
  await page.getByText("How it was done is told here once it is mended.").waitFor();
  assert.equal(await page.getByText("/secret-way").count(), 0, "the way in stays untold");
  await visitor.look(page, "phone-security-broken");
  await visitor.close();
});

test("the operator sees what got through, and who touched a canary", { timeout: 90_000 }, async (t) => {
  if (!house) return t.skip("there is no browser: set CHROMIUM, or install Chromium");
  const { page, watched } = olu;
  await storeRun(house.instance, false);
  await page.goto(`${house.instance.url}/t/operator/tenants/attacks`);
  await page.getByText("Somebody tried to sign in to a canary tenant").waitFor();
  await page.getByRole("button", { name: "Details" }).first().click();
  await page.getByText("/secret-way").first().waitFor();
  await watched.look(page, "attacks");
  await page.setViewportSize(PHONE);
  await watched.look(page, "phone-attacks");
});

/** So many attempts, of which the first few got through. */
function ledgerOf(attempts: number, through: number): Ledger {
  const classes = ["no-credentials", "foreign-tenant", "foreign-user", "cached"] as const;
  const probes = Array.from({ length: attempts }, (_, at): Probe => {
    const breached = at < through;
    return {
      claim: at % 2 === 0 ? "tenancy.isolation-api" : "tenancy.isolation-users",
      route: breached ? "GET /api/t/{slug}/secret-way" : `GET /api/t/{slug}/things-${at % 40}`,
      class: classes[at % classes.length] ?? "cached",
      role: "viewer",
      who: "viewer of b (Ada viewer)",
      request: "0123456789abcdef",
      status: breached ? 200 : 404,
      verdict: breached ? "breached" : "held",
      detail: breached ? "200 where 404 was expected" : "404",
      ms: 2,
    };
  });
  const uncovered = Array.from({ length: 60 }, (_, at) => ({
    route: `POST /api/t/{slug}/things-${at % 40}`,
    class: classes[at % 3] ?? ("cached" as const),
    reason:
      at % 2 === 0 ? "on a live system: it may change something or be a burden" : "names no object of a user",
  }));
  return {
    probes,
    summary: {
      seed: "6f1d2c9a",
      routes: 141,
      classes: [...classes],
      probes: attempts,
      held: attempts - through,
      breached: through,
      inconclusive: 0,
      requests: attempts + 300,
      ms: 612_000,
      uncovered,
    },
  };
}
