import { z } from "zod";
import { appError } from "../../../kernel/errors.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { openDoor } from "../../identity/sessions/door.ts";
import { emptyBody, ids, nothing } from "../../identity/shapes.ts";
import { enterTenant, listOpenGrants } from "./entering.ts";
import { endSupport, grantSupport, listGrants } from "./service.ts";

/** Why, in a few words: it is shown to admins, in mails and in the audit log. */
const Reason = z
  .string()
  .trim()
  .min(3, "Say why, so that others understand it later.")
  .max(300, "At most 300 characters.")
  .refine((value) => !/\p{Cc}/u.test(value), "A reason has no control characters.")
  .meta({ examples: ["Search finds nothing since Monday"] });

export function supportRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/support-grants",
    words: "When the operator's staff were let in, by whom, why, and how often they came",
    access: allow("support.see"),
    audit: unauditedBecause("shows who was let in, to those who may let in"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            reason: z.string(),
            by: z.object({ id: z.string(), name: z.string() }),
            at: z.string(),
            until: z.string(),
            ended: z.string().nullable(),
            state: z.enum(["open", "expired", "ended"]),
            uses: z.int(),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listGrants(ctx), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/support-grants",
    words: "Let the operator's staff see what is shared with the whole workspace, for some hours",
    creates: "support-grant",
    access: allow("support.grant"),
    audit: "support.granted",
    rate: "write",
    fresh: true,
    input: {
      body: z.object({
        hours: z.int().min(1, "At least one hour.").max(72, "At most 72 hours."),
        reason: Reason,
      }),
    },
    output: { 201: z.object({ id: z.string(), until: z.string() }) },
    handler: (ctx, { body }) => grantSupport(ctx, body.hours, body.reason),
  });
  route(routes, {
    method: "DELETE",
    path: "/support-grants/:id",
    words: "End the staff's access at once",
    whileClosing: "nobody must be kept from shutting somebody out",
    resource: "support-grant",
    access: allow("support.end"),
    audit: "support.ended",
    rate: "write",
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await endSupport(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "GET",
    path: "/support",
    words: "The workspaces that let the operator's staff in now",
    access: allow("operator.support.see"),
    audit: unauditedBecause("shows no content; entering is recorded on both sides"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            tenant: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
            reason: z.string(),
            until: z.string(),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listOpenGrants(ctx), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/support/:id/enter",
    words: "Enter a workspace under its grant; the answer sets that workspace's cookies",
    resource: "support-grant",
    access: allow("operator.support.enter"),
    audit: "support.entered",
    rate: "write",
    fresh: true,
    state: "GET /support",
    input: { params: ids.params, body: emptyBody },
    output: { 200: z.object({ slug: z.string() }) },
    handler: async (ctx, { params }, reply) => {
      if (!reply.keepsCookies()) throw appError("cookies_impossible");
      const { there, session } = await enterTenant(ctx, params.id);
      const { tenant } = await openDoor(there, session, reply);
      return { slug: tenant.slug };
    },
  });
}
