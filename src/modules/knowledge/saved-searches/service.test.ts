import assert from "node:assert/strict";
import { test } from "node:test";
import { openStand } from "../../../../test/support/knowledge.ts";
import { asSuperuser } from "../../../../test/support/stage.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { createFolder } from "../folders/service.ts";
import {
  changeSavedSearch,
  deleteSavedSearch,
  listSavedSearches,
  MOST_SAVED_SEARCHES,
  saveSearch,
} from "./service.ts";

test("saved searches", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, omar] = [await workspace.hire("Mara", "viewer"), await workspace.hire("Omar", "owner")];
  const idris = await (await stand.workspace("bexley")).hire("Idris", "owner");
  const names = async (who = mara) =>
    (await listSavedSearches(who.as("saved-search.use"), { limit: 50 })).items.map((s) => s.name);
  const save = (name: string, filters = {}, who = mara) =>
    saveSearch(who.as("saved-search.create"), { name, q: "notice \ud83d\ude00 “period”", filters });
  const first = await save("Notice", { kind: "pdf", owner: "others", since: "2025-01-01" });

  await t.test("are kept as they were given, the newest first, page by page", async () => {
    const second = await save("Rent");
    const page = await listSavedSearches(mara.as("saved-search.use"), { limit: 1 });
    assert.deepEqual(page.items, [second]);
    const [at, id] = (page.next ?? "").split(".");
    const cursor = { at: new Date(Number(at)), id: id ?? "" };
    const rest = await listSavedSearches(mara.as("saved-search.use"), { limit: 1, cursor });
    assert.deepEqual(rest, { items: [first], next: null });
    const changed = await changeSavedSearch(mara.as("saved-search.change"), second.id, { name: "Rents" });
    assert.deepEqual(changed, { ...second, name: "Rents" });
    await deleteSavedSearch(mara.as("saved-search.delete"), second.id);
    assert.deepEqual(await names(), ["Notice"]);
  });

  await t.test("are nobody else's, by their true identifier neither", async () => {
    for (const stranger of [omar, idris]) {
      assert.deepEqual(await names(stranger), []);
      const change = changeSavedSearch(stranger.as("saved-search.change"), first.id, { name: "Mine" });
      await assert.rejects(change, { code: "not_found" });
      const gone = deleteSavedSearch(stranger.as("saved-search.delete"), first.id);
      await assert.rejects(gone, { code: "not_found" });
    }
    assert.deepEqual(await names(), ["Notice"]);
  });

  await t.test("name only folders that their member sees", async () => {
    const theirs = await createFolder(omar.as("folder.create"), { name: "Board", parent: null });
    const foreign = await createFolder(idris.as("folder.create"), { name: "Boats", parent: null });
    for (const folder of [theirs.id, foreign.id, newId()]) {
      await assert.rejects(save("Spying", { folder }), { code: "not_found" });
      const change = changeSavedSearch(mara.as("saved-search.change"), first.id, { filters: { folder } });
      await assert.rejects(change, { code: "not_found" });
    }
    assert.deepEqual((await save("Own", { folder: theirs.id }, omar)).filters, { folder: theirs.id });
  });

  await t.test("are so many at most, also when two come at once", async () => {
    const ctx = workspace.job();
    const one = (
      await read(ctx, db.selectFrom("saved_search").selectAll().where("member_id", "=", mara.id))
    )[0][0];
    assert.ok(one);
    const filler = Array.from({ length: MOST_SAVED_SEARCHES - 2 }, () => ({ ...one, search_id: newId() }));
    await unit(ctx, (inner) => write(inner, db.insertInto("saved_search").values(filler)));
    const outcomes = await Promise.allSettled(["A", "B", "C"].map((name) => save(name)));
    assert.equal(outcomes.filter((o) => o.status === "fulfilled").length, 1);
    await assert.rejects(save("One more"), { code: "quota" });
    // The quota is each one's own.
    await save("Another's", {}, omar);
  });

  await t.test("are sealed, recorded without their words, and gone with their member", async () => {
    const stored = await asSuperuser(stand.database, async (client) => {
      const { rows } = await client.query("select body from saved_search where member_id = $1", [omar.id]);
      return rows.map((row) => row.body as Buffer);
    });
    assert.ok(stored.length > 0);
    for (const body of stored) assert.doesNotMatch(body.toString("latin1"), /notice|Another|pdf/);
    const [entries] = await read(
      workspace.job(),
      db.selectFrom("audit.entry").select("event").where("actor_id", "=", mara.id).orderBy("entry_id"),
    );
    assert.deepEqual(
      entries.map((e) => e.event),
      ["created", "created", "changed", "deleted", "created"].map((verb) => `saved-search.${verb}`),
    );
    const statusOf = (status: "suspended" | "removed") =>
      unit(workspace.job(), (ctx) =>
        write(ctx, db.updateTable("member").set({ status }).where("member_id", "=", mara.id)),
      );
    const left = async () =>
      (await read(workspace.job(), db.selectFrom("saved_search").select("member_id").distinct()))[0].map(
        (row) => row.member_id,
      );
    await statusOf("suspended");
    assert.equal((await left()).length, 2);
    await statusOf("removed");
    assert.deepEqual(await left(), [omar.id]);
  });
});
