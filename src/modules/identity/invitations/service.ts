import { record } from "../../../kernel/audit.ts";
import { days, later } from "../../../kernel/clock.ts";
import {
  type Ctx,
  keysOf,
  type Role,
  standingOf,
  type TenantKind,
  tenantOf,
} from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { sendMail } from "../../../kernel/mail.ts";
import { holdsAll, type RoleOfMember, rightsOf } from "../../../kernel/permissions.ts";
import { addressHash } from "../addresses.ts";
import { preferencesOf } from "../links/service.ts";
import { hashToken, newToken } from "../links/tokens.ts";
import { unsaid } from "../mails/language.ts";
import { textsIn } from "../mails/texts.ts";
import { addressCell, nameCell, openName, passwordCell, tenantNameCell } from "../members.ts";
import { notify } from "../notices/service.ts";
import { hashPassword } from "../passwords/hash.ts";
import { checkPassword, type PasswordRule } from "../passwords/policy.ts";
import { type GivenRole, nameOfRole, roleNamed } from "../roles/service.ts";

type InvitedRole = Exclude<Role, "support">;

export const VALID_FOR = days(7);

export const invitedCell = (id: string) => ({ table: "invitation", column: "address", row: id });

/** Invites an address with at most the inviter's own role. Throws `forbidden`, `already_member`, `already_invited`. */
export async function invite(
  ctx: Ctx,
  address: string,
  roleName: string,
): Promise<{ id: string; expiresAt: Date }> {
  return unit(ctx, async (inner) => {
    const inviter = standingOf(inner);
    const role = await roleNamed(inner, roleName);
    if (!holdsAll(inviter.permissions, rightsOf(role, inviter.tenantKind)))
      throw appError("forbidden", { message: "You cannot give more than you hold." });
    const keys = await keysOf(inner);
    const [[member]] = await read(
      inner,
      db.selectFrom("member").select(["name", "member_id"]).where("member_id", "=", inviter.memberId),
    );
    const made = await addInvitation(
      inner,
      address,
      role,
      inviter.memberId,
      member ? openName(keys, member) : "A colleague",
    );
    record(inner, {
      event: "invitation.created",
      resource: { type: "invitation", id: made.id },
      changes: { address: [null, address], role: [null, roleName] },
    });
    return made;
  });
}

/** The rows and the mail of an invitation. In the open unit of work; `invitedBy` null when the operator invites. */
export async function addInvitation(
  ctx: Ctx,
  address: string,
  role: GivenRole,
  invitedBy: string | null,
  inviterName: string,
): Promise<{ id: string; expiresAt: Date }> {
  const keys = await keysOf(ctx);
  const hash = addressHash(keys, address);
  const now = ctx.clock();
  const { id: tenantId, slug } = tenantOf(ctx);
  const [[member], [tenant]] = await read(
    ctx,
    db.selectFrom("member").select("member_id").where("address_hash", "=", hash),
    db.selectFrom("tenant").select("name"),
  );
  if (member) throw appError("already_member");
  // An invitation that has expired makes room for a new one.
  await write(
    ctx,
    db
      .updateTable("invitation")
      .set({ revoked_at: now })
      .where("address_hash", "=", hash)
      .where("accepted_at", "is", null)
      .where("revoked_at", "is", null)
      .where("expires_at", "<=", now),
  );
  const id = newId();
  const { token, hash: tokenHash } = newToken();
  const expiresAt = later(now, VALID_FOR);
  const { count } = await write(
    ctx,
    db
      .insertInto("invitation")
      .values({
        tenant_id: tenantId,
        invitation_id: id,
        address_hash: hash,
        address: keys.seal(invitedCell(id), address),
        role: role.role as InvitedRole,
        role_id: role.roleId,
        invited_by: invitedBy,
        token_hash: tokenHash,
        created_at: now,
        expires_at: expiresAt,
      })
      .onConflict((on) => on.doNothing()),
  );
  if (count === 0) throw appError("already_invited");
  const workspace = tenant ? keys.openText(tenantNameCell(tenantId), tenant.name) : slug;
  // Whoever is invited has not said in which language; the inviter has.
  const { language } = invitedBy ? await preferencesOf(ctx, invitedBy) : unsaid;
  const link = `${ctx.system.origin.current}/t/${slug}/join#${token}`;
  await sendMail(ctx, {
    to: address,
    ...textsIn(language).invitation({ inviter: inviterName, workspace, link }),
  });
  return { id, expiresAt };
}

export interface OpenedInvitation {
  readonly id: string;
  readonly address: string;
  /** A built-in role's name, or the id of a custom one. */
  readonly role: string;
  readonly given: GivenRole;
  readonly tenantName: string;
  readonly invitedBy: string;
  /** null: the operator's. */
  readonly inviterId: string | null;
  readonly passwords: PasswordRule;
  readonly expiresAt: Date;
}

/** What an invitation says, for the page that asks for name and password. Throws `link_invalid`. */
export async function openInvitation(ctx: Ctx, token: string): Promise<OpenedInvitation> {
  if (!ctx.tenant) throw appError("link_invalid");
  const keys = await keysOf(ctx);
  const [[row], [tenant]] = await read(
    ctx,
    db
      .selectFrom("invitation as i")
      .leftJoin("member as m", (on) =>
        on.onRef("m.tenant_id", "=", "i.tenant_id").onRef("m.member_id", "=", "i.invited_by"),
      )
      .leftJoin("role as r", (on) =>
        on.onRef("r.tenant_id", "=", "i.tenant_id").onRef("r.role_id", "=", "i.role_id"),
      )
      .leftJoin("role as q", (on) =>
        on.onRef("q.tenant_id", "=", "m.tenant_id").onRef("q.role_id", "=", "m.role_id"),
      )
      .select(["i.invitation_id", "i.address", "i.role", "i.role_id", "i.expires_at", "i.invited_by"])
      .select(["m.member_id", "m.name", "m.role as inviter_role", "m.status as inviter_status"])
      .select(["r.permissions as granted", "q.permissions as inviter_granted"])
      .where("i.token_hash", "=", hashToken(token))
      .where("i.accepted_at", "is", null)
      .where("i.revoked_at", "is", null)
      .where("i.expires_at", ">", ctx.clock()),
    db.selectFrom("tenant").select(["name", "kind", "passwords"]).where("state", "=", "active"),
  );
  if (!row || !tenant) throw appError("link_invalid");
  // Whoever could not invite to this role today did not do so: demoted, suspended or gone.
  const byMember = row.invited_by !== null;
  if (
    byMember &&
    !(
      row.inviter_status === "active" &&
      row.inviter_role &&
      mayInvite({ role: row.inviter_role, granted: row.inviter_granted }, row, tenant.kind)
    )
  ) {
    throw appError("link_invalid");
  }
  return {
    id: row.invitation_id,
    address: keys.openText(invitedCell(row.invitation_id), row.address),
    role: nameOfRole(row),
    given: { role: row.role, roleId: row.role_id, granted: row.granted },
    tenantName: keys.openText(tenantNameCell(tenantOf(ctx).id), tenant.name),
    invitedBy:
      row.member_id && row.name
        ? openName(keys, { member_id: row.member_id, name: row.name })
        : "The operator",
    passwords: tenant.passwords,
    inviterId: row.member_id,
    expiresAt: row.expires_at,
  };
}

function mayInvite(inviter: RoleOfMember, invited: RoleOfMember, kind: TenantKind): boolean {
  const rights = rightsOf(inviter, kind);
  return rights.has("member.invite") && holdsAll(rights, rightsOf(invited, kind));
}

/**
 * Joins by invitation. The address counts as verified, since the link was mailed to it. Of two racing requests
 * one wins. Throws `link_invalid`, `password_policy`, `already_member`.
 */
export async function acceptInvitation(
  ctx: Ctx,
  token: string,
  name: string,
  password: string,
): Promise<void> {
  const opened = await openInvitation(ctx, token);
  checkPassword(password, {
    address: opened.address,
    tenantName: opened.tenantName,
    rule: opened.passwords,
  });
  const phc = await hashPassword(password, ctx.system.config.passwordHash);
  const keys = await keysOf(ctx);
  await unit(ctx, async (inner) => {
    // Again inside the unit: the inviter may have been demoted while the password was hashed.
    await openInvitation(inner, token);
    const now = inner.clock();
    const { count } = await write(
      inner,
      db
        .updateTable("invitation")
        .set({ accepted_at: now })
        .where("invitation_id", "=", opened.id)
        .where("accepted_at", "is", null)
        .where("revoked_at", "is", null)
        .where("expires_at", ">", now),
    );
    if (count === 0) throw appError("link_invalid");
    const memberId = newId();
    const added = await write(
      inner,
      db
        .insertInto("member")
        .values({
          tenant_id: tenantOf(inner).id,
          member_id: memberId,
          address_hash: addressHash(keys, opened.address),
          address: keys.seal(addressCell(memberId), opened.address),
          name: keys.seal(nameCell(memberId), name),
          password: keys.seal(passwordCell(memberId), phc),
          role: opened.given.role,
          role_id: opened.given.roleId,
          verified_at: now,
        })
        .onConflict((on) => on.doNothing()),
    );
    if (added.count === 0) throw appError("already_member");
    if (opened.inviterId) await notify(inner, opened.inviterId, "invitation-accepted", { name });
    record(inner, {
      event: "invitation.accepted",
      resource: { type: "member", id: memberId },
      changes: { role: [null, opened.role], invitation: [null, opened.id] },
    });
  });
}

/** Withdraws an open invitation; its link is worthless from then on. */
export async function withdrawInvitation(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const row = await readOne(
      inner,
      db
        .selectFrom("invitation as i")
        .leftJoin("role as r", (on) =>
          on.onRef("r.tenant_id", "=", "i.tenant_id").onRef("r.role_id", "=", "i.role_id"),
        )
        .select(["i.role", "r.permissions as granted"])
        .where("i.invitation_id", "=", id),
    );
    if (!row) throw appError("not_found");
    const { permissions, tenantKind } = standingOf(inner);
    if (!holdsAll(permissions, rightsOf(row, tenantKind))) throw appError("forbidden");
    const { count } = await write(
      inner,
      db
        .updateTable("invitation")
        .set({ revoked_at: inner.clock() })
        .where("invitation_id", "=", id)
        .where("accepted_at", "is", null)
        .where("revoked_at", "is", null),
    );
    if (count === 0) throw appError("not_found");
    record(inner, { event: "invitation.withdrawn", resource: { type: "invitation", id } });
  });
}
