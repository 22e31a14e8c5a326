import type { Role, Standing, TenantKind } from "./context.ts";

/** What a role may do, declared by the module whose routes it guards. */
export interface Permission {
  readonly key: string;
  /** What it allows, for the person who grants it. */
  readonly words: string;
  /** The least role that holds it; roles above hold it too. */
  readonly from: Role;
  /** In which kinds of tenant it exists at all. */
  readonly in: "everywhere" | "customer" | "operator";
}

export const roles: readonly Role[] = ["viewer", "manager", "admin", "owner"];

const declared = new Map<string, Permission>();

export function permission(p: Permission): void {
  if (declared.has(p.key)) throw new Error(`the permission ${p.key} is declared twice`);
  declared.set(p.key, p);
}

export function permissions(): Permission[] {
  return [...declared.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Nothing is allowed by default: a key that nobody declared is held by nobody. */
export function allows(who: Pick<Standing, "role" | "tenantKind">, key: string): boolean {
  const p = declared.get(key);
  if (!p || !existsIn(p, who.tenantKind)) return false;
  return roles.indexOf(who.role) >= roles.indexOf(p.from);
}

export function permissionsOf(role: Role, tenantKind: TenantKind): string[] {
  return permissions()
    .map((p) => p.key)
    .filter((key) => allows({ role, tenantKind }, key));
}

/** Whether everything that `inner` may do, `outer` may do too: nobody grants more than they hold. */
export function holdsAll(outer: Role, inner: Role): boolean {
  return roles.indexOf(outer) >= roles.indexOf(inner);
}

function existsIn(p: Permission, kind: TenantKind): boolean {
  if (p.in === "everywhere") return true;
  return p.in === "operator" ? kind === "operator" : kind !== "operator";
}
