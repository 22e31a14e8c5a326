import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { write } from "../../../kernel/database/unit.ts";
import { forgetRecoveryCodes } from "./recovery-codes.ts";
import { voidTickets } from "./tickets.ts";

/**
 * Forgets every second factor of a member: they lost them, or somebody else is to begin with this account. Whoever must
 * have one sets up a new one at the next sign-in. In the open unit of work.
 */
export async function forgetFactors(ctx: Ctx, memberId: string): Promise<void> {
  await write(ctx, db.deleteFrom("totp").where("member_id", "=", memberId));
  await write(ctx, db.deleteFrom("passkey").where("member_id", "=", memberId));
  await forgetRecoveryCodes(ctx, memberId);
  await voidTickets(ctx, memberId);
}
