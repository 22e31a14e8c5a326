import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { ids, nothing, PersonName } from "../../identity/shapes.ts";
import { changeMembers, createGroup, deleteGroup, getGroup, listGroups, renameGroup } from "./service.ts";

const reading = unauditedBecause("colleagues may know who works together");
const GroupName = PersonName.meta({ examples: ["Lettings"], "x-unique": true });
const members = z.array(Id).max(1000, "At most 1,000 at once.");

/** Groups of members, with which things are shared. */
export function groupRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/groups",
    words: "Which groups there are",
    access: allow("group.read"),
    audit: reading,
    rate: "read",
    output: {
      200: z.object({
        items: z.array(z.object({ id: Id, name: z.string(), members: z.int(), mine: z.boolean() })),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listGroups(ctx), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/groups",
    words: "Make a group",
    creates: "group",
    access: allow("group.create"),
    audit: "group.created",
    rate: "write",
    input: { body: z.object({ name: GroupName }) },
    output: { 201: z.object({ id: Id }) },
    handler: (ctx, { body }) => createGroup(ctx, body.name),
  });
  route(routes, {
    method: "GET",
    path: "/groups/:id",
    words: "Who is in a group",
    resource: "group",
    access: allow("group.read"),
    audit: reading,
    rate: "read",
    input: { params: ids.params },
    output: {
      200: z.object({ id: Id, name: z.string(), members: z.array(z.object({ id: Id, name: z.string() })) }),
    },
    handler: (ctx, { params }) => getGroup(ctx, params.id),
  });
  route(routes, {
    method: "PATCH",
    path: "/groups/:id",
    words: "Rename a group",
    resource: "group",
    access: allow("group.change"),
    audit: "group.changed",
    rate: "write",
    input: { params: ids.params, body: z.object({ name: GroupName }) },
    output: { 204: nothing },
    handler: async (ctx, { params, body }) => {
      await renameGroup(ctx, params.id, body.name);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/groups/:id",
    words: "Delete a group; what was shared with it no longer is",
    resource: "group",
    access: allow("group.delete"),
    audit: "group.deleted",
    rate: "write",
    input: { params: ids.params },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await deleteGroup(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "PUT",
    path: "/groups/:id/members",
    words: "Add members to a group, and remove others",
    resource: "group",
    access: allow("group.members"),
    audit: "group.members-changed",
    rate: "write",
    // Whoever joins a group sees what is shared with it.
    fresh: true,
    input: {
      params: ids.params,
      body: z.object({ add: members, remove: members }).meta({ examples: [{ add: [], remove: [] }] }),
    },
    output: { 204: nothing },
    handler: async (ctx, { params, body }) => {
      await changeMembers(ctx, params.id, body);
      return null;
    },
  });
}
