import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { addReady, openStand, upload, type Workspace } from "../../../../test/support/knowledge.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { getDocument, retryDocument } from "../documents/service.ts";
import { quotas } from "./quotas.ts";

test("what one workspace may take", async (t) => {
  const stand = await openStand(t);
  const files = () =>
    readdirSync(join(stand.system.config.home, "files"), { recursive: true, withFileTypes: true }).filter(
      (f) => f.isFile(),
    ).length;
  let firms = 0;
  let numbers = 0;
  const firm = async () => {
    const workspace = await stand.workspace(`firm-${++firms}`);
    const mara = await workspace.hire("Mara", "manager");
    const first = await addReady(workspace, mara, "first.md", "A text.");
    return { workspace, mara, first };
  };
  /** So many more documents, as they would be after as many uploads. */
  const fill = (of: Workspace, count: number, state: string, bytes = 1) => {
    numbers += 100_000;
    return unit(of.job(), async (ctx) => {
      await write(
        ctx,
        sql`with id as materialized (select gen_random_uuid() as id, n from generate_series(1, ${count}::int) n)
            insert into document
              (tenant_id, document_id, document_no, version_id, owner_id, name, kind, bytes, file, content_hash, state,
               created_at, updated_at)
            select tenant_id, id, ${numbers}::int + n, id, owner_id, name, kind, ${bytes}::bigint, file,
                   decode(md5(id::text), 'hex'), ${state}, created_at, updated_at
              from document, id where tenant_id = ${of.tenant.id} and document_no = 1`,
      );
      await write(
        ctx,
        sql`insert into document_version
              (tenant_id, version_id, document_id, no, name, kind, bytes, file, content_hash, state, created_by,
               created_at, updated_at)
            select tenant_id, document_id, document_id, 1, name, kind, bytes, file, content_hash,
                   case state when 'indexing' then 'ready' else state end, owner_id, created_at, updated_at
              from document d where tenant_id = ${of.tenant.id} and document_no > ${numbers}::int`,
      );
    });
  };

  await t.test(
    "so many documents: the last fits, the next is refused by name and leaves no file",
    async () => {
      const { workspace, mara } = await firm();
      await fill(workspace, quotas.documents - 2, "ready");
      const before = files();
      const { items, refused } = await upload(
        mara,
        { name: "last.txt", content: "One." },
        { name: "over.txt", content: "Two." },
      );
      assert.deepEqual(
        [items.map((d) => d.name), refused.map((r) => [r.name, r.code])],
        [["last.txt"], [["over.txt", "quota"]]],
      );
      assert.match(refused[0]?.message ?? "", /10,000 documents.*Delete/);
      assert.equal(files() - before, 1);
    },
  );

  await t.test("so many bytes, and what is left is said", async () => {
    const { workspace, mara } = await firm();
    await fill(workspace, 1, "ready", quotas.bytes - 3 * 1024 ** 2);
    const content = Buffer.alloc(4 * 1024 ** 2, "A line.\n");
    const before = files();
    const { refused } = await upload(mara, { name: "large.txt", content });
    assert.deepEqual(
      refused.map((r) => [r.code, r.message]),
      [["quota", "Of its 5 GB this workspace has 2 MB left. Delete documents first, and empty the bin."]],
    );
    assert.equal(files(), before);
    assert.equal((await upload(mara, { name: "small.txt", content: "One." })).items.length, 1);
  });

  await t.test("so many that wait to be read; another workspace has its own", async () => {
    const { workspace, mara, first } = await firm();
    await unit(workspace.job(), (ctx) =>
      write(ctx, db.updateTable("document").set({ state: "failed" }).where("document_no", "=", 1)),
    );
    await fill(workspace, quotas.waiting - 1, "received");
    const { items, refused } = await upload(
      mara,
      ...["a.txt", "b.txt", "c.txt"].map((name) => ({ name, content: "One." })),
    );
    assert.deepEqual([items.length, refused.map((r) => r.code)], [1, ["quota", "quota"]]);
    assert.match(refused.at(-1)?.message ?? "", /^200 documents wait to be read/);
    await assert.rejects(retryDocument(mara.as("document.upload"), first), { code: "quota" });
    assert.equal((await getDocument(mara.as(), first)).state, "failed");
    const { mara: elsewhere } = await firm();
    assert.equal((await upload(elsewhere, { name: "a.txt", content: "One." })).items.length, 1);
  });

  await t.test("uploads at the same moment do not get past it together", async () => {
    const { workspace, mara } = await firm();
    await fill(workspace, quotas.documents - 3, "ready");
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, i) => upload(mara, { name: `${i}.txt`, content: "One." })),
    );
    assert.equal(outcomes.flatMap((o) => o.items).length, 2);
  });
});
