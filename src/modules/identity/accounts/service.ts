import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf, type TenantKind, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { nameCell, openAddress, openName, passwordCell, tenantNameCell } from "../members.ts";
import { hashPassword } from "../passwords/hash.ts";
import { checkPassword } from "../passwords/policy.ts";
import { nameOfRole } from "../roles/service.ts";
import { endSessions, type OpenSession, startSession } from "../sessions/service.ts";
import { confirmPassword } from "../sign-in/service.ts";

export interface Me {
  readonly me: {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    /** A built-in role, `support`, or the id of a custom one. */
    readonly role: string;
    readonly permissions: string[];
  };
  readonly tenant: { readonly slug: string; readonly name: string; readonly kind: TenantKind };
}

/** The acting member and their workspace, as the page needs them. */
export async function whoAmI(ctx: Ctx): Promise<Me> {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  const [[member], [tenant]] = await read(
    ctx,
    db
      .selectFrom("member")
      .select(["member_id", "name", "address", "role", "role_id"])
      .where("member_id", "=", ctx.actor.memberId),
    db.selectFrom("tenant").select(["kind", "name"]),
  );
  if (!member || !tenant) throw appError("signed_out");
  const keys = await keysOf(ctx);
  const { id, slug } = tenantOf(ctx);
  return {
    me: {
      id: member.member_id,
      name: openName(keys, member),
      address: openAddress(keys, member),
      role: nameOfRole(member),
      permissions: [...standingOf(ctx).permissions],
    },
    tenant: { slug, name: keys.openText(tenantNameCell(id), tenant.name), kind: tenant.kind },
  };
}

export async function rename(ctx: Ctx, name: string): Promise<{ name: string }> {
  return unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const keys = await keysOf(inner);
    const [[before]] = await read(
      inner,
      db.selectFrom("member").select(["member_id", "name"]).where("member_id", "=", memberId),
    );
    if (!before) throw appError("signed_out");
    await write(
      inner,
      db
        .updateTable("member")
        .set({ name: keys.seal(nameCell(memberId), name) })
        .where("member_id", "=", memberId),
    );
    record(inner, {
      event: "account.renamed",
      resource: { type: "member", id: memberId },
      changes: { name: [openName(keys, before), name] },
    });
    return { name };
  });
}

/**
 * Changes the member's own password, ends all their sessions and opens a new one: cookies that somebody copied are
 * worthless from then on. Throws `sign_in_failed`, `password_policy`, `locked`.
 */
export async function changePassword(ctx: Ctx, current: string, password: string): Promise<OpenSession> {
  const { me, tenant } = await whoAmI(ctx);
  await confirmPassword(ctx, me.id, current);
  checkPassword(password, { address: me.address, tenantName: tenant.name });
  const phc = await hashPassword(password);
  const keys = await keysOf(ctx);
  return unit(ctx, async (inner) => {
    await write(
      inner,
      db
        .updateTable("member")
        .set({ password: keys.seal(passwordCell(me.id), phc) })
        .where("member_id", "=", me.id),
    );
    await endSessions(inner, { memberId: me.id }, "password changed");
    const session = await startSession(inner, me.id);
    record(inner, {
      event: "account.password-changed",
      resource: { type: "member", id: me.id },
      changes: { password: [redacted, redacted] },
    });
    return session;
  });
}
