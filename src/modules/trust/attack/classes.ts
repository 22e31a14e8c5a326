import { CLASSES, type ClassName, type Probe } from "../../../../attacker/contract.ts";

export type AttackedClaim = "tenancy.isolation-api" | "http.csrf" | "http.errors" | AlsoAttackedClaim;
/** Claims with a check of their own, to which the attacker's findings are added. */
export type AlsoAttackedClaim =
  | "tenancy.isolation-users"
  | "tenancy.roles"
  | "tenancy.no-escalation"
  | "identity.step-up"
  | "connectors.api-keys";

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
  ],
  "tenancy.isolation-users": ["foreign-user"],
  "http.csrf": ["csrf"],
  "http.errors": ["malformed"],
  "tenancy.roles": ["role-matrix"],
  "tenancy.no-escalation": ["mass-assignment"],
  "identity.step-up": ["stale-factor"],
  "connectors.api-keys": ["api-key"],
};

/**
 * The classes that a choice of claims needs; all of them when nothing was chosen. Floods are not among them: they
 * need a server with limits that a flood can reach, which would stand in the way of everything else.
 */
export function classesFor(only: readonly string[] | null): readonly ClassName[] {
  if (!only) return CLASSES.filter((name) => name !== "rate-limit");
  const wanted = Object.entries(classesOf).flatMap(([id, classes]) => (only.includes(id) ? classes : []));
  return CLASSES.filter((name) => wanted.includes(name));
}
