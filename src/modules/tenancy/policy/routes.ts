import { z } from "zod";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { changePolicy, readPolicy } from "./service.ts";

const Passwords = z.enum(["composed", "passphrase"]);
const Policy = z.object({
  secondFactor: z.object({ requiredFrom: z.string().nullable() }),
  passwords: Passwords,
});

export function policyRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/policy",
    words: "What signing in asks of everybody here",
    access: allow("policy.read"),
    audit: unauditedBecause("members may know what is asked of them"),
    rate: "read",
    output: { 200: Policy },
    handler: (ctx) => readPolicy(ctx),
  });
  route(routes, {
    method: "PATCH",
    path: "/policy",
    words: "Ask a second factor of everybody, after days of grace; choose the kind of passwords",
    access: allow("policy.change"),
    audit: "policy.changed",
    rate: "write",
    fresh: true,
    input: {
      body: z.object({
        secondFactor: z
          .object({ required: z.boolean(), graceDays: z.number().int().min(0).max(30) })
          .optional(),
        passwords: Passwords.optional(),
      }),
    },
    output: { 200: Policy },
    handler: (ctx, { body }) => changePolicy(ctx, body),
  });
}
