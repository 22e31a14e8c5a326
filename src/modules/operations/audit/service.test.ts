import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, openStage } from "../../../../test/support/stage.ts";
import { record } from "../../../kernel/audit.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { listEntries, listOwnEvents } from "./service.ts";

test("the audit log", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const admin = await company.hire("Admin", "admin");
  const viewer = await company.hire("Viewer", "viewer");
  const stranger = await other.hire("Stranger", "owner");
  const reading = () => admin.as("audit.read");
  const note = (person: typeof admin, ...events: string[]) =>
    unit(person.as(), async (ctx) => {
      for (const event of events) record(ctx, { event, resource: { type: "test", id: person.id } });
    });
  /** Every page, one after the other. */
  const all = async (limit: number, filter: { event?: string; actor?: string } = {}, ctx = reading) => {
    const items = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await listEntries(ctx(), { ...filter, limit, cursor });
      assert.ok(page.items.length <= limit);
      items.push(...page.items);
      cursor = page.next ?? undefined;
      if (++pages > 500) throw new Error("the pages have no end");
    } while (cursor);
    return items;
  };

  await t.test("pages lose and double nothing, though many entries are of one millisecond", async () => {
    const events = Array.from({ length: 60 }, (_, i) => `bulk.${i}`);
    await note(admin, ...events);
    // Three times the same moment, and neighbours a millisecond away.
    await asSuperuser(stage.database, async (client) => {
      await client.query("set session_replication_role = replica");
      await client.query(
        `update audit.entry set at = '2026-03-04 05:06:07.089+00'::timestamptz + (substr(event, 6)::int / 20) * interval '1 ms'
           where event like 'bulk.%'`,
      );
    });
    for (const limit of [1, 7, 20, 59, 60, 200]) {
      const items = await all(limit, { event: "bulk." });
      assert.deepEqual(items.map((i) => i.event).sort(), [...events].sort(), `pages of ${limit}`);
      const order = items.map((i) => `${i.at} ${i.id}`);
      assert.deepEqual(order, [...order].sort().reverse(), `pages of ${limit}`);
    }
  });

  await t.test("what arrives while somebody reads does not shift the pages", async () => {
    const first = await listEntries(reading(), { limit: 10 });
    await note(viewer, "later.one", "later.two");
    const second = await listEntries(reading(), { limit: 10, cursor: first.next ?? "" });
    const ids = new Set([...first.items, ...second.items].map((i) => i.id));
    assert.equal(ids.size, 20);
    assert.ok(![...first.items, ...second.items].some((i) => i.event.startsWith("later.")));
  });

  await t.test("by who acted, and by how an event begins", async () => {
    await note(viewer, "chat.made", "chat.shared", "chatter", "other%thing", "other_thing");
    const events = async (filter: { event?: string; actor?: string }) =>
      (await all(50, filter)).map((i) => i.event).sort();
    assert.deepEqual(await events({ event: "chat." }), ["chat.made", "chat.shared"]);
    assert.deepEqual(await events({ event: "other%" }), ["other%thing"]);
    assert.deepEqual(await events({ event: "other_" }), ["other_thing"]);
    assert.deepEqual(await events({ event: "\\" }), []);
    assert.ok((await all(50, { actor: viewer.id })).every((i) => i.actor.id === viewer.id));
    assert.deepEqual(await events({ actor: admin.id, event: "chat." }), []);
    assert.deepEqual(await events({ actor: stranger.id }), []);
  });

  await t.test("an entry says who, what, from where, and what changed", async () => {
    await unit(viewer.as(), async (ctx) =>
      record(ctx, {
        event: "whole.entry",
        resource: { type: "document", id: admin.id },
        outcome: "refused",
        method: "by hand",
        changes: { name: ["old", "new"], gone: [1, undefined], added: [undefined, { a: [true] }] },
      }),
    );
    const [item] = await all(5, { event: "whole." });
    assert.ok(item);
    const { id, at, ...rest } = item;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
    assert.deepEqual(rest, {
      actor: { kind: "member", id: viewer.id, name: "Viewer", role: "viewer", key: null },
      event: "whole.entry",
      resource: { type: "document", id: admin.id },
      outcome: "refused",
      method: "by hand",
      ip: "198.51.100.7",
      userAgent: "test",
      changes: { name: ["old", "new"], gone: [1, null], added: [null, { a: [true] }] },
      brought: false,
    });
  });

  await t.test("nobody without the permission, and nobody of another tenant", async () => {
    await assert.rejects(listEntries(viewer.as("audit.read"), { limit: 5 }), refused("forbidden"));
    await note(stranger, "secret.plan");
    assert.deepEqual(await all(50, { event: "secret." }), []);
    const [own] = (await all(50, { event: "secret." }, () => stranger.as("audit.read"))) ?? [];
    assert.equal(own?.event, "secret.plan");
    // A cursor of theirs is a place in time, and opens nothing.
    const theirs = `${own?.at}_${own?.id}`;
    const page = await listEntries(reading(), { limit: 200, cursor: theirs });
    assert.ok(page.items.length > 0 && page.items.every((i) => i.event !== "secret.plan"));
  });

  await t.test("a cursor that is none is refused", async () => {
    const id = admin.id;
    for (const cursor of [
      "x",
      id,
      `2026-01-01T00:00:00.000Z_${id.toUpperCase()}`,
      `2026-01-01T00:00:00.000Z_${"-".repeat(36)}`,
      `2026-13-01T00:00:00.000Z_${id}`,
      `0000-01-01T00:00:00.000Z_${id}`,
      `2026-01-01_${id}`,
      `2026-01-01T00:00:00.000Z_${id}x`,
    ])
      await assert.rejects(listEntries(reading(), { limit: 5, cursor }), refused("bad_request"), cursor);
    assert.deepEqual(
      (await listEntries(reading(), { limit: 5, cursor: `0001-01-01T00:00:00.000Z_${id}` })).items,
      [],
    );
  });

  await t.test("one's own history is one's own, without what merely happened in between", async () => {
    await note(
      viewer,
      "session.started",
      "session.refreshed",
      "factor.totp-removed",
      "key.created",
      "document.opened",
    );
    await note(admin, "session.started");
    await unit(company.visitor(), async (ctx) =>
      record(ctx, {
        event: "session.refused",
        resource: { type: "member", id: viewer.id },
        outcome: "refused",
      }),
    );
    const events = (await listOwnEvents(viewer.as())).map((i) => i.event);
    assert.deepEqual([...events].sort(), [
      "factor.totp-removed",
      "key.created",
      "session.refused",
      "session.started",
    ]);
    assert.equal(events[0], "session.refused");
    assert.ok((await listOwnEvents(viewer.as())).every((i) => i.ip !== null));
    await unit(admin.as(), async (ctx) =>
      record(ctx, { event: "member.unlocked", resource: { type: "member", id: viewer.id } }),
    );
    const [unlocked] = await listOwnEvents(viewer.as());
    assert.deepEqual(
      [unlocked?.event, unlocked?.actor.name, unlocked?.ip, unlocked?.userAgent],
      ["member.unlocked", "Admin", null, null],
    );
    await assert.rejects(listOwnEvents(company.visitor()), refused("not_signed_in"));
  });

  await t.test("the application cannot change or remove an entry", async () => {
    for (const sql of [
      "update audit.entry set event = 'x'",
      "delete from audit.entry",
      "truncate audit.entry",
    ]) {
      await assert.rejects(
        unit(admin.as(), async (ctx) => void (await ctx.tx.client.query(sql))),
        { code: "42501" },
        sql,
      );
    }
  });
});
