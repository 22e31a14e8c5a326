import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { BuiltInRole, Role, Roles } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";

/** Built-in roles from least to most; each holds what the ones before it hold. */
export const builtInRoles: BuiltInRole[] = ["viewer", "manager", "admin", "owner"];

const words: Record<string, string> = {
  viewer: "Viewer",
  manager: "Manager",
  admin: "Admin",
  owner: "Owner",
  support: "Operator’s support",
};

const meanings: Record<string, string> = {
  viewer: "Asks, searches and reads what is shared.",
  manager: "Does what a viewer does, and adds and shares documents.",
  admin: "Does what a manager does, looks after members and reads the activity.",
  owner: "Does what an admin does, and looks after the owners.",
  support: "A guest from the operator, reading only, until the time you set.",
};

/** The word of a built-in role. One of the workspace's own, of which only the id is known, is “Custom role”. */
export function roleWord(role: Role): string {
  return words[role] ?? "Custom role";
}

/** What a built-in role is for; nothing of one of the workspace's own. */
export function roleMeaning(role: Role): string {
  return meanings[role] ?? "";
}

export type RoleChoice = {
  value: Role;
  words: string;
  meaning: string;
  permissions: readonly string[] | null;
};

/** The roles of the workspace, for whoever may read them; `wordOf` and `given` work for everybody else too. */
export function useRoles() {
  const session = useSession();
  const roles = useQuery({
    queryKey: [session.slug, "roles"],
    queryFn: () => session.call<Roles>("GET", "roles"),
    enabled: session.can("role.read"),
    staleTime: 60_000,
  });
  const { data } = roles;
  const { me } = session;
  return useMemo(() => {
    const all: RoleChoice[] = [
      ...builtInRoles.map((value) => ({
        value,
        words: roleWord(value),
        meaning: meanings[value] ?? "",
        permissions: data?.builtIn.find(({ name }) => name === value)?.permissions ?? null,
      })),
      ...(data?.items ?? []).map((role) => ({
        value: role.id,
        words: role.name,
        meaning: `A role of this workspace with ${role.permissions.length} permissions.`,
        permissions: role.permissions,
      })),
    ];
    const held = new Set<string>(me.permissions);
    const order: string[] = builtInRoles;
    const within = (role: Role): boolean => {
      const known = all.find(({ value }) => value === role)?.permissions;
      if (known) return known.every((key) => held.has(key));
      return role === "support" || order.indexOf(role) <= order.indexOf(me.role);
    };
    return {
      ...roles,
      all,
      wordOf: (role: Role) => words[role] ?? all.find(({ value }) => value === role)?.words ?? roleWord(role),
      meaningOf: (role: Role) => all.find(({ value }) => value === role)?.meaning ?? meanings[role] ?? "",
      /** Whether the role holds nothing that the person lacks: nobody gives, or acts on, more than they hold. */
      within,
      /** The roles that this person may give. */
      given: all.filter(({ value }) => within(value)),
    };
  }, [roles, data, me]);
}
