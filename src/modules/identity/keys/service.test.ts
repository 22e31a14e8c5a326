import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, type Company, openStage, type Person } from "../../../../test/support/stage.ts";
import { readApiKey } from "../../../kernel/api-keys.ts";
import { record } from "../../../kernel/audit.ts";
import { days, minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { enter, identifyKey, unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { deliverMail, readOutbox } from "../../../kernel/mail.ts";
import { listEntries } from "../../operations/audit/service.ts";
import {
  changeRole,
  listMembers,
  reinstateMember,
  removeMember,
  suspendMember,
} from "../../tenancy/members/service.ts";
import { changeOwnRole, createRole } from "../roles/own-roles.ts";
import { createKey, endKey, listKeys, type NewKey } from "./service.ts";
import { warnOfKeys } from "./warnings.ts";

const FOLDER = newId();
const folderNames = async (_: Ctx, ids: readonly string[]) =>
  new Map(ids.filter((id) => id === FOLDER).map((id) => [id, "Leases"]));
const asked: NewKey = {
  name: "Nightly export",
  permissions: ["tenant.read", "member.read"],
  folder: null,
  networks: [],
  days: 90,
};

test("API keys", async (t) => {
  const stage = await openStage(t, { jobs: [deliverMail] });
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const owner = await company.hire("Owner", "owner");
  const admin = await company.hire("Admin", "admin");
  const stranger = await other.hire("Stranger", "owner");
  const make = (person: Person, more: Partial<NewKey> = {}) =>
    createKey(person.as("key.create"), folderNames, { ...asked, ...more });

  /** A request with a key, for one permission as its route would ask for it. */
  const enterWith = async (
    key: string,
    permission = "tenant.read",
    at: Company = company,
    ip = "192.0.2.9",
  ) => {
    const { hash } = readApiKey(key) ?? assert.fail("not a key");
    const visitor: Ctx = { ...at.visitor(), origin: { ip, userAgent: "script" } };
    const { memberId, keyId } = await identifyKey(visitor, hash);
    const ctx: Ctx = {
      ...visitor,
      actor: { kind: "key", memberId, keyId, hash },
      demand: { permission, fresh: false, beforeFactor: false, changes: false },
      standing: { current: null },
    };
    await enter(ctx);
    return ctx;
  };

  await t.test("a key acts for its owner and is kept as its hash", async () => {
    const { id, key } = await make(owner);
    const ctx = await enterWith(key);
    assert.equal(ctx.standing.current?.memberId, owner.id);
    assert.deepEqual([...(ctx.standing.current?.permissions ?? [])].sort(), ["member.read", "tenant.read"]);
    const row = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select encode(key_hash, 'hex') as hash, prefix, api_key::text as whole from api_key where key_id = $1",
        [id],
      );
      return rows[0];
    });
    assert.equal(row.hash, createHash("sha256").update(key).digest("hex"));
    assert.equal(row.prefix, key.slice(0, 10));
    assert.ok(!row.whole.includes(key.slice(10)) && !stage.log().includes(key.slice(10)));
  });

  await t.test("what it does is in the log under its name, with its owner", async () => {
    const { id, key } = await make(owner);
    const ctx = await enterWith(key);
    await unit(ctx, async (inner) => record(inner, { event: "test.done", resource: { type: "test" } }));
    const { items } = await listEntries(owner.as("audit.read"), { event: "test.done", limit: 5 });
    assert.deepEqual(
      items.map(({ actor }) => [actor.kind, actor.id, actor.key]),
      [["key", owner.id, { id, name: "Nightly export" }]],
    );
  });

  await t.test("it reaches what it was given and nothing more, not even what its owner may", async () => {
    const { key } = await make(owner, { permissions: ["tenant.read"] });
    for (const permission of ["member.read", "tenant.change", "account.use", "key.use", "role.read"])
      await assert.rejects(enterWith(key, permission), refused("forbidden"), permission);
    // What a key sees of its owner's colleagues is not what the owner sees.
    const seen = await listMembers(await enterWith((await make(owner)).key, "member.read"));
    assert.deepEqual(
      seen.map((m) => m.address),
      [owner.address, ""],
    );
  });

  await t.test("nobody makes one of more than they hold, or of what keys never hold", async () => {
    const viewer = await company.hire("Viewer", "viewer");
    for (const [person, permission] of [
      [viewer, "member.invite"],
      [owner, "account.use"],
      [owner, "account.password"],
      [owner, "key.create"],
      [owner, "role.create"],
      [owner, "policy.change"],
      [owner, "member.remove"],
      [owner, "toString"],
    ] as const)
      await assert.rejects(make(person, { permissions: ["tenant.read", permission] }), refused("forbidden"));
  });

  await t.test("a folder must be one that the maker sees", async () => {
    await assert.rejects(make(owner, { folder: newId() }), refused("not_found"));
    const { key } = await make(owner, { folder: FOLDER });
    assert.equal((await enterWith(key)).standing.current?.folderId, FOLDER);
    const [newest] = await listKeys(owner.as("key.use"), folderNames, "own");
    assert.deepEqual(newest?.folder, { id: FOLDER, name: "Leases" });
  });

  await t.test("it works from its networks only, in every form of an address", async () => {
    const { key } = await make(owner, { networks: ["192.0.2.0/24", "2001:db8:0:0:0:0:0:0/32"] });
    for (const ip of [
      "192.0.2.9",
      "::ffff:192.0.2.9",
      "::ffff:c000:209",
      "2001:db8::1",
      "2001:DB8:ffff::1%eth0",
    ])
      await enterWith(key, "tenant.read", company, ip);
    for (const ip of ["192.0.3.9", "::ffff:192.0.3.9", "2001:db9::1", "::1", "unix:", ""])
      await assert.rejects(enterWith(key, "tenant.read", company, ip), refused("network_refused"), ip);
    // An address that is none is no obstacle to a key without networks.
    await enterWith((await make(owner)).key, "tenant.read", company, "unix:");
  });

  await t.test("another workspace does not know it", async () => {
    const { id, key } = await make(owner);
    await assert.rejects(enterWith(key, "tenant.read", other), refused("key_invalid"));
    await assert.rejects(endKey(stranger.as("key.end-all"), id, "all"), refused("not_found"));
    assert.deepEqual(await listKeys(stranger.as("key.see-all"), folderNames, "all"), []);
  });

  await t.test("it ends when its owner or an admin says so, and nobody else", async () => {
    const { id, key } = await make(owner);
    await assert.rejects(endKey(admin.as("key.end"), id, "own"), refused("not_found"));
    assert.ok(!(await listKeys(admin.as("key.use"), folderNames, "own")).some((k) => k.id === id));
    await endKey(admin.as("key.end-all"), id, "all");
    await assert.rejects(enterWith(key), refused("key_invalid"));
    await assert.rejects(endKey(owner.as("key.end"), id, "own"), refused("not_found"));
    const listed = (await listKeys(admin.as("key.see-all"), folderNames, "all")).find((k) => k.id === id);
    assert.deepEqual([listed?.state, listed?.owner.name], ["revoked", "Owner"]);
  });

  await t.test("it loses at once what its owner loses", async () => {
    const { id: role } = await createRole(owner.as("role.create"), "Reader", [
      "tenant.read",
      "key.use",
      "key.create",
    ]);
    const person = await company.hire("Person", "viewer");
    await changeRole(owner.as("member.change-role"), person.id, role);
    const { key } = await make(person, { permissions: ["tenant.read"] });
    await enterWith(key);
    const ctx = await enterWith(key);
    await changeOwnRole(owner.as("role.change"), role, { permissions: ["key.use"] });
    await assert.rejects(enterWith(key), refused("forbidden"));
    // Also in the middle of a request: each unit of work asks anew.
    await assert.rejects(
      unit(ctx, async () => {}),
      refused("forbidden"),
    );
    await changeOwnRole(owner.as("role.change"), role, { permissions: ["tenant.read"] });
    await assert.rejects(enterWith(key), refused("forbidden"));
    await changeOwnRole(owner.as("role.change"), role, { permissions: ["tenant.read", "key.use"] });
    await enterWith(key);
  });

  await t.test("it ends with its owner, and being let back in does not revive it", async () => {
    const person = await company.hire("Leaving", "viewer");
    const { id, key } = await make(person);
    await suspendMember(owner.as("member.suspend"), person.id);
    await assert.rejects(enterWith(key), refused("key_invalid"));
    await reinstateMember(owner.as("member.reinstate"), person.id);
    await assert.rejects(enterWith(key), refused("key_invalid"));
    const gone = await company.hire("Gone", "viewer");
    const second = await make(gone);
    await removeMember(owner.as("member.remove"), gone.id);
    await assert.rejects(enterWith(second.key), refused("key_invalid"));
    const states = (await listKeys(owner.as("key.see-all"), folderNames, "all"))
      .filter((k) => k.id === id || k.id === second.id)
      .map((k) => k.state);
    assert.deepEqual(states, ["revoked", "revoked"]);
  });

  await t.test("a member has 50 at most, however fast they are made", async () => {
    const person = await company.hire("Maker", "viewer");
    const made = await Promise.allSettled(Array.from({ length: 60 }, () => make(person, { days: 1 })));
    assert.equal(made.filter((m) => m.status === "fulfilled").length, 50);
    for (const m of made) if (m.status === "rejected") assert.ok(refused("quota")(m.reason));
  });

  // The clock moves from here on: sessions of before are over.
  await t.test("its owner is told once, a week before it ends; then it ends by itself", async () => {
    await warnOfKeys(stage.system);
    const { key } = await make(admin, { days: 10 });
    const mails = async () =>
      (await readOutbox(stage.system, 200)).filter(
        (m) => m.to === admin.address && /10 days|ends|expire/i.test(m.text),
      );
    const before = (await mails()).length;
    stage.pass(days(2));
    assert.equal(await warnOfKeys(stage.system), 0);
    stage.pass(days(1) + minutes(1));
    assert.equal(await warnOfKeys(stage.system), 1);
    assert.equal(await warnOfKeys(stage.system), 0);
    assert.equal((await mails()).length, before + 1);
    await enterWith(key);
    stage.pass(days(7) - minutes(2));
    await enterWith(key);
    stage.pass(minutes(1) + 1000);
    await assert.rejects(enterWith(key), refused("key_invalid"));
  });
});
