import { sql } from "kysely";
import { later, minutes } from "../../../kernel/clock.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { write } from "../../../kernel/database/unit.ts";

/** So many links an hour are mailed to one address, whoever asks for them. */
export const MOST_AN_HOUR = 3;
const WINDOW = minutes(60);

/** Counts a request for a link; answers whether it is one too many. In the open unit of work. */
export async function isTooOften(ctx: Ctx, addressHash: Buffer): Promise<boolean> {
  const now = ctx.clock();
  const windowStart = later(now, -WINDOW);
  const { rows } = await write(
    ctx,
    sql<{ asked: number }>`
      insert into reset_guard as g (tenant_id, address_hash, asked, window_started_at)
      values (${tenantOf(ctx).id}, ${addressHash}, 1, ${now})
      on conflict (tenant_id, address_hash) do update set
        asked = case when g.window_started_at <= ${windowStart}::timestamptz then 1
                     -- Counted no further than matters: it must not run over.
                     else least(g.asked + 1, ${MOST_AN_HOUR + 1}) end,
        window_started_at = case when g.window_started_at <= ${windowStart}::timestamptz
                                 then ${now}::timestamptz else g.window_started_at end
      returning asked`,
  );
  return (rows[0]?.asked ?? 0) > MOST_AN_HOUR;
}
