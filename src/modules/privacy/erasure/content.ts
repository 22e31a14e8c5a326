import { sql } from "kysely";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { removeLater } from "../../knowledge/documents/telling.ts";
import { lockTree } from "../../knowledge/folders/moving.ts";

/** Documents that go in one unit of work. */
const AT_ONCE = 200;

/** Deletes all that a removed member owned. What others had in their folders stays, and lies at its owner's top. */
export async function deleteContent(ctx: Ctx, memberId: string): Promise<void> {
  while (await deleteDocuments(ctx, memberId));
  await unit(ctx, async (inner) => {
    const tenant = tenantOf(inner).id;
    await lockTree(inner);
    const theirs = sql`select f.folder_id from folder f where f.tenant_id = ${tenant} and f.owner_id = ${memberId}`;
    await write(
      inner,
      sql`update document set folder_id = null where tenant_id = ${tenant} and folder_id in (${theirs})`,
    );
    await write(
      inner,
      sql`update folder set parent_id = null where tenant_id = ${tenant} and parent_id in (${theirs})
            and owner_id <> ${memberId}`,
    );
    await write(inner, sql`delete from folder where tenant_id = ${tenant} and owner_id = ${memberId}`);
    await write(inner, sql`delete from chat where tenant_id = ${tenant} and owner_id = ${memberId}`);
    await write(
      inner,
      sql`delete from binned b where b.tenant_id = ${tenant} and b.owner_id = ${memberId}
            and not exists (select from document d where d.tenant_id = b.tenant_id and d.binned_id = b.binned_id)
            and not exists (select from folder f where f.tenant_id = b.tenant_id and f.binned_id = b.binned_id)`,
    );
    await inner.system.jobs.enqueue(inner, "knowledge.tidy-index", tenant);
  });
}

async function deleteDocuments(ctx: Ctx, memberId: string): Promise<boolean> {
  return unit(ctx, async (inner) => {
    const tenant = tenantOf(inner).id;
    await lockTree(inner);
    const [documents] = await read(
      inner,
      sql<{ id: string }>`select document_id as id from document
        where tenant_id = ${tenant} and owner_id = ${memberId} order by document_no limit ${AT_ONCE} for update`,
    );
    const ids = documents.map(({ id }) => id);
    if (ids.length === 0) return false;
    const [files] = await read(
      inner,
      sql<{ file: string }>`select distinct file from document_version
        where tenant_id = ${tenant} and document_id = any(${ids}::uuid[])`,
    );
    await write(
      inner,
      sql`delete from document where tenant_id = ${tenant} and document_id = any(${ids}::uuid[])`,
    );
    removeLater(
      inner,
      files.map(({ file }) => file),
    );
    return ids.length === AT_ONCE;
  });
}
