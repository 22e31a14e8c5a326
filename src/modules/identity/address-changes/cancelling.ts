import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { write } from "../../../kernel/database/unit.ts";
import { voidLinks } from "../links/service.ts";

/** Takes back a member's changes of address that are not confirmed yet. In the open unit of work. */
export async function cancelChanges(ctx: Ctx, memberId: string): Promise<void> {
  await write(
    ctx,
    db
      .updateTable("address_change")
      .set({ cancelled_at: ctx.clock() })
      .where("member_id", "=", memberId)
      .where("confirmed_at", "is", null)
      .where("cancelled_at", "is", null),
  );
  await voidLinks(ctx, memberId, ["confirm-address"]);
}
