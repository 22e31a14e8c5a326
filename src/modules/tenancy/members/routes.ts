import { z } from "zod";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { emptyBody, ids, nothing, RoleName } from "../../identity/shapes.ts";
import { resetFactors } from "./factors.ts";
import { memberRights } from "./rights.ts";
import {
  changeRole,
  listMembers,
  reinstateMember,
  removeMember,
  suspendMember,
  unlockMember,
} from "./service.ts";

export function memberRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/members",
    words: "Who is a member; for whoever may hand it over, also who has left something behind",
    access: allow("member.read"),
    audit: unauditedBecause("colleagues may know of each other"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            address: z.string(),
            role: z.string(),
            roleName: z.string(),
            status: z.enum(["active", "suspended", "removed"]),
            lastSignInAt: z.string().nullable(),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listMembers(ctx), next: null }),
  });
  route(routes, {
    method: "PATCH",
    path: "/members/:id",
    words: "Give a member another role",
    resource: "member",
    access: allow("member.change-role"),
    audit: "member.role-changed",
    rate: "write",
    fresh: true,
    input: { params: ids.params, body: z.object({ role: RoleName }) },
    output: { 204: nothing },
    handler: async (ctx, { params, body }) => {
      await changeRole(ctx, params.id, body.role);
      return null;
    },
  });
  route(routes, {
    method: "GET",
    path: "/members/:id/rights",
    words: "What a member may do, and why; one's own, or anybody's for who may change roles",
    resource: "member",
    access: allow("member.see-rights"),
    audit: unauditedBecause("says what a role allows, which members may know"),
    rate: "read",
    input: ids,
    output: {
      200: z.object({
        role: z.object({ name: z.string(), id: z.string().nullable() }),
        items: z.array(
          z.object({
            key: z.string(),
            group: z.string(),
            words: z.string(),
            held: z.boolean(),
            because: z.string(),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx, { params }) => ({ ...(await memberRights(ctx, params.id)), next: null }),
  });
  route(routes, {
    method: "PUT",
    path: "/members/:id/suspension",
    words: "Suspend a member",
    resource: "member",
    access: allow("member.suspend"),
    audit: "member.suspended",
    rate: "write",
    fresh: true,
    input: { params: ids.params, body: emptyBody },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await suspendMember(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/members/:id/suspension",
    words: "Let a suspended member back in",
    resource: "suspended-member",
    access: allow("member.reinstate"),
    audit: "member.reinstated",
    rate: "write",
    fresh: true,
    input: { params: ids.params },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await reinstateMember(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/members/:id",
    words: "Remove a member",
    resource: "member",
    access: allow("member.remove"),
    audit: "member.removed",
    rate: "write",
    fresh: true,
    input: { params: ids.params },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await removeMember(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/members/:id/unlock",
    words: "End the pause after a member's failed sign-ins",
    resource: "member",
    access: allow("member.unlock"),
    audit: "member.unlocked",
    rate: "write",
    fresh: true,
    input: { params: ids.params, body: emptyBody },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await unlockMember(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/members/:id/factors",
    words: "Take away the second factors of a member who lost them",
    resource: "member",
    access: allow("member.reset-factors"),
    audit: "member.factors-reset",
    rate: "write",
    fresh: true,
    state: "none: others' second factors are shown to nobody",
    // Nothing was set up.
    mayAnswer: [409],
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await resetFactors(ctx, params.id);
      return null;
    },
  });
}
