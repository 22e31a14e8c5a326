import { sql } from "kysely";
import type { Ctx } from "../../../kernel/context.ts";
import { tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne, write } from "../../../kernel/database/unit.ts";
import { takeNumbers } from "./numbers.ts";

/**
 * Has a document indexed anew, in the open unit of work. Under new numbers, since segments never change: what they
 * say of the old numbers no longer matches anything.
 */
export async function renumber(ctx: Ctx, id: string): Promise<void> {
  const counted = await readOne(
    ctx,
    db
      .selectFrom("passage")
      .where("document_id", "=", id)
      .select(({ fn }) => fn.countAll<number>().as("count")),
  );
  const first = await takeNumbers(ctx, "passage", counted?.count ?? 0);
  await write(
    ctx,
    sql`update passage set index_no = ${first}::bigint + passage_no
         where tenant_id = ${tenantOf(ctx).id} and document_id = ${id}`,
  );
  await write(
    ctx,
    db
      .updateTable("document")
      .set({ document_no: await takeNumbers(ctx, "document", 1), state: "indexing" })
      .where("document_id", "=", id),
  );
  await ctx.system.jobs.enqueue(ctx, "knowledge.index", tenantOf(ctx).id);
}
