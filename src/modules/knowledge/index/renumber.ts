import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { write } from "../../../kernel/database/unit.ts";
import { takeNumbers } from "./numbers.ts";

/**
 * Has a document indexed anew, in the open unit of work. Under a new number, since segments never change: what they
 * say of the old number no longer matches anything, and the database itself buries it.
 */
export async function renumber(ctx: Ctx, id: string): Promise<void> {
  await write(
    ctx,
    db
      .updateTable("document")
      .set({ document_no: await takeNumbers(ctx, "document", 1), state: "indexing" })
      .where("document_id", "=", id),
  );
  await ctx.system.jobs.enqueue(ctx, "knowledge.index", tenantOf(ctx).id);
}
