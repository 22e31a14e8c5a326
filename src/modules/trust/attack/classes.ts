import { CLASSES, type ClassName, type Probe } from "../../../../attacker/contract.ts";

export type AttackedClaim = "tenancy.isolation-api" | "http.csrf" | "http.errors" | AlsoAttackedClaim;
/** Claims with a check of their own, to which the attacker's findings are added. */
export type AlsoAttackedClaim =
  | "tenancy.isolation-users"
  | "tenancy.roles"
  | "tenancy.no-escalation"
  | "identity.step-up"
  | "connectors.api-keys"
  | "tenancy.isolation-everywhere"
  | "knowledge.files"
  | "http.escaping"
  | "identity.invitations"
  | "identity.sessions";

/** Which classes of attack speak for which claim. */
export const classesOf: Readonly<Record<AttackedClaim, readonly Probe["class"][]>> = {
  "tenancy.isolation-api": [
    "coverage",
    "no-credentials",
    "forged-token",
    "foreign-tenant",
    "foreign-reference",
    "head-and-options",
    "method-override",
    "cached",
    "told-apart",
  ],
  "tenancy.isolation-users": ["foreign-user"],
  "http.csrf": ["csrf"],
  "http.errors": ["malformed"],
  "tenancy.roles": ["role-matrix"],
  "tenancy.no-escalation": ["mass-assignment", "race"],
  "identity.step-up": ["stale-factor"],
  "connectors.api-keys": ["api-key"],
  "tenancy.isolation-everywhere": ["search", "export", "stream", "side-effect"],
  "knowledge.files": ["download", "traversal"],
  "http.escaping": ["stored-script"],
  "identity.invitations": ["race"],
  "identity.sessions": ["replay"],
};

/**
 * The classes that a choice of claims needs; all that speak for one when nothing was chosen. Floods and exhaustion are
 * not among them: they stand in the way of everything else, and belong to `attack`.
 */
export function classesFor(only: readonly string[] | null): readonly ClassName[] {
  const wanted = Object.entries(classesOf).flatMap(([id, classes]) =>
    (only?.includes(id) ?? true) ? classes : [],
  );
  return CLASSES.filter((name) => wanted.includes(name));
}
