import type { BuiltInRole, Role, Standing, TenantKind } from "./context.ts";

/** What a role may do, declared by the module whose routes it guards. */
export interface Permission {
  readonly key: string;
  /** Under which heading it stands where roles are made. */
  readonly group: string;
  /** What it allows, for the person who grants it. */
  readonly words: string;
  /** The least built-in role that holds it; roles above hold it too. */
  readonly from: BuiltInRole;
  /** In which kinds of tenant it exists at all. */
  readonly in: "everywhere" | "customer" | "operator";
  /** Every role holds it: without it nobody could sign in or protect their own account. */
  readonly always?: true;
  /** An API key can hold it. Default: it cannot. */
  readonly forKeys?: true;
  /** The operator's staff hold it under a tenant's grant. */
  readonly forSupport?: true;
}

export const roles: readonly BuiltInRole[] = ["viewer", "manager", "admin", "owner"];

const declared = new Map<string, Permission>();
const sets = new Map<string, ReadonlySet<string>>();

export function permission(p: Permission): void {
  if (declared.has(p.key)) throw new Error(`the permission ${p.key} is declared twice`);
  declared.set(p.key, p);
  sets.clear();
}

export function permissions(): Permission[] {
  return [...declared.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Nothing is allowed by default: a key that nobody declared is held by nobody. */
export function allows(who: Pick<Standing, "permissions">, key: string): boolean {
  return who.permissions.has(key);
}

/** A role as a row of `member`, with the permissions of the custom role that it names. */
export interface RoleOfMember {
  readonly role: Role;
  readonly granted: readonly string[] | null;
}

/** What a role may do in a kind of tenant. Of a custom role: what it was given and is declared there. */
export function rightsOf({ role, granted }: RoleOfMember, tenantKind: TenantKind): ReadonlySet<string> {
  if (role === "custom") {
    const given = new Set(granted ?? []);
    return setOf((p) => (given.has(p.key) || p.always === true) && existsIn(p, tenantKind));
  }
  const name = `${role}/${tenantKind}`;
  let known = sets.get(name);
  if (!known) {
    known = setOf((p) => existsIn(p, tenantKind) && holds(role, p));
    sets.set(name, known);
  }
  return known;
}

/**
 * What an API key may do: of its scope, what its owner may do now and what keys can hold at all. Nothing for an owner
 * who may not use keys.
 */
export function rightsOfKey(ofOwner: ReadonlySet<string>, scope: readonly string[]): ReadonlySet<string> {
  if (!ofOwner.has(KEY_USE)) return new Set();
  return new Set(scope.filter((key) => ofOwner.has(key) && declared.get(key)?.forKeys === true));
}

const KEY_USE = "key.use";

/** Whether everything in `inner` is in `outer`: nobody grants more than they hold. */
export function holdsAll(outer: ReadonlySet<string>, inner: ReadonlySet<string>): boolean {
  return inner.isSubsetOf(outer);
}

/**
 * Whether a role is only good with a second factor: every role of the operator's, and every role that may do what a
 * manager may not.
 */
export function needsFactor(rights: ReadonlySet<string>, tenantKind: TenantKind): boolean {
  if (tenantKind === "operator") return true;
  return !holdsAll(rightsOf({ role: "manager", granted: null }, tenantKind), rights);
}

const setOf = (isIn: (p: Permission) => boolean): ReadonlySet<string> =>
  new Set(permissions().flatMap((p) => (isIn(p) ? [p.key] : [])));

function holds(role: Exclude<Role, "custom">, p: Permission): boolean {
  if (role === "support") return p.forSupport === true;
  const at = roles.indexOf(role);
  return at >= 0 && at >= roles.indexOf(p.from);
}

function existsIn(p: Permission, kind: TenantKind): boolean {
  if (p.in === "everywhere") return true;
  return p.in === "operator" ? kind === "operator" : kind !== "operator";
}
