import { minutes } from "./clock.ts";
import type { Demand, Role, Standing, TenantKind } from "./context.ts";
import { appError } from "./errors.ts";
import { allows, needsFactor, rightsOf, rightsOfKey } from "./permissions.ts";

/** How long after a second factor was proved a sensitive action may follow. */
export const FRESH = minutes(5);

type Row = Readonly<Record<string, unknown>>;

/** What `kernel.enter` answers. */
export function standingOfSession(row: Row): Standing {
  return {
    ...memberOfRow(row),
    via: "session",
    permissions: rightsOfRow(row),
    folderId: null,
    lastActiveAt: row.last_active_at as Date,
    factorAt: row.factor_at as Date | null,
    factorRequiredFrom: row.factor_required_from as Date | null,
  };
}

/** What `kernel.enter_with_key` answers: never more than the key's owner may do now. */
export function standingOfKey(row: Row): Standing {
  return {
    ...memberOfRow(row),
    via: "key",
    permissions: rightsOfKey(rightsOfRow(row), row.key_permissions as string[]),
    folderId: row.folder_id as string | null,
    lastActiveAt: (row.last_used_at as Date | null) ?? new Date(0),
    factorAt: null,
    factorRequiredFrom: null,
  };
}

/**
 * What a route asks for. Throws `closing` for what changes something in a workspace that closes, `factor_required` where the role, or the tenant, needs a second factor that this
 * session has not proved, `forbidden`, `step_up_required`. An API key has no second factor: it was made with one,
 * and ends with its owner's last one (identity/factors/reset.ts).
 */
export function demand(asked: Demand, standing: Standing, now: Date): void {
  if (asked.permission === null) return;
  if (!asked.beforeFactor && lacksFactor(standing, now)) throw appError("factor_required");
  if (!allows(standing, asked.permission)) throw appError("forbidden");
  if (asked.changes && standing.closing) throw appError("closing");
  if (asked.fresh && !isFresh(standing, now)) throw appError("step_up_required");
}

/** Whether a session must prove a second factor before anything else. */
export function lacksFactor(standing: Standing, now: Date): boolean {
  return standing.via === "session" && standing.factorAt === null && isFactorDue(standing, now);
}

/** Whether this member needs a second factor at all: by role, or because the tenant asks everybody. */
export function isFactorDue(
  standing: Pick<Standing, "permissions" | "tenantKind" | "factorRequiredFrom">,
  now: Date,
): boolean {
  const { factorRequiredFrom: from } = standing;
  return needsFactor(standing.permissions, standing.tenantKind) || (from !== null && from <= now);
}

/** Whether a second factor was proved within the last five minutes. */
export function isFresh({ factorAt }: Pick<Standing, "factorAt">, now: Date): boolean {
  return factorAt !== null && now.getTime() - factorAt.getTime() < FRESH;
}

function memberOfRow(row: Row) {
  return {
    memberId: row.member_id as string,
    role: row.role as Role,
    roleId: row.role_id as string | null,
    tenantKind: row.kind as TenantKind,
    closing: row.closing as boolean,
  };
}

const rightsOfRow = (row: Row): ReadonlySet<string> =>
  rightsOf({ role: row.role as Role, granted: row.granted as string[] | null }, row.kind as TenantKind);
