import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { openStand, upload } from "../../../../test/support/knowledge.ts";
import { addTexts } from "../../../../test/support/library.ts";
import { keysOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { getDocument, renameDocument } from "../documents/service.ts";
import { openSegment } from "../search/segment.ts";
import { searchPassages } from "../service.ts";
import { indexKeys } from "./keys.ts";
import { tidy } from "./tidying.ts";
import { limits } from "./workers.ts";

test("indexing", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const tenantId = workspace.tenant.id;
  const segments = async () =>
    (
      await read(
        workspace.job(),
        sql<{ state: string }>`select state from index_segment where tenant_id = ${tenantId}`,
      )
    )[0];
  /** Numbers of documents that are gone and that segments still speak of. */
  const deadSpokenOf = async () => {
    const [made, there] = await read(
      workspace.job(),
      sql<{
        segment_id: string;
        stats: Buffer;
      }>`select segment_id, stats from index_segment where tenant_id = ${tenantId}`,
      sql<{ no: number }>`select document_no as no from document where tenant_id = ${tenantId}`,
    );
    const keys = indexKeys(await keysOf(workspace.job()));
    const numbers = made.flatMap((s) => [...openSegment(s.segment_id, s.stats, keys).documents]);
    return numbers.filter((number) => !there.some(({ no }) => no === number));
  };
  const found = async (q: string) =>
    (await searchPassages(mara.as("search.use"), `"${q}"`, 50)).items.map((i) => i.document.name);
  const index = () => workspace.run("knowledge.index", tenantId);
  const remove = (id: string) =>
    unit(workspace.job(), (ctx) =>
      write(ctx, sql`delete from document where tenant_id = ${tenantId} and document_id = ${id}`),
    );
  const addRead = async (...files: { name: string; content: string }[]) => {
    const { items } = await upload(mara, ...files);
    for (const { id } of items) await workspace.run("knowledge.read-document", id);
    return items.map((d) => d.id);
  };

  await t.test("what waits together becomes one segment, and no word of it is in the database", async () => {
    await addRead(
      { name: "a.md", content: "Periwinkle grows here." },
      { name: "b.md", content: "Periwinkle, too." },
    );
    await index();
    assert.deepEqual(await segments(), [{ state: "live" }]);
    const [postings] = await read(workspace.job(), db.selectFrom("index_posting").selectAll());
    assert.ok(postings.length > 0);
    for (const { term_hash, body } of postings) {
      assert.doesNotMatch(Buffer.concat([term_hash, body]).toString("latin1"), /periwinkle/i);
    }
    assert.deepEqual((await found("periwinkle")).sort(), ["a.md", "b.md"]);
  });

  await t.test(
    "a document that goes or is named anew while its segment is built is not found in it",
    async () => {
      const [stays, goes] = await addRead(
        { name: "stays.md", content: "Foxglove stays." },
        { name: "goes.md", content: "Foxglove goes." },
        { name: "quiet.md", content: "Nothing happens to this one." },
      );
      const { keyring } = stand.system;
      const { tenant } = keyring;
      let asked = 0;
      // The third time that keys are asked for, the batch is chosen and its passages are being read.
      keyring.tenant = async (id) => {
        const keys = await tenant(id);
        if (++asked === 3) {
          keyring.tenant = tenant;
          await remove(goes ?? "");
          await renameDocument(mara.as("document.change"), stays ?? "", "renamed.md");
          // Buried, and forgotten again, since no segment speaks of them yet.
          await tidy(workspace.job(), Number.POSITIVE_INFINITY);
        }
        return keys;
      };
      await index();
      assert.ok(asked >= 3);
      await index();
      assert.deepEqual(await deadSpokenOf(), []);
      assert.deepEqual(await found("foxglove"), ["renamed.md"]);
      assert.deepEqual(await found("renamed"), ["renamed.md"]);
      assert.equal((await getDocument(mara.as(), stays ?? "")).state, "ready");
    },
  );

  await t.test("many small segments become few, and what is in them is found all the same", async () => {
    for (let i = 0; i < 9; i++) {
      await addTexts(workspace.job(), mara.id, [{ name: `small ${i}`, passages: [`Thistle number ${i}.`] }]);
      await index();
    }
    assert.ok((await segments()).length < 5, String((await segments()).length));
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
    const passages = Array.from({ length: 900 }, (_, i) => `Paragraph mark${i} ${words(i)}.`);
    const [long] = await addTexts(workspace.job(), mara.id, [{ name: "long.txt", passages }]);
    await index();
    assert.equal((await getDocument(mara.as(), long ?? "")).state, "ready");
    assert.deepEqual([await found("mark0"), await found("mark899")], [["long.txt"], ["long.txt"]]);
  });

  await t.test("a text that takes too long fails, and no other does", async () => {
    const usual = limits.orderMs;
    const [slow, quick] = await addTexts(workspace.job(), mara.id, [
      {
        name: "slow.txt",
        // Each word another one.
        passages: Array.from({ length: 300 }, (_, i) =>
          Array.from({ length: 400 }, (_, j) => `w${(i * 400 + j).toString(36)}xqs`).join(" "),
        ),
      },
      { name: "quick.txt", passages: ["Quickthorn."] },
    ]);
    try {
      limits.orderMs = 150;
      await index();
      assert.deepEqual(
        await Promise.all([slow, quick].map(async (id) => (await getDocument(mara.as(), id ?? "")).state)),
        ["failed", "indexing"],
      );
    } finally {
      limits.orderMs = usual;
    }
    assert.equal((await getDocument(mara.as(), slow ?? "")).problem?.code, "took_too_long");
    await index();
    assert.deepEqual(await found("quickthorn"), ["quick.txt"]);
  });

  await t.test("after the last try what waited has failed, and can be tried again", async () => {
    const [id] = await addRead({ name: "e.md", content: "Hemlock." });
    const keys = await stand.system.keyring.tenant(tenantId);
    const { tenant } = stand.system.keyring;
    let asked = 0;
    stand.system.keyring.tenant = async () => {
      if (++asked === 2) throw new Error("the key store is away");
      return keys;
    };
    await assert.rejects(workspace.run("knowledge.index", tenantId, true), /key store/);
    stand.system.keyring.tenant = tenant;
    assert.equal((await getDocument(mara.as(), id ?? "")).state, "failed");
  });
});
