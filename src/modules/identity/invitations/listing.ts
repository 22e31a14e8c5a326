import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { openName } from "../members.ts";
import { nameOfRole } from "../roles/service.ts";
import { invitedCell } from "./service.ts";

export interface InvitationSummary {
  readonly id: string;
  readonly address: string;
  readonly role: string;
  readonly invitedBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly state: "open" | "expired";
}

/** Invitations that were neither accepted nor withdrawn, newest first. */
export async function listInvitations(ctx: Ctx): Promise<InvitationSummary[]> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("invitation as i")
      .leftJoin("member as m", (on) =>
        on.onRef("m.tenant_id", "=", "i.tenant_id").onRef("m.member_id", "=", "i.invited_by"),
      )
      .select([
        "i.invitation_id",
        "i.address",
        "i.role",
        "i.role_id",
        "i.created_at",
        "i.expires_at",
        "m.member_id",
        "m.name",
      ])
      .where("i.accepted_at", "is", null)
      .where("i.revoked_at", "is", null)
      .orderBy("i.created_at", "desc")
      .limit(500),
  );
  const keys = await keysOf(ctx);
  const now = ctx.clock();
  return rows.map((row) => ({
    id: row.invitation_id,
    address: keys.openText(invitedCell(row.invitation_id), row.address),
    role: nameOfRole(row),
    invitedBy:
      row.member_id && row.name
        ? openName(keys, { member_id: row.member_id, name: row.name })
        : "The operator",
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    state: row.expires_at > now ? ("open" as const) : ("expired" as const),
  }));
}
