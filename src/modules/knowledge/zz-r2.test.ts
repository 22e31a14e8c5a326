import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { addReady, openStand } from "../../../test/support/knowledge.ts";
import { unit, write } from "../../kernel/database/unit.ts";
import "../identity/permissions.ts";
import "../tenancy/permissions.ts";
import { deleteFolder } from "./bin/deleting.ts";
import { purgeBinned } from "./bin/purging.ts";
import { restoreBinned } from "./bin/restoring.ts";
import { tidyLibrary } from "./bin/tidying.ts";
import { createFolder, moveFolder } from "./folders/service.ts";
import { share } from "./sharing/shares.ts";

test("10,000", async (t) => {
  const stand = await openStand(t);
  const w = await stand.workspace("harrow");
  const mara = await w.hire("Mara", "manager");
  const first = await addReady(w, mara, "a.md", "x");
  const f = async (name: string) => (await createFolder(mara.as("folder.create"), { name, parent: null })).id;
  const [a, b] = [await f("a"), await f("b")];
  const timed = async (name: string, work: () => Promise<unknown>) => { const s = performance.now(); await work(); console.log(name, Math.round(performance.now() - s), "ms"); };
  await timed("fill", () => unit(w.job(), async (ctx) => {
    await write(ctx, sql`with id as materialized (select gen_random_uuid() as id, n from generate_series(1, 10000) n)
            insert into document (tenant_id, document_id, document_no, version_id, owner_id, name, kind, bytes, file, content_hash, state, created_at, updated_at, folder_id)
            select tenant_id, id, 100000 + n, id, owner_id, name, kind, 1, file, decode(md5(id::text), 'hex'), 'ready', created_at, updated_at, ${a}::uuid
              from document, id where tenant_id = ${w.tenant.id} and document_id = ${first}`);
    await write(ctx, sql`insert into document_version (tenant_id, version_id, document_id, no, name, kind, bytes, file, content_hash, state, created_by, created_at, updated_at)
            select tenant_id, document_id, document_id, 1, name, kind, bytes, file, content_hash, 'ready', owner_id, created_at, updated_at
              from document d where tenant_id = ${w.tenant.id} and document_no > 100000`);
    await write(ctx, sql`update tenant_counter set value = 200000 where tenant_id = ${w.tenant.id} and counter = 'document'`);
  }));
  await timed("move", () => moveFolder(mara.as("folder.move"), a, b));
  await timed("share", () => share(mara.as("folder.share"), { kind: "folder", id: b }, { with: { kind: "tenant", id: null }, access: "read" }));
  await timed("bin", () => deleteFolder(mara.as("folder.delete"), a));
  await timed("restore", () => restoreBinned(mara.as("bin.restore"), a));
  await timed("bin again", () => deleteFolder(mara.as("folder.delete"), a));
  await timed("purge", () => purgeBinned(mara.as("bin.empty"), a));
  await timed("tidy", () => tidyLibrary.run(w.job(), w.tenant.id, false));
  assert.ok(true);
});
