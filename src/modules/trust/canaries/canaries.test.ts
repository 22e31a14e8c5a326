import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyRequest } from "fastify";
import { asSuperuser, openStage } from "../../../../test/support/stage.ts";
import { minutes } from "../../../kernel/clock.ts";
import { isRunner, PROOF_COOKIE, PROOF_HEADER, proofOfRunner } from "./proof.ts";
import { noteFilled, readCanaries, readDecoys, readyCanaries } from "./store.ts";
import { makeTenants } from "./tenants.ts";

test("canaries are made once, however often their making is cut off", async (t) => {
  const stage = await openStage(t);
  const { system, database } = stage;
  let made = 0;
  const create = async (id: string) => {
    if (++made > 1) throw new Error("the disk is full");
    await system.keyring.create(id);
  };
  const dying = { ...system, keyring: { ...system.keyring, create } };
  await assert.rejects(makeTenants(dying), /the disk is full/);
  const [first, ...none] = await readCanaries(system);
  assert.ok(first && none.length === 0);

  await makeTenants(system);
  await makeTenants(system);
  const [attacker, victim, ...more] = await readCanaries(system);
  assert.ok(attacker && victim && more.length === 0);
  assert.deepEqual([attacker.id, attacker.part, victim.part], [first.id, "attacker", "victim"]);
  assert.equal(attacker.secrets.marker, victim.secrets.marker, "one marker for the installation");
  assert.equal(await readyCanaries(system), null, "nothing is in them yet");
  for (const { secrets } of [attacker, victim]) {
    const roles = secrets.people.map(({ role }) => role);
    assert.deepEqual(roles, ["viewer", "viewer", "manager", "manager", "admin", "admin", "owner", "owner"]);
    assert.ok(secrets.people.every(({ address }) => address.endsWith(".invalid")));
  }
  await asSuperuser(database, async (client) => {
    const kinds = await client.query("select kind from tenant where kind = 'canary'");
    const listed = await client.query("select 1 from operator_tenant");
    const { rows } = await client.query<{ secrets: Buffer }>("select secrets from platform.canary");
    assert.deepEqual([kinds.rowCount, listed.rowCount, rows.length], [2, 0, 2]);
    assert.ok(
      rows.every(({ secrets }) => !secrets.includes(attacker.secrets.marker)),
      "sealed",
    );
  });

  const thing = { id: "01890a5d-ac96-774b-bcce-b302099a8057" };
  for (const canary of [attacker, victim])
    await noteFilled(system, canary, { ...canary.secrets, objects: { document: [thing] } });
  assert.ok(await readyCanaries(system));
  const { slugs, identifiers, marker } = await readDecoys(system);
  assert.deepEqual([...slugs.keys()].sort(), [attacker.slug, victim.slug].sort());
  assert.ok(identifiers.has(thing.id) && identifiers.has(victim.id) && marker === victim.secrets.marker);
});

test("the runner is known by a proof that nobody else can make, for two hours", async (t) => {
  const stage = await openStage(t);
  const { system } = stage;
  const asked = (proof: string | undefined, cookie?: string) =>
    // Only what the proof is read from.
    isRunner(system, {
      headers: proof === undefined ? {} : { [PROOF_HEADER]: proof },
      cookies: cookie === undefined ? {} : { [PROOF_COOKIE]: cookie },
    } as unknown as FastifyRequest);
  const proof = await proofOfRunner(system);
  assert.equal(await asked(proof), true);
  assert.equal(await asked(undefined, proof), true);
  const [at = "", mac = ""] = proof.split(".");
  const another = (Number.parseInt(at, 36) + 1).toString(36);
  for (const wrong of [
    undefined,
    "",
    at,
    `${another}.${mac}`,
    `${at}.${"A".repeat(43)}`,
    `${proof}A`,
    `zzzzzzzzzzzz.${mac}`,
  ])
    assert.equal(await asked(wrong), false, String(wrong));
  stage.pass(minutes(121));
  assert.equal(await asked(proof), false, "after two hours");
});
