import { z } from "zod";
import { publicBecause, type Routes, route } from "../../../kernel/routes/contract.ts";
import { Address } from "../addresses.ts";
import { Solution } from "../challenges/service.ts";
import { LinkToken } from "../links/tokens.ts";
import { Password } from "../passwords/policy.ts";
import { nothing } from "../shapes.ts";
import { demandChallenge } from "../sign-in/challenge.ts";
import { askForReset, choosePassword } from "./service.ts";

export function resetRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/password-resets",
    words: "Ask for a mailed link to a new password; answers alike whether there is such an account or not",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause("whoever has forgotten their password cannot sign in"),
    audit: "account.reset-asked",
    rate: "sign-in",
    unprobed: { "mass-assignment": "stores nothing of its body" },
    input: { body: z.object({ address: Address, challenge: Solution.optional() }) },
    output: { 202: nothing },
    handler: async (ctx, { body }, reply) => {
      await askForReset(ctx, body.address, () =>
        demandChallenge(ctx, body.address, reply.slug, body.challenge),
      );
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/password-resets/use",
    words: "Choose a new password by the mailed link; ends all sessions and opens none",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause("who has forgotten their password cannot sign in; the token is the credential"),
    audit: "account.password-reset",
    rate: "sign-in",
    unprobed: {
      "mass-assignment": "takes a token that works once, and stores of its body the password's hash",
    },
    input: { body: z.object({ token: LinkToken, password: Password }) },
    output: { 204: nothing },
    handler: async (ctx, { body }) => {
      await choosePassword(ctx, body.token, body.password);
      return null;
    },
  });
}
