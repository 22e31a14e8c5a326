import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { addReady, closeToAll, openStand, openToAll } from "../../../test/support/knowledge.ts";
import { unit, write } from "../../kernel/database/unit.ts";
import { findPassages, readableDocuments, searchPassages } from "./service.ts";
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
      [{ document: { id: lease, name: "lease.md" }, passage: 0, page: null }],
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

  await t.test("a row that was moved to another word is refused", async () => {
    const admin = stand.database.url("postgres");
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    try {
      await client.query("begin");
      await client.query(
        `update index_posting p set body = (select body from index_posting q
           where q.tenant_id = p.tenant_id and q.segment_id = p.segment_id and q.term_hash <> p.term_hash limit 1)
         where tenant_id = $1`,
        [workspace.tenant.id],
      );
      await client.query("commit");
    } finally {
      await client.end();
    }
    await assert.rejects(searchPassages(mara.as("search.use"), "notice", 10), { code: "unreadable" });
    await assert.rejects(
      unit(workspace.job(), (ctx) => write(ctx, sql`update index_posting set body = ''`)),
      { code: "42501" },
    );
  });
});
