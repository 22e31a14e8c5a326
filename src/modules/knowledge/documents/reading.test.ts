import assert from "node:assert/strict";
import { test } from "node:test";
import { openStand, upload } from "../../../../test/support/knowledge.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { deleteDocument } from "../bin/deleting.ts";
import { purgeBinned } from "../bin/purging.ts";
import { searchPassages } from "../service.ts";
import { getDocument, renameDocument, retryDocument } from "./service.ts";

test("reading documents", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const add = async (name: string, content: string) =>
    (await upload(mara, { name, content })).items[0]?.id ?? "";
  const passages = async (id: string) =>
    (await read(workspace.job(), db.selectFrom("passage").selectAll().where("document_id", "=", id)))[0]
      .length;
  const setState = (id: string, state: "reading" | "indexing" | "received") =>
    unit(workspace.job(), (ctx) =>
      write(ctx, db.updateTable("document").set({ state }).where("document_id", "=", id)),
    );

  await t.test("a job that is run twice, at once or again, does its work once", async () => {
    const id = await add("one.md", "Gherkins are kept in the cellar.");
    await Promise.all([
      workspace.run("knowledge.read-document", id),
      workspace.run("knowledge.read-document", id),
    ]);
    await workspace.run("knowledge.read-document", id);
    assert.equal(await passages(id), 1);
    await Promise.all([1, 2, 3].map(() => workspace.run("knowledge.index", workspace.tenant.id)));
    await workspace.run("knowledge.read-document", id);
    assert.equal((await getDocument(mara.as(), id)).state, "ready");
    assert.equal((await searchPassages(mara.as("search.use"), "gherkins", 10)).items.length, 1);
  });

  await t.test("cut off in the middle, it is begun again", async () => {
    const id = await add("two.md", "Lanterns hang above the door.");
    await setState(id, "reading");
    await workspace.settle({ id });
    assert.equal((await getDocument(mara.as(), id)).state, "ready");
    assert.equal((await searchPassages(mara.as("search.use"), "lanterns", 10)).items.length, 1);
  });

  await t.test("deleted for ever while it is read, it does not come back", async () => {
    const id = await add("three.md", "Umbrellas stand in the hall.");
    const { files } = stand.system;
    const { open } = files;
    files.open = async (...args) => {
      files.open = open;
      const stream = await open(...args);
      await deleteDocument(mara.as("document.delete"), id);
      await purgeBinned(mara.as("bin.empty"), id);
      return stream;
    };
    await workspace.run("knowledge.read-document", id);
    await workspace.run("knowledge.index", workspace.tenant.id);
    await assert.rejects(getDocument(mara.as(), id), { code: "not_found" });
    assert.equal(await passages(id), 0);
    assert.deepEqual((await searchPassages(mara.as("search.use"), "umbrellas", 10)).items, []);
  });

  await t.test("deleted before its job, the job does nothing", async () => {
    const id = await add("four.md", "Nothing.");
    await deleteDocument(mara.as("document.delete"), id);
    await workspace.run("knowledge.read-document", id);
  });

  await t.test(
    "an error on our side is tried again; after the last try the document has failed",
    async () => {
      const id = await add("five.md", "Marbles roll under the chair.");
      const { files } = stand.system;
      const { open } = files;
      files.open = () => Promise.reject(new Error("the disk is away"));
      await assert.rejects(workspace.run("knowledge.read-document", id), /the disk is away/);
      assert.equal((await getDocument(mara.as(), id)).state, "reading");
      await assert.rejects(workspace.run("knowledge.read-document", id, true), /the disk is away/);
      const failed = await getDocument(mara.as(), id);
      assert.deepEqual([failed.state, failed.problem?.code], ["failed", "internal"]);
      files.open = open;
      await retryDocument(mara.as("document.upload"), id);
      await workspace.settle({ id });
      assert.equal((await getDocument(mara.as(), id)).state, "ready");
    },
  );

  await t.test("what was renamed to another ending is still read as what it is", async () => {
    const id = await add("six.md", "Kettles whistle.");
    await renameDocument(mara.as("document.change"), id, "six.docx");
    await workspace.settle({ id });
    assert.equal((await getDocument(mara.as(), id)).state, "ready");
  });

  await t.test(
    "a file that is missing, or changed on the disk, is our failure and shows nothing",
    async () => {
      const id = await add("seven.md", "Ladders lean.");
      const [[row]] = await read(
        workspace.job(),
        db.selectFrom("document").select("file").where("document_id", "=", id),
      );
      await stand.system.files.remove(row?.file ?? "");
      await assert.rejects(workspace.run("knowledge.read-document", id, true), { code: "unreadable" });
      const failed = await getDocument(mara.as(), id);
      assert.deepEqual([failed.state, failed.problem?.code], ["failed", "internal"]);
      assert.equal(await passages(id), 0);
    },
  );
});
