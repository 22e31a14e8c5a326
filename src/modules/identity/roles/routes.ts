import { z } from "zod";
import { type Ctx, standingOf } from "../../../kernel/context.ts";
import { enter } from "../../../kernel/database/unit.ts";
import { permissions, rightsOf, roles } from "../../../kernel/permissions.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { ids, nothing, PersonName } from "../shapes.ts";
import { changeOwnRole, createRole, deleteRole, listOwnRoles } from "./own-roles.ts";

const RoleTitle = PersonName.max(60, "A role's name has at most 60 characters.").meta({ "x-unique": true });

/** Keys of permissions; which there are is asked of the running table. */
const Granted = z
  .array(z.string().max(60))
  .max(200)
  .meta({ examples: [["member.read"]] });

const inRole = z.array(z.string());

export function roleRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/roles",
    words: "The roles of this workspace, and everything that a role can allow",
    access: allow("role.read"),
    audit: unauditedBecause("members may know what their roles allow"),
    rate: "read",
    output: {
      200: z.object({
        builtIn: z.array(z.object({ name: z.enum(roles), words: z.string(), permissions: inRole })),
        items: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            permissions: inRole,
            members: z.int(),
            mayChange: z.boolean(),
          }),
        ),
        permissions: z.array(
          z.object({ key: z.string(), group: z.string(), words: z.string(), always: z.boolean() }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listOwnRoles(ctx), ...(await everyRole(ctx)), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/roles",
    words: "Make a role of at most one's own rights",
    creates: "role",
    access: allow("role.create"),
    audit: "role.created",
    rate: "write",
    fresh: true,
    input: { body: z.object({ name: RoleTitle, permissions: Granted }) },
    output: { 201: z.object({ id: z.string() }) },
    handler: (ctx, { body }) => createRole(ctx, body.name, body.permissions),
  });
  route(routes, {
    method: "PATCH",
    path: "/roles/:id",
    words: "Change a role for everyone who has it",
    resource: "role",
    access: allow("role.change"),
    audit: "role.changed",
    rate: "write",
    fresh: true,
    input: {
      params: ids.params,
      body: z.object({ name: RoleTitle.optional(), permissions: Granted.optional() }),
    },
    output: { 204: nothing },
    handler: async (ctx, { params, body }) => {
      await changeOwnRole(ctx, params.id, body);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/roles/:id",
    words: "Delete a role that nobody has",
    resource: "role",
    access: allow("role.delete"),
    audit: "role.deleted",
    rate: "write",
    fresh: true,
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await deleteRole(ctx, params.id);
      return null;
    },
  });
}

const WORDS = {
  viewer: "Reads what is shared and asks questions",
  manager: "Adds, shares and keeps documents, too",
  admin: "Manages people, roles and the workspace, too",
  owner: "May do everything, and decides what signing in asks of everyone",
} as const;

async function everyRole(ctx: Ctx) {
  await enter(ctx);
  const { tenantKind } = standingOf(ctx);
  const all = rightsOf({ role: "owner", granted: null }, tenantKind);
  return {
    builtIn: roles.map((name) => ({
      name,
      words: WORDS[name],
      permissions: [...rightsOf({ role: name, granted: null }, tenantKind)].sort(),
    })),
    permissions: permissions()
      .filter((p) => all.has(p.key))
      .map(({ key, group, words, always }) => ({ key, group, words, always: always === true })),
  };
}
