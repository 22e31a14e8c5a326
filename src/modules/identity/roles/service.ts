import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { type RoleOfMember, roles } from "../../../kernel/permissions.ts";

/** A role as it is given to somebody: a built-in one by name, or one of the tenant's own by id. */
export interface GivenRole extends RoleOfMember {
  readonly roleId: string | null;
}

/** The role that a request names: `viewer`, `manager`, `admin`, `owner`, or the id of a custom one. Throws `not_found`. */
export async function roleNamed(ctx: Ctx, name: string): Promise<GivenRole> {
  const builtIn = roles.find((role) => role === name);
  if (builtIn) return { role: builtIn, roleId: null, granted: null };
  const found = await readOne(
    ctx,
    db.selectFrom("role").select(["role_id", "permissions"]).where("role_id", "=", name),
  );
  if (!found) throw appError("not_found");
  return { role: "custom", roleId: found.role_id, granted: found.permissions };
}

/** As requests and answers name a role. */
export const nameOfRole = (row: { role: string; role_id: string | null }): string =>
  row.role === "custom" && row.role_id ? row.role_id : row.role;
