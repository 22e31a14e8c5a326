import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { addReady, closeToAll, openStand, openToAll } from "../../../test/support/knowledge.ts";
import { addTexts } from "../../../test/support/library.ts";
import { unit, write } from "../../kernel/database/unit.ts";
import { moveDocument } from "./documents/service.ts";
import { createFolder } from "./folders/service.ts";
import { findPassages, type PassageFilters, readableDocuments, searchPassages } from "./service.ts";
import { reachOf } from "./sharing/reach.ts";

test("search", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, omar] = [await workspace.hire("Mara", "manager"), await workspace.hire("Omar", "owner")];
  const other = await stand.workspace("bexley");
  const idris = await other.hire("Idris", "manager");
  const lease = await addReady(workspace, mara, "lease.md", "The notice period of the lease is two months.");
  const secret = await addReady(
    workspace,
    omar,
    "board.md",
    "The notice period of the board is a secret: Quillwort.",
  );
  await addReady(other, idris, "boat.md", "The notice period of the boat is one tide.");
  const names = async (who: typeof mara, q: string) =>
    (await searchPassages(who.as("search.use"), q, 10)).items.map((i) => i.document.name);

  await t.test("finds what one may see, with the words marked", async () => {
    const answer = await searchPassages(mara.as("search.use"), "notice periods", 10);
    assert.equal(answer.documents, 1);
    assert.deepEqual(
      answer.items.map(({ document, passage, page }) => ({ document, passage, page })),
      [{ document: { id: lease, name: "lease.md", kind: "markdown", folder: null }, passage: 0, page: null }],
    );
    const [hit] = answer.items;
    assert.deepEqual(
      hit?.marks.map(([start, end]) => hit.text.slice(start, end)),
      ["notice", "period"],
    );
  });

  await t.test("never another member's or another tenant's, whatever the words", async () => {
    assert.deepEqual(await names(mara, "quillwort"), []);
    assert.deepEqual(await names(mara, "tide boat secret board"), []);
    assert.deepEqual(await names(omar, "notice"), ["board.md"]);
    assert.deepEqual(await names(idris, "notice"), ["boat.md"]);
  });

  await t.test("what is not visible does not even move the scores", async () => {
    const before = await findPassages(workspace.job(), mara.id, "notice lease", 10);
    await addReady(workspace, omar, "more.md", "Lease, lease, lease: notice of a lease.");
    const after = await findPassages(workspace.job(), mara.id, "notice lease", 10);
    assert.deepEqual(after, before);
  });

  await t.test("sharing and withdrawing count at once", async () => {
    await openToAll(omar, "document", secret);
    assert.deepEqual(await names(mara, "quillwort"), ["board.md"]);
    assert.deepEqual(
      [...(await readableDocuments(mara.as(), reachOf(mara.as()), [secret, lease])).values()].sort(),
      ["board.md", "lease.md"],
    );
    await closeToAll(omar, "document", secret);
    assert.deepEqual(await names(mara, "quillwort"), []);
    assert.deepEqual(
      [...(await readableDocuments(mara.as(), reachOf(mara.as()), [secret, lease])).values()],
      ["lease.md"],
    );
  });

  await t.test("filters narrow, before anything is counted, and never widen", async () => {
    const search = (filters: PassageFilters, who = mara) =>
      searchPassages(who.as("search.use"), "notice lease", 10, { filters });
    const outer = await createFolder(mara.as("folder.create"), { name: "Outer", parent: null });
    const inner = await createFolder(mara.as("folder.create"), { name: "Inner", parent: outer.id });
    await moveDocument(mara.as("document.move"), lease, inner.id);
    const here = async (filters: PassageFilters) => {
      const { items, documents } = await search(filters);
      return [items.map((i) => i.document.name), documents];
    };
    assert.deepEqual(await here({ folder: outer.id }), [["lease.md"], 1]);
    assert.equal((await search({ folder: inner.id })).items[0]?.document.folder, inner.id);
    assert.deepEqual(await here({ kind: "markdown", owner: "mine" }), [["lease.md"], 1]);
    assert.deepEqual(await here({ kind: "pdf" }), [[], 0]);
    assert.deepEqual(await here({ owner: "others" }), [[], 0]);
    assert.deepEqual(await here({ document: lease }), [["lease.md"], 1]);
    const today = new Date().toISOString().slice(0, 10);
    assert.deepEqual(await here({ since: today, until: today }), [["lease.md"], 1]);
    assert.deepEqual(await here({ until: "2001-01-01" }), [[], 0]);
    assert.deepEqual(await here({ since: "2101-01-01" }), [[], 0]);
    // Of a colleague's folder or document nobody is told whether it is there.
    for (const filters of [{ folder: outer.id }, { document: lease }]) {
      await assert.rejects(search(filters, omar), { code: "not_found" });
      assert.deepEqual((await findPassages(workspace.job(), omar.id, "notice", 10, filters)).items, []);
    }
    await moveDocument(mara.as("document.move"), lease, null);
  });

  await t.test("pages follow each other, each passage once, and the end is said", async () => {
    const texts = Array.from({ length: 7 }, (_, i) => ({
      name: `n${i}`,
      passages: [`Sycamore ${"x ".repeat(i)}`],
    }));
    await addTexts(workspace.job(), mara.id, texts);
    await workspace.settle();
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 5; page++) {
      const answer = await searchPassages(mara.as("search.use"), "sycamore", 3, { cursor });
      seen.push(...answer.items.map((i) => i.document.name));
      if (answer.next === null) break;
      cursor = answer.next;
    }
    assert.deepEqual(seen.sort(), texts.map(({ name }) => name).sort());
    assert.deepEqual(seen.length, 7);
  });

  await t.test("while somebody types, the last word may be a beginning", async () => {
    const names = async (typing: boolean) =>
      (await searchPassages(mara.as("search.use"), "sycamo", 10, { typing })).items.length;
    assert.equal(await names(true), 7);
    const answer = await searchPassages(mara.as("search.use"), "sycamroe", 10);
    assert.deepEqual([answer.corrected, answer.items.length], ["sycamore", 7]);
    // Of words that only others may see nothing is told.
    assert.equal((await searchPassages(mara.as("search.use"), "quillwrot", 10)).corrected, null);
  });

  await t.test("any text is a query", async () => {
    for (const q of [
      "",
      "   ",
      '"',
      "''\"; drop table document;--",
      "\u{1f600}",
      "the of and",
      "w ".repeat(5000),
      '"notice period"',
    ]) {
      await searchPassages(mara.as("search.use"), q, 10);
    }
    assert.deepEqual(await names(mara, '"period notice"'), []);
    assert.deepEqual(await names(mara, '"notice period"'), ["lease.md"]);
  });

  await t.test("a row that was moved from another workspace is refused", async () => {
    const admin = stand.database.url("postgres");
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    try {
      await client.query("begin");
      await client.query(
        `update index_posting p set body = (select body from index_posting q
           where q.tenant_id <> p.tenant_id limit 1)
         where tenant_id = $1`,
        [workspace.tenant.id],
      );
      await client.query("commit");
    } finally {
      await client.end();
    }
    await assert.rejects(searchPassages(mara.as("search.use"), "notice", 10), { code: "unreadable" });
    await assert.rejects(
      // The body alone may be written anew, under another key; which word of which segment it speaks of may not.
      unit(workspace.job(), (ctx) => write(ctx, sql`update index_posting set term_hash = term_hash`)),
      { code: "42501" },
    );
  });
});
