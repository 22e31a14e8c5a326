import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger, Probe } from "../../../../attacker/contract.ts";
import { asSuperuser, openStage } from "../../../../test/support/stage.ts";
import { days } from "../../../kernel/clock.ts";
import { completed } from "../canaries/scope.ts";
import { asPublic } from "../public-page/reader.ts";
import { attackDays, inconclusiveLately, latestAttack, readLedger, storeAttack } from "./store.ts";

const probe = (more: Partial<Probe> = {}): Probe => ({
  claim: "tenancy.roles",
  route: "GET /api/t/{slug}/folders",
  class: "no-credentials",
  role: "none",
  who: "nobody",
  request: "",
  status: 401,
  verdict: "held",
  detail: "401",
  ms: 1,
  ...more,
});

const ledgerOf = (probes: Probe[]): Ledger => {
  const count = (verdict: string) => probes.filter((one) => one.verdict === verdict).length;
  const [held, breached, inconclusive] = [count("held"), count("breached"), count("inconclusive")];
  const totals = { probes: probes.length, held, breached, inconclusive };
  return {
    probes,
    summary: {
      seed: "s",
      routes: 2,
      classes: ["no-credentials", "cached"],
      requests: 3,
      ms: 4,
      uncovered: [],
      ...totals,
    },
  };
};

test("an attack is kept as it was signed, its ledger for 90 days, and a forged one is told", async (t) => {
  const stage = await openStage(t);
  const { system, database } = stage;
  const latest = () => asPublic(system, (ask) => latestAttack(system, ask, "live"));
  assert.equal(await latest(), null);

  const held = await storeAttack(system, "live", ledgerOf([probe(), probe({ verdict: "inconclusive" })]));
  const found = await latest();
  assert.ok(found && found !== "forged");
  assert.deepEqual(
    [found.id, found.summary.attempts, found.summary.classes],
    [held.id, 2, ["no-credentials"]],
  );
  assert.deepEqual(await inconclusiveLately(system, 3), [1]);
  await storeAttack(system, "rehearsal", ledgerOf([probe({ verdict: "breached" })]));
  assert.equal((await latest())?.toString(), found.toString(), "a rehearsal is not what the page shows");

  stage.pass(days(1));
  const broken = await storeAttack(system, "live", ledgerOf([probe({ verdict: "breached", status: 200 })]));
  assert.deepEqual(broken.summary.breached, [
    { claim: "tenancy.roles", class: "no-credentials", attempts: 1 },
  ]);
  const byDay = await asPublic(system, (ask) => attackDays(system, ask));
  assert.deepEqual(
    byDay.map(({ runs, attempts, breached, inconclusive }) => [runs, attempts, breached, inconclusive]),
    [
      [1, 2, 0, 1],
      [1, 1, 1, 0],
    ],
  );
  const probes = await readLedger(system, broken.id);
  assert.ok(Array.isArray(probes) && probes[0]?.status === 200);

  await asSuperuser(database, async (client) => {
    await client.query("update platform.attack_run set ledger = $1 where run_id = $2", [
      (await client.query("select ledger from platform.attack_run where run_id = $1", [held.id])).rows[0]
        .ledger,
      broken.id,
    ]);
  });
  await assert.rejects(readLedger(system, broken.id), "another's ledger does not open in this row");
  await asSuperuser(database, (client) =>
    client.query(
      `update platform.attack_run set summary = replace(summary::text, '"breached":[{', '"was":[{')::json where run_id = $1`,
      [broken.id],
    ),
  );
  await assert.rejects(latest, "a summary that lost its list");
  await asSuperuser(database, (client) =>
    client.query(
      `update platform.attack_run set summary = replace(summary::text, '"was":[{', '"breached":[],"was":[{')::json where run_id = $1`,
      [broken.id],
    ),
  );
  assert.equal(await latest(), "forged");

  stage.pass(days(91));
  await storeAttack(system, "live", ledgerOf([probe()]));
  assert.equal(await readLedger(system, held.id), null);
  assert.equal((await asPublic(system, (ask) => attackDays(system, ask))).length, 1);
  const { rows } = await system.pool.query("select count(*)::int as n from platform.attack_run");
  assert.equal(rows[0]?.n, 4, "summaries stay");
});

test("a ledger says what was left out, and quotes no answer", () => {
  const write = { route: "POST /api/t/{slug}/folders", class: "cached" as const };
  const ledger = ledgerOf([
    probe({ verdict: "breached", status: 200, detail: "200 where 401 was expected: Acme GmbH, Mr Doe" }),
    probe({ ...write, verdict: "inconclusive", detail: "401; but no control" }),
  ]);
  const operators = ["GET /api/t/{slug}/tenants"];
  const live = completed(ledger, { operators, classes: ["cached"], harmless: true });
  assert.equal(live.probes[0]?.detail, "200 where 401 was expected");
  assert.equal(live.summary.inconclusive, 1, "on a running server it stays open");
  assert.equal(live.summary.uncovered.length, 1);
  const copy = completed(ledger, { operators, classes: ["cached"], harmless: false });
  assert.deepEqual([copy.summary.inconclusive, copy.summary.breached], [0, 1]);
  assert.deepEqual(
    copy.summary.uncovered.map(({ route }) => route),
    [write.route, ...operators],
  );
});
