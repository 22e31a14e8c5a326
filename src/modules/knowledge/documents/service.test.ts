import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import {
  addReady,
  closeToAll,
  openStand,
  openToAll,
  until,
  upload,
} from "../../../../test/support/knowledge.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import "../../tenancy/permissions.ts";
import { deleteDocument } from "../bin/deleting.ts";
import { emptyBin, purgeBinned } from "../bin/purging.ts";
import { searchPassages } from "../service.ts";
import { openOriginal } from "./download.ts";
import { listDocuments } from "./listing.ts";
import { getDocument, readPassages, renameDocument, retryDocument } from "./service.ts";

const LEASE =
  "# Lease\n\nEither party may end the lease by giving two months' notice.\n\n## Rent\n\nThe rent is £1,250.";

test("documents", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const omar = await workspace.hire("Omar", "owner");
  const other = await stand.workspace("bexley");
  const idris = await other.hire("Idris", "owner");
  const id = await addReady(workspace, mara, "lease.md", LEASE);

  const audited = async (event: string) => {
    const [rows] = await read(
      workspace.job(),
      db.selectFrom("audit.entry").selectAll().where("event", "=", event).orderBy("at"),
    );
    return rows;
  };
  const everyVerb = (as: typeof mara): [string, () => Promise<unknown>][] => [
    ["get", () => getDocument(as.as(), id)],
    ["passages", () => readPassages(as.as(), id, { from: 0, limit: 10 })],
    ["original", () => openOriginal(as.as("document.download"), id)],
    ["rename", () => renameDocument(as.as("document.change"), id, "mine.md")],
    ["share", () => openToAll(as, "document", id)],
    ["retry", () => retryDocument(as.as("document.upload"), id)],
    ["delete", () => deleteDocument(as.as("document.delete"), id)],
  ];

  await t.test("passages in order are the text; the original comes back as it went in", async () => {
    const { items, next } = await readPassages(mara.as(), id, { from: 0, limit: 10 });
    assert.equal(next, null);
    assert.match(
      items.map((p) => p.text).join("\n"),
      /Lease[\s\S]*two months' notice[\s\S]*Rent[\s\S]*£1,250/,
    );
    assert.deepEqual(
      items.map((p) => p.no),
      items.map((_, i) => i),
    );
    const original = await openOriginal(mara.as("document.download"), id);
    assert.deepEqual([original.name, original.bytes], ["lease.md", Buffer.byteLength(LEASE)]);
    assert.equal(await text(original.stream), LEASE);
    assert.deepEqual(
      (await audited("document.downloaded")).map((e) => [e.actor_id, e.resource_id]),
      [[mara.id, id]],
    );
  });

  await t.test(
    "another tenant and another member, owner or not, find nothing by a real identifier",
    async () => {
      for (const stranger of [idris, omar]) {
        for (const [verb, call] of everyVerb(stranger))
          await assert.rejects(call(), { code: "not_found" }, verb);
        assert.deepEqual((await listDocuments(stranger.as(), { limit: 50 })).items, []);
      }
      const unchanged = await getDocument(mara.as(), id);
      assert.deepEqual(
        [unchanged.name, unchanged.visibility, unchanged.state],
        ["lease.md", "private", "ready"],
      );
      await assert.rejects(getDocument(mara.as(), newId()), { code: "not_found" });
    },
  );

  await t.test("shared: others read and download, but neither change, share nor delete", async () => {
    await openToAll(mara, "document", id);
    assert.equal((await getDocument(mara.as(), id)).visibility, "tenant");
    for (const [verb, call] of everyVerb(omar)) {
      if (["get", "passages"].includes(verb)) await call();
      else if (verb === "original") (await openOriginal(omar.as("document.download"), id)).stream.destroy();
      else await assert.rejects(call(), { code: "forbidden" }, verb);
    }
    const seen = await getDocument(omar.as(), id);
    assert.deepEqual([seen.mine, seen.owner], [false, { id: mara.id, name: "Mara" }]);
    for (const [verb, call] of everyVerb(idris)) await assert.rejects(call(), { code: "not_found" }, verb);
    await closeToAll(mara, "document", id);
    await assert.rejects(getDocument(omar.as(), id), { code: "not_found" });
    assert.deepEqual(
      [(await audited("document.shared")).length, (await audited("share.ended")).length],
      [1, 1],
    );
  });

  await t.test("renamed, it is found by its new name and no longer by its old one", async () => {
    assert.equal((await searchPassages(mara.as("search.use"), "lease", 5)).items.length > 0, true);
    const changed = await renameDocument(mara.as("document.change"), id, "Zanzibar agreement.md");
    assert.deepEqual([changed.name, changed.state], ["Zanzibar agreement.md", "indexing"]);
    await workspace.settle();
    assert.equal((await getDocument(mara.as(), id)).state, "ready");
    const { items } = await searchPassages(mara.as("search.use"), "zanzibar", 5);
    assert.deepEqual(
      items.map((i) => [i.document.id, i.document.name]),
      [[id, "Zanzibar agreement.md"]],
    );
    const both = await searchPassages(mara.as("search.use"), "notice", 5);
    assert.equal(both.items.length, 1, "each passage is found once");
  });

  await t.test("only a document that failed is read again", async () => {
    await assert.rejects(retryDocument(mara.as("document.upload"), id), { code: "wrong_state" });
    const { items } = await upload(mara, {
      name: "broken.pdf",
      content: "%PDF-1.7\nnothing of a PDF follows",
    });
    const broken = items[0]?.id ?? "";
    await workspace.settle({ id: broken });
    const failed = await getDocument(mara.as(), broken);
    assert.equal(failed.state, "failed");
    assert.equal(failed.problem?.code, "damaged");
    assert.match(failed.problem?.message ?? "", /damaged/);
    assert.equal((await retryDocument(mara.as("document.upload"), broken)).state, "received");
    await workspace.settle({ id: broken });
    assert.equal((await getDocument(mara.as(), broken)).state, "failed");
    await deleteDocument(mara.as("document.delete"), broken);
  });

  await t.test("deleted for ever, nothing of it is left: text, file, words, search", async () => {
    const [[row]] = await read(
      workspace.job(),
      db.selectFrom("document").selectAll().where("document_id", "=", id),
    );
    const file = row?.file ?? "";
    assert.equal(await stand.system.files.exists(file), true);
    await deleteDocument(mara.as("document.delete"), id);
    await assert.rejects(getDocument(mara.as(), id), { code: "not_found" });
    assert.deepEqual((await searchPassages(mara.as("search.use"), "notice", 5)).items, []);
    assert.equal(await stand.system.files.exists(file), true, "it can be brought back");
    await purgeBinned(mara.as("bin.empty"), id);
    await emptyBin(mara.as("bin.empty"));
    await workspace.run("knowledge.tidy-library", workspace.tenant.id);
    await until(async () => !(await stand.system.files.exists(file)));
    await workspace.settle();
    const counts = await read(
      workspace.job(),
      db.selectFrom("passage").selectAll(),
      db.selectFrom("index_segment").selectAll(),
      db.selectFrom("index_posting").selectAll(),
    );
    assert.deepEqual(
      counts.map((rows) => rows.length),
      [0, 0, 0],
    );
    assert.equal((await audited("document.deleted")).length, 2);
  });
});
