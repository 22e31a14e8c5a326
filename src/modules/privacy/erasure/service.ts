import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { holdsAll, rightsOf } from "../../../kernel/permissions.ts";
import { checkMayAdd, factorsOf } from "../../identity/factors/policy.ts";
import { openAddress, openName } from "../../identity/members.ts";
import { actAlone, withRights } from "../../identity/roles/acting.ts";
import { handOver, holdingsOf } from "../../tenancy/hand-over/service.ts";
import { removeMember } from "../../tenancy/members/service.ts";

/** What becomes of what somebody owned. */
export type Fate = { readonly content: "deleted" } | { readonly content: "handed-over"; readonly to: string };

/** What a person was called here: what is looked for, and forgotten last. Sealed. */
export interface Spoken {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

export const spokenCell = (id: string) => ({ table: "erasure", column: "spoken", row: id });

/**
 * Erases a member: they are removed at once, what they owned is handed over or deleted, and everything that says who they
 * were is found and goes, by a job. What stays is an identifier. Throws `not_found`, `forbidden` for who holds more,
 * `last_owner`, `wrong_state` for oneself and while somebody else is being erased.
 */
export async function eraseMember(ctx: Ctx, memberId: string, fate: Fate): Promise<void> {
  await unit(ctx, async (inner) => {
    if (memberId === memberOf(inner))
      throw appError("wrong_state", { message: "This is you. Use your own account's page." });
    await actAlone(inner);
    const member = await readOne(inner, withRights(memberId));
    if (!member || member.role === "support") throw appError("not_found");
    const { permissions, tenantKind } = standingOf(inner);
    if (!holdsAll(permissions, rightsOf(member, tenantKind)))
      throw appError("forbidden", { message: "You cannot erase someone who holds more than you." });
    if (member.status !== "removed") await removeMember(inner, memberId);
    if (fate.content === "handed-over") {
      const { documents, folders, chats } = await holdingsOf(inner, memberId);
      if (documents + folders + chats > 0) await handOver(inner, memberId, fate.to);
    }
    await beginErasure(inner, memberId, fate);
  });
}

/** The same for oneself, with all that one owns. `address` is one's own, typed. Throws `invalid_input`, `last_owner`. */
export async function eraseOwnAccount(ctx: Ctx, address: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const me = memberOf(inner);
    const row = await readOne(
      inner,
      db.selectFrom("member").select(["member_id", "address"]).where("member_id", "=", me),
    );
    if (!row || openAddress(await keysOf(inner), row).toLowerCase() !== address.trim().toLowerCase())
      throw appError("invalid_input", { fields: { address: "This is not the address of your account." } });
    await checkMayAdd(inner, await factorsOf(inner, me));
    await removeMember(inner, me);
    await beginErasure(inner, me, { content: "deleted" });
  });
}

async function beginErasure(ctx: Ctx, memberId: string, fate: Fate): Promise<void> {
  const keys = await keysOf(ctx);
  const [[member], [other], [before]] = await read(
    ctx,
    db.selectFrom("member").select(["member_id", "name", "address"]).where("member_id", "=", memberId),
    db.selectFrom("erasure").select("erasure_id").where("state", "=", "working"),
    db.selectFrom("erasure").select("erasure_id").where("member_id", "=", memberId),
  );
  if (!member || before) throw appError("not_found");
  if (other)
    throw appError("wrong_state", { message: "Somebody else is being erased. Try again in a minute." });
  const id = newId();
  const spoken: Spoken = { names: [openName(keys, member)], addresses: [openAddress(keys, member)] };
  await write(
    ctx,
    db.insertInto("erasure").values({
      tenant_id: tenantOf(ctx).id,
      erasure_id: id,
      member_id: memberId,
      asked_by: memberOf(ctx),
      content: fate.content,
      given_to: fate.content === "handed-over" ? fate.to : null,
      created_at: ctx.clock(),
      spoken: keys.seal(spokenCell(id), JSON.stringify(spoken)),
      state: "working",
    }),
  );
  record(ctx, {
    event: "member.erased",
    resource: { type: "member", id: memberId },
    changes: { content: [null, fate.content] },
  });
  await ctx.system.jobs.enqueue(ctx, "privacy.erase-person", id);
}
