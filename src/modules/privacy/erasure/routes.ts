import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route } from "../../../kernel/routes/contract.ts";
import { nothing } from "../../identity/shapes.ts";
import { eraseMember, eraseOwnAccount } from "./service.ts";

export function erasureRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/members/:id/erasure",
    words: "Erase a member: what they own is handed over or deleted, and nothing says any more who they were",
    resource: "member",
    access: allow("member.erase"),
    audit: "member.erased",
    rate: "write",
    fresh: true,
    state: "GET /members",
    // One person at a time in a workspace.
    mayAnswer: [409],
    input: {
      params: z.object({ id: Id }),
      body: z.union([
        z.object({ content: z.literal("deleted") }),
        z.object({ content: z.literal("handed-over"), to: Id }),
      ]),
    },
    output: { 204: nothing },
    handler: async (ctx, { params, body }) => {
      await eraseMember(ctx, params.id, body);
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/account/erasure",
    words: "Have one's own account erased, with everything that one owns",
    access: allow("account.erase"),
    audit: "member.erased",
    rate: "write",
    state: "none: whoever asked is gone, and their session with them",
    unprobed: { "mass-assignment": "stores nothing of its body" },
    mayAnswer: [409, 422],
    input: {
      body: z.object({
        address: z
          .string()
          .max(320)
          .meta({ examples: ["mara.osei@harrow-finch.example"] }),
      }),
    },
    output: { 204: nothing },
    handler: async (ctx, { body }) => {
      await eraseOwnAccount(ctx, body.address);
      return null;
    },
  });
}
