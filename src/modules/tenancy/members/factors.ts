import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne, unit } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { hasFactor, lockFactors } from "../../identity/factors/policy.ts";
import { forgetFactors } from "../../identity/factors/reset.ts";
import { openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { endSessions } from "../../identity/sessions/service.ts";
import { forgetFailures } from "../../identity/sign-in/lockout.ts";
import { loadManaged } from "./service.ts";

/**
 * Takes the second factors of a member away who lost them: with the password they come in again and set up new ones.
 * Their sessions end, and they are told. Throws `forbidden`, `not_found`, `wrong_state`.
 */
export async function resetFactors(ctx: Ctx, memberId: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const acting = standingOf(inner).memberId;
    if (memberId === acting)
      throw appError("wrong_state", {
        message: "Remove your own factors in your account, or ask another admin.",
      });
    await loadManaged(inner, memberId);
    if (!hasFactor(await lockFactors(inner, memberId)))
      throw appError("wrong_state", { message: "This member has set up no second factor." });
    await forgetFactors(inner, memberId);
    await forgetFailures(inner, memberId);
    await endSessions(inner, { memberId }, "factors reset");
    record(inner, { event: "member.factors-reset", resource: { type: "member", id: memberId } });
    await notify(inner, memberId, "factor-removed", { factor: "all", by: await nameOf(inner, acting) });
  });
}

async function nameOf(ctx: Ctx, memberId: string): Promise<string> {
  const row = await readOne(
    ctx,
    db.selectFrom("member").select(["member_id", "name"]).where("member_id", "=", memberId),
  );
  if (!row) throw appError("not_found");
  return openName(await keysOf(ctx), row);
}
