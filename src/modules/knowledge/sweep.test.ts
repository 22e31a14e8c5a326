import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openStand, upload } from "../../../test/support/knowledge.ts";
import { keysOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read } from "../../kernel/database/unit.ts";
import { deleteDocument } from "./bin/deleting.ts";
import { purgeBinned } from "./bin/purging.ts";
import { sweepFiles } from "./sweep.ts";

test("stored files that no document names are removed, and no others", async (t) => {
  const stand = await openStand(t);
  const { system } = stand;
  const { files } = system;
  const [harrow, bexley] = [await stand.workspace("harrow"), await stand.workspace("bexley")];
  const [mara, idris] = [await harrow.hire("Mara", "manager"), await bexley.hire("Idris", "manager")];
  for (const member of [mara, idris]) await upload(member, { name: "a.md", content: "A text." });
  const named = async () => {
    const rows = await Promise.all(
      [harrow, bexley].map((of) => read(of.job(), db.selectFrom("document").selectAll())),
    );
    return rows.flatMap(([documents]) => documents.map((d) => d.file));
  };
  const orphan = async () =>
    (
      await files.put(
        await keysOf(harrow.job()),
        (async function* () {
          yield Buffer.from("Nobody's.");
        })(),
      )
    ).name;

  await t.test("of every tenant those that are named stay; young ones stay, too", async () => {
    const lost = await orphan();
    assert.deepEqual(await sweepFiles(system), { unfinished: 0, orphans: 0 });
    await sleep(20);
    assert.deepEqual(await sweepFiles(system, 1), { unfinished: 0, orphans: 1 });
    assert.equal(await files.exists(lost), false);
    assert.equal((await named()).length, 2);
    for (const file of await named()) assert.equal(await files.exists(file), true);
  });

  await t.test("what a document left behind when its file could not be removed goes", async () => {
    const { items } = await upload(mara, { name: "b.md", content: "Two." });
    const before = await named();
    const { remove } = files;
    files.remove = () => Promise.reject(new Error("the disk is away"));
    const id = items[0]?.id ?? "";
    await deleteDocument(mara.as("document.delete"), id);
    await purgeBinned(mara.as("bin.empty"), id);
    files.remove = remove;
    const after = await named();
    assert.equal(before.length - after.length, 1);
    await sleep(20);
    assert.deepEqual(await sweepFiles(system, 1), { unfinished: 0, orphans: 1 });
    assert.deepEqual(
      await Promise.all(before.map((file) => files.exists(file))),
      before.map((f) => after.includes(f)),
    );
  });

  await t.test("one process at a time", async () => {
    const both = await Promise.all([sweepFiles(system, 1), sweepFiles(system, 1)]);
    assert.ok(both.filter((swept) => swept === null).length <= 1);
    const client = await system.pool.connect();
    await client.query("select pg_advisory_lock($1)", [0x5653_7377]);
    assert.equal(await sweepFiles(system, 1), null);
    await client.query("select pg_advisory_unlock($1)", [0x5653_7377]);
    client.release();
    assert.deepEqual(await sweepFiles(system, 1), { unfinished: 0, orphans: 0 });
  });

  await t.test("beside a database that knows hardly any of them, none is removed", async () => {
    const many = [];
    for (let i = 0; i < 25; i++) many.push(await orphan());
    await sleep(20);
    await assert.rejects(sweepFiles(system, 1), /of 27 stored files the database knows 2/);
    for (const name of many) assert.equal(await files.exists(name), true);
  });
});
