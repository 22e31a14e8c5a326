import { z } from "zod";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { retention } from "./service.ts";

export function retentionRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/retention",
    words: "How long what is kept, and when that was last seen to",
    access: allow("retention.read"),
    audit: unauditedBecause("times, nothing of the content"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({ id: z.string(), words: z.string(), keeps: z.string(), inUse: z.boolean() }),
        ),
        purgedAt: z.string().nullable(),
      }),
    },
    handler: (ctx) => retention(ctx),
  });
}
