import { sql } from "kysely";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { write } from "../../../kernel/database/unit.ts";

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
