import assert from "node:assert/strict";
import { test } from "node:test";
import { openStand, upload, type Workspace } from "../../../../test/support/knowledge.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { deleteDocument } from "../bin/deleting.ts";
import { getDocument, renameDocument } from "../documents/service.ts";
import { searchPassages } from "../service.ts";

test("indexing", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const segments = async (of: Workspace = workspace) =>
    (await read(of.job(), db.selectFrom("index_segment").selectAll()))[0];
  const found = async (q: string) =>
    (await searchPassages(mara.as("search.use"), q, 50)).items.map((i) => i.document.name);
  const index = () => workspace.run("knowledge.index", workspace.tenant.id);
  const addRead = async (...files: { name: string; content: string }[]) => {
    const { items } = await upload(mara, ...files);
    for (const { id } of items) await workspace.run("knowledge.read-document", id);
    return items.map((d) => d.id);
  };

  await t.test(
    "what waits together becomes one padded segment, and no word of it is in the database",
    async () => {
      await addRead(
        { name: "a.md", content: "Periwinkle grows here." },
        { name: "b.md", content: "Periwinkle, too." },
      );
      await index();
      assert.equal((await segments()).length, 1);
      const [postings] = await read(workspace.job(), db.selectFrom("index_posting").selectAll());
      assert.equal(postings.length, 64);
      for (const { term_hash, body } of postings) {
        assert.doesNotMatch(Buffer.concat([term_hash, body]).toString("latin1"), /periwinkle/i);
      }
      assert.deepEqual((await found("periwinkle")).sort(), ["a.md", "b.md"]);
    },
  );

  await t.test("a document that goes while its segment is built makes it begin again", async () => {
    const [stays, goes] = await addRead(
      { name: "stays.md", content: "Foxglove stays." },
      { name: "goes.md", content: "Foxglove goes." },
    );
    const { keyring } = stand.system;
    const { tenant } = keyring;
    let asked = 0;
    // The third time that keys are asked for, the batch is chosen and its passages are being read.
    keyring.tenant = async (id) => {
      const keys = await tenant(id);
      if (++asked === 3) {
        keyring.tenant = tenant;
        await deleteDocument(mara.as("document.delete"), goes ?? "");
        await renameDocument(mara.as("document.change"), stays ?? "", "renamed.md");
      }
      return keys;
    };
    await index();
    assert.ok(asked >= 3);
    assert.deepEqual(await found("foxglove"), ["renamed.md"]);
    assert.deepEqual(await found("renamed"), ["renamed.md"]);
    assert.equal((await getDocument(mara.as(), stays ?? "")).state, "ready");
  });

  await t.test("many small segments are gathered, and found all the same", async () => {
    for (let i = 0; i < 9; i++) {
      await addRead({ name: `small ${i}.md`, content: `Thistle number ${i}.` });
      await index();
    }
    assert.ok((await segments()).length < 8, String((await segments()).length));
    assert.equal((await found("thistle")).length, 9);
    assert.deepEqual((await found("periwinkle")).sort(), ["a.md", "b.md"]);
  });

  await t.test("two processes that index at once do it once", async () => {
    await addRead({ name: "c.md", content: "Bramble." }, { name: "d.md", content: "Bramble." });
    await Promise.all([index(), index(), index()].map((run) => run.catch(() => undefined)));
    await index();
    assert.deepEqual((await found("bramble")).sort(), ["c.md", "d.md"]);
  });

  await t.test("a document longer than a segment is found from its first to its last passage", async () => {
    const words = (seed: number) =>
      Array.from({ length: 150 }, (_, i) => `w${(seed * 7 + i * 13) % 900}`).join(" ");
    const content = Array.from({ length: 620 }, (_, i) => `Paragraph mark${i} ${words(i)}.`).join("\n\n");
    const [long] = await addRead({ name: "long.txt", content });
    await index();
    const of = await getDocument(mara.as(), long ?? "");
    assert.equal(of.state, "ready");
    assert.deepEqual([await found("mark0"), await found("mark619")], [["long.txt"], ["long.txt"]]);
    assert.ok((await segments()).length >= 2);
  });

  await t.test("after the last try what waited has failed, and can be tried again", async () => {
    const [id] = await addRead({ name: "e.md", content: "Hemlock." });
    const keys = await stand.system.keyring.tenant(workspace.tenant.id);
    const { tenant } = stand.system.keyring;
    let asked = 0;
    stand.system.keyring.tenant = async () => {
      if (++asked === 2) throw new Error("the key store is away");
      return keys;
    };
    await assert.rejects(workspace.run("knowledge.index", workspace.tenant.id, true), /key store/);
    stand.system.keyring.tenant = tenant;
    assert.equal((await getDocument(mara.as(), id ?? "")).state, "failed");
  });
});
