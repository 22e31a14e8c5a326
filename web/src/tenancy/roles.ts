import type { Role } from "../api/types.ts";

/** Roles from least to most; each holds what the ones before it hold. */
export const roles: Role[] = ["viewer", "manager", "admin", "owner"];

const words: Record<Role, string> = { viewer: "Viewer", manager: "Manager", admin: "Admin", owner: "Owner" };

const meanings: Record<Role, string> = {
  viewer: "Asks, searches and reads what is shared.",
  manager: "Does what a viewer does, and adds and shares documents.",
  admin: "Does what a manager does, looks after members and reads the activity.",
  owner: "Does what an admin does, and looks after the owners.",
};

export function roleWord(role: string): string {
  return words[role as Role] ?? role;
}

export function roleMeaning(role: Role): string {
  return meanings[role];
}

/** The roles that somebody may give: never more than their own. */
export function rolesUpTo(role: Role): Role[] {
  return roles.slice(0, roles.indexOf(role) + 1);
}
