import { sql } from "kysely";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { write } from "../../../kernel/database/unit.ts";

/*
 * The order in which a unit of work takes locks, so that no two wait for each other. Whoever needs several takes those
 * that stand further up first, and nothing further up later:
 *
 *   1. the tenant's row (`actAlone`; quotas)
 *   2. uploads in pieces
 *   3. the counter "document" (what adds up to a quota, and whatever gives a document a number)
 *   4. the counter "folder" (`lockTree`)
 *   5. entries of the bin that one has loaded
 *   6. folders: one, or all of them in the order of their ids; with the tree locked in any order
 *   7. documents: one, or all of them in the order of their numbers
 *   8. versions, the counter "passage"
 *   9. the list of segments (index/manifest.ts), the counter "index"
 *
 * Members, whom nearly every row refers to, are locked `for no key update`, which a reference does not wait for. What
 * dies all the same is answered `busy` (kernel/database/unit.ts).
 */

/**
 * Takes `count` numbers of a tenant's counter, never given out twice; answers the first. Holds the counter until the
 * unit of work ends, so that of two units that take from one the second waits.
 */
export async function takeNumbers(
  ctx: Ctx,
  counter: "document" | "passage" | "index" | "folder",
  count: number,
): Promise<number> {
  const { rows } = await write(
    ctx,
    sql<{ value: number }>`
      insert into tenant_counter (tenant_id, counter, value) values (${tenantOf(ctx).id}, ${counter}, ${count})
        on conflict (tenant_id, counter) do update set value = tenant_counter.value + excluded.value
        returning value`,
  );
  const last = rows[0]?.value;
  if (last === undefined) throw new Error("a counter gave no number");
  return last - count + 1;
}
