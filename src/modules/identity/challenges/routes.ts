import { z } from "zod";
import { publicBecause, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { makeChallenge } from "./service.ts";

export function challengeRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/session/challenge",
    words: "A challenge to solve before signing in or asking for a new password, after failures",
    access: publicBecause("whoever signs in has no session yet; it says nothing of any account"),
    audit: unauditedBecause("stores nothing: what it answers is random and signed"),
    rate: "public",
    output: {
      200: z.object({
        algorithm: z.string(),
        challenge: z.string(),
        maxnumber: z.number(),
        salt: z.string(),
        signature: z.string(),
      }),
    },
    handler: (ctx, _input, reply) => makeChallenge(ctx, reply.slug),
  });
}
