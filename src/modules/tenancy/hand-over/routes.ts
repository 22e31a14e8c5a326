import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { ids, nothing } from "../../identity/shapes.ts";
import { handOver, holdingsOf } from "./service.ts";

/** What a member holds, and giving it to another when they have left. */
export function handOverRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/members/:id/holdings",
    words: "How much belongs to a member",
    resource: "member",
    access: allow("member.see-holdings"),
    audit: unauditedBecause("counts, nothing of the content"),
    rate: "read",
    input: { params: ids.params },
    output: {
      200: z.object({ documents: z.int(), folders: z.int(), chats: z.int(), groups: z.int() }),
    },
    handler: (ctx, { params }) => holdingsOf(ctx, params.id),
  });
  route(routes, {
    method: "POST",
    path: "/members/:id/hand-over",
    words: "Give what belonged to a removed member to another one",
    resource: "removed-member",
    access: allow("member.hand-over"),
    fresh: true,
    audit: "member.handed-over",
    rate: "write",
    state: "GET /members/:id/holdings",
    input: { params: ids.params, body: z.object({ to: Id }) },
    output: { 204: nothing },
    handler: async (ctx, { params, body }) => {
      await handOver(ctx, params.id, body.to);
      return null;
    },
  });
}
