import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { write } from "../../../kernel/database/unit.ts";

/**
 * Has a document indexed anew, in the open unit of work. Under a new number, since segments never change: what they
 * say of the old number no longer matches anything, and the database itself buries it. The caller has taken the number
 * before it locked the document: numbers.ts says in which order.
 */
export async function renumber(ctx: Ctx, id: string, no: number): Promise<void> {
  await write(
    ctx,
    db.updateTable("document").set({ document_no: no, state: "indexing" }).where("document_id", "=", id),
  );
  await ctx.system.jobs.enqueue(ctx, "knowledge.index", tenantOf(ctx).id);
}
