import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { ids, nothing } from "../../identity/shapes.ts";
import { closeOpening, listOpenings, listOwnOpenings, openContent } from "./service.ts";

const Opening = z.object({
  id: Id,
  of: z.object({
    kind: z.enum(["document", "folder", "chat", "member"]),
    id: Id.nullable(),
    name: z.string().nullable(),
  }),
  by: z.object({ id: Id, name: z.string() }),
  reason: z.string(),
  at: z.string(),
  until: z.string(),
  ended: z.boolean(),
});
const Openings = z.object({ items: z.array(Opening), next: z.null() });

const Reason = z
  .string()
  .trim()
  .min(3, "Say why: its owner reads it.")
  .max(500, { error: "At most 500 characters.", abort: true })
  .meta({ examples: ["Handing over during an illness"] });

/** An admin's access to others' content, on record. */
export function openingRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/openings",
    words: "Open others' content for reading, for a while; its owner is told",
    creates: "opening",
    access: allow("content.open"),
    fresh: true,
    audit: "content.opened",
    rate: "write",
    unprobed: {
      "foreign-reference/user": "what a colleague keeps private is what this opens: recorded, its owner told",
    },
    input: {
      body: z.object({
        of: z.object({ kind: z.enum(["document", "folder", "chat", "member"]), id: Id }),
        reason: Reason,
        minutes: z
          .int()
          .min(5)
          .max(1440)
          .meta({ examples: [30] }),
      }),
    },
    output: { 201: z.object({ id: Id, until: z.string() }) },
    handler: (ctx, { body }) => openContent(ctx, body),
  });
  route(routes, {
    method: "GET",
    path: "/openings",
    words: "Whose content was opened, by whom and why",
    access: allow("content.see-openings"),
    audit: unauditedBecause("the record itself, which holds nothing of the content"),
    rate: "read",
    output: { 200: Openings },
    handler: async (ctx) => ({ items: await listOpenings(ctx), next: null }),
  });
  route(routes, {
    method: "DELETE",
    path: "/openings/:id",
    words: "End an opening before its time",
    resource: "opening",
    access: allow("content.close"),
    audit: "content.closed",
    rate: "write",
    state: "GET /openings",
    input: { params: ids.params },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await closeOpening(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "GET",
    path: "/account/openings",
    words: "Who has opened what is one's own, when and why",
    access: allow("account.openings"),
    audit: unauditedBecause("a read of what the reader may see"),
    rate: "read",
    output: { 200: Openings },
    handler: async (ctx) => ({ items: await listOwnOpenings(ctx), next: null }),
  });
}
