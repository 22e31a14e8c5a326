import { z } from "zod";
import { publicBecause, type Routes, route } from "../../../kernel/routes/contract.ts";
import { nothing } from "../shapes.ts";
import { unlockByLink, verifyAddress } from "./service.ts";
import { LinkToken } from "./tokens.ts";

export function linkRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/verification",
    words: "Confirm an address by the mailed link",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause("nobody signs in before the address is confirmed; the token is the credential"),
    audit: "member.address-verified",
    rate: "public",
    unprobed: { "mass-assignment": "takes a token that works once and stores nothing else of its body" },
    input: { body: z.object({ token: LinkToken }) },
    output: { 204: nothing },
    handler: async (ctx, { body }) => {
      await verifyAddress(ctx, body.token);
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/unlock",
    words: "End the pause after failed sign-ins by the mailed link",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause("who is locked out cannot sign in; the token is the credential"),
    audit: "member.unlocked",
    rate: "public",
    unprobed: { "mass-assignment": "takes a token that works once and stores nothing else of its body" },
    input: { body: z.object({ token: LinkToken }) },
    output: { 204: nothing },
    handler: async (ctx, { body }) => {
      await unlockByLink(ctx, body.token);
      return null;
    },
  });
}
