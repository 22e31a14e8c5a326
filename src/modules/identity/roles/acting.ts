import { sql } from "kysely";
import { type Ctx, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { holdsAll, rightsOf } from "../../../kernel/permissions.ts";

/**
 * Makes the open unit of work the only one of its tenant that changes who may do what, and reads again behind that
 * lock what the actor may do: it may have changed while they waited. Throws `wrong_state` when it is less.
 */
export async function actAlone(ctx: Ctx): Promise<void> {
  // Not "for update": every row that somebody else inserts holds the key of the tenant's, and would wait for this.
  await read(ctx, sql`select 1 from tenant where tenant_id = ${tenantOf(ctx).id} for no key update`);
  const { memberId, permissions, tenantKind } = standingOf(ctx);
  const actor = await readOne(ctx, withRights(memberId));
  if (actor?.status !== "active" || !holdsAll(rightsOf(actor, tenantKind), permissions))
    throw appError("wrong_state");
}

/** A member with what a custom role gives them. */
export const withRights = (memberId: string) =>
  db
    .selectFrom("member")
    .leftJoin("role", (on) =>
      on.onRef("role.tenant_id", "=", "member.tenant_id").onRef("role.role_id", "=", "member.role_id"),
    )
    .where("member.member_id", "=", memberId)
    .select(["member.role", "member.role_id", "member.status", "role.permissions as granted"]);
