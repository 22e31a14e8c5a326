import { z } from "zod";
import { enter } from "../../../kernel/database/unit.ts";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { nothing } from "../../identity/shapes.ts";
import { closingReports } from "./report.ts";
import { closeCustomer, closeWorkspace, closingOf, keepWorkspace } from "./service.ts";

const Closing = z.object({ since: z.string(), until: z.string() });

export function closingRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/tenant/closing",
    words: "Whether, and until when, the workspace is closing",
    access: allow("tenant.read"),
    audit: unauditedBecause("members know what becomes of where they are"),
    rate: "read",
    output: { 200: z.object({ closing: Closing.nullable() }) },
    handler: async (ctx) => ({ closing: await closingOf(ctx) }),
  });
  route(routes, {
    method: "POST",
    path: "/tenant/closing",
    words: "Close the workspace: read-only for 30 days, then deleted",
    access: allow("tenant.close"),
    audit: "tenant.closing",
    rate: "write",
    fresh: true,
    // The name that the attacker types is no workspace's: neither the attack nor a check that calls every route must close
    // the one that it stands on.
    mayAnswer: [422],
    state: "GET /tenant/closing",
    unprobed: { "mass-assignment": "stores nothing of its body" },
    input: {
      body: z.object({
        name: z
          .string()
          .max(200)
          .meta({ examples: ["Nobody and Partners"] }),
      }),
    },
    output: { 200: Closing },
    handler: (ctx, { body }) => closeWorkspace(ctx, body.name),
  });
  route(routes, {
    method: "DELETE",
    path: "/tenant/closing",
    words: "Keep a workspace that is closing",
    whileClosing: "it is what takes the closing back",
    access: allow("tenant.close"),
    audit: "tenant.kept",
    rate: "write",
    fresh: true,
    mayAnswer: [409],
    state: "GET /tenant/closing",
    output: { 204: nothing },
    handler: async (ctx) => {
      await keepWorkspace(ctx);
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/tenants/:id/closing",
    words: "Close a customer's workspace, for a reason that its owners and admins are told",
    resource: "tenant",
    access: allow("operator.tenants.close"),
    audit: "tenant.closed-by-operator",
    rate: "write",
    fresh: true,
    mayAnswer: [422],
    state: "GET /closings",
    input: {
      params: z.object({ id: Id }),
      body: z.object({
        slug: z
          .string()
          .max(60)
          .meta({ examples: ["another-one"] }),
        reason: z
          .string()
          .trim()
          .min(10, "Say why, in at least ten characters.")
          .max(500, "A reason has at most 500 characters.")
          .meta({ examples: ["The contract has ended."] }),
      }),
    },
    output: { 200: Closing },
    handler: (ctx, { params, body }) => closeCustomer(ctx, params.id, body),
  });
  route(routes, {
    method: "GET",
    path: "/closings",
    words: "Which workspaces are closing or gone, and what was deleted of them",
    access: allow("operator.tenants.read"),
    audit: unauditedBecause("dates and counts, nothing of the content"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            slug: z.string(),
            closedBy: z.enum(["owner", "operator"]),
            closedAt: z.string(),
            until: z.string(),
            keptAt: z.string().nullable(),
            doneAt: z.string().nullable(),
            gone: z.array(z.object({ step: z.string(), what: z.string(), count: z.number() })),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => {
      await enter(ctx);
      return { items: await closingReports(ctx.system), next: null };
    },
  });
}
