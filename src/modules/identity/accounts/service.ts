import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf, type TenantKind, tenantOf } from "../../../kernel/context.ts";
import { db, prepare } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { cancelChanges } from "../address-changes/cancelling.ts";
import { factorsBehind } from "../factors/policy.ts";
import { voidLinks } from "../links/service.ts";
import { type Language, openPreferences, type Preferences, preferencesCell } from "../mails/language.ts";
import { nameCell, openAddress, openName, passwordCell, tenantNameCell } from "../members.ts";
import { notify } from "../notices/service.ts";
import { hashPassword } from "../passwords/hash.ts";
import { checkPassword } from "../passwords/policy.ts";
import { nameOfRole } from "../roles/service.ts";
import {
  endSessions,
  keepSession,
  type OpenSession,
  provedFactor,
  startSession,
} from "../sessions/service.ts";
import { confirmPassword } from "../sign-in/service.ts";

export interface Me {
  readonly me: {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    /** A built-in role, `support`, or the id of a custom one. */
    readonly role: string;
    readonly permissions: string[];
    readonly language: Language;
    readonly timeZone: string;
  };
  readonly tenant: { readonly slug: string; readonly name: string; readonly kind: TenantKind };
  /** Until when the operator's staff may come in; null when nobody let them in. */
  readonly support: { readonly until: string } | null;
}

/** The acting member and their workspace, as the page needs them. */
export async function whoAmI(ctx: Ctx): Promise<Me> {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  const { memberId } = ctx.actor;
  const [[member], [tenant], [grant]] = await read(
    ctx,
    ownRow({ memberId }),
    ownTenant({}),
    standingGrant({ now: ctx.clock() }),
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
      ...openPreferences(keys, member),
    },
    tenant: { slug, name: keys.openText(tenantNameCell(id), tenant.name), kind: tenant.kind },
    support: grant ? { until: grant.until.toISOString() } : null,
  };
}

const ownRow = prepare((p: { memberId: string }) =>
  db
    .selectFrom("member")
    .select(["member_id", "name", "address", "role", "role_id", "preferences"])
    .where("member_id", "=", p.memberId),
);

const ownTenant = prepare(() => db.selectFrom("tenant").select(["kind", "name"]));

const standingGrant = prepare((p: { now: Date }) =>
  db
    .selectFrom("support_grant")
    .select("until")
    .where("ended_at", "is", null)
    .where("until", ">", p.now)
    .orderBy("until", "desc")
    .limit(1),
);

/** What people see and set of themselves. */
export interface Account extends Preferences {
  readonly name: string;
}

/** Changes one's own name, language and time zone, each if it is given; answers all three. */
export async function changeAccount(
  ctx: Ctx,
  change: { [K in keyof Account]?: Account[K] | undefined },
): Promise<Account> {
  return unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const keys = await keysOf(inner);
    const [[row]] = await read(
      inner,
      db
        .selectFrom("member")
        .select(["member_id", "name", "preferences"])
        .where("member_id", "=", memberId)
        .forNoKeyUpdate(),
    );
    if (!row) throw appError("signed_out");
    const before: Account = { name: openName(keys, row), ...openPreferences(keys, row) };
    const { name, language, timeZone }: Account = {
      name: change.name ?? before.name,
      language: change.language ?? before.language,
      timeZone: change.timeZone ?? before.timeZone,
    };
    const preferences = keys.seal(preferencesCell(memberId), JSON.stringify({ language, timeZone }));
    await write(
      inner,
      db
        .updateTable("member")
        .set({ name: keys.seal(nameCell(memberId), name), preferences })
        .where("member_id", "=", memberId),
    );
    const after: Account = { name, language, timeZone };
    const changed = (["name", "language", "timeZone"] as const).filter((key) => change[key] !== undefined);
    record(inner, {
      event: "account.changed",
      resource: { type: "member", id: memberId },
      changes: Object.fromEntries(changed.map((key) => [key, [before[key], after[key]] as const])),
    });
    return after;
  });
}

/**
 * Changes the member's own password, ends all their sessions and opens a new one: cookies that somebody copied are
 * worthless from then on. Throws `sign_in_failed`, `password_policy`, `locked`, and `signed_out` when the password or the
 * session is another's by then.
 */
export async function changePassword(ctx: Ctx, current: string, password: string): Promise<OpenSession> {
  const { me, tenant } = await whoAmI(ctx);
  const confirmed = await confirmPassword(ctx, me.id, current);
  const [[policy]] = await read(ctx, db.selectFrom("tenant").select("passwords"));
  if (!policy) throw appError("signed_out");
  checkPassword(password, { address: me.address, tenantName: tenant.name, rule: policy.passwords });
  const phc = await hashPassword(password, ctx.system.config.passwordHash);
  const keys = await keysOf(ctx);
  return unit(ctx, async (inner) => {
    // Hashing takes a while, and the rows may have been waited for: whoever reset the password or ended the sessions
    // meanwhile must not find this one's password, factor and session in their place.
    if (!(await factorsBehind(inner, me.id, [confirmed])) || !(await keepSession(inner)))
      throw appError("signed_out");
    await write(
      inner,
      db
        .updateTable("member")
        .set({ password: keys.seal(passwordCell(me.id), phc) })
        .where("member_id", "=", me.id),
    );
    // The new session has proved what this one had.
    const proved = await provedFactor(inner);
    await endSessions(inner, { memberId: me.id }, "password changed");
    // A link to a new password that lies in a mailbox must not outlive the change, nor what the old one had begun.
    await voidLinks(inner, me.id, ["reset"]);
    await cancelChanges(inner, me.id);
    await notify(inner, me.id, "password-changed", { how: "account" });
    const session = await startSession(inner, me.id, proved?.factor, proved?.at);
    record(inner, {
      event: "account.password-changed",
      resource: { type: "member", id: me.id },
      changes: { password: [redacted, redacted] },
    });
    return session;
  });
}
