import { sql } from "kysely";
import { type Ctx, keysOf, type Role } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { type RoleOfMember, roles } from "../../../kernel/permissions.ts";

/** A role as it is given to somebody: a built-in one by name, or one of the tenant's own by id. */
export interface GivenRole extends RoleOfMember {
  readonly roleId: string | null;
}

export const roleNameCell = (id: string) => ({ table: "role", column: "name", row: id });

export const openRoleName = (keys: TenantKeys, row: { role_id: string; name: Buffer }): string =>
  keys.openText(roleNameCell(row.role_id), row.name);

/**
 * The role that a request names: `viewer`, `manager`, `admin`, `owner`, or the id of a custom one, which then stays
 * until the open unit of work ends. Throws `not_found`.
 */
export async function roleNamed(ctx: Ctx, name: string): Promise<GivenRole> {
  const builtIn = roles.find((role) => role === name);
  if (builtIn) return { role: builtIn, roleId: null, granted: null };
  const asked = db.selectFrom("role").select(["role_id", "permissions"]).where("role_id", "=", name);
  const found = await readOne(ctx, ctx.tx ? asked.modifyEnd(sql`for key share`) : asked);
  if (!found) throw appError("not_found");
  return { role: "custom", roleId: found.role_id, granted: found.permissions };
}

/** As requests and answers name a role. */
export const nameOfRole = (row: { role: string; role_id: string | null }): string =>
  row.role === "custom" && row.role_id ? row.role_id : row.role;

/** What people call a role: of a built-in one its word, of a custom one what the tenant calls it. */
export type RoleWords = (row: { readonly role: string; readonly role_id: string | null }) => string;

export async function roleWords(ctx: Ctx): Promise<RoleWords> {
  const [rows] = await read(ctx, db.selectFrom("role").select(["role_id", "name"]).limit(MOST_ROLES));
  const keys = await keysOf(ctx);
  const own = new Map(rows.map((row) => [row.role_id, openRoleName(keys, row)]));
  return ({ role, role_id }) => own.get(role_id ?? "") ?? wordOf[role as Role] ?? role;
}

/** So many roles of its own one tenant may make. */
export const MOST_ROLES = 100;

const wordOf: Readonly<Record<Exclude<Role, "custom">, string> & { custom?: string }> = {
  viewer: "Viewer",
  manager: "Manager",
  admin: "Admin",
  owner: "Owner",
  support: "Operator's staff",
};
