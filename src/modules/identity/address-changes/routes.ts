import { z } from "zod";
import { allow, publicBecause, type Routes, route } from "../../../kernel/routes/contract.ts";
import { Address } from "../addresses.ts";
import { LinkToken } from "../links/tokens.ts";
import { Password } from "../passwords/policy.ts";
import { nothing } from "../shapes.ts";
import { askForAddress, confirmAddress, undoAddress } from "./service.ts";

export function addressChangeRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/account/address",
    words: "Ask for another address of one's own account; it changes once the new one is confirmed",
    access: allow("account.address"),
    audit: "account.address-change-asked",
    rate: "sign-in",
    state: "GET /session",
    input: { body: z.object({ address: Address, password: Password }) },
    output: { 202: nothing },
    handler: async (ctx, { body }) => {
      await askForAddress(ctx, body.address, body.password);
      return null;
    },
  });
  const byLink = {
    unprobed: { "mass-assignment": "takes a token that works once and stores nothing else of its body" },
    input: { body: z.object({ token: LinkToken }) },
    output: { 204: nothing },
  };
  route(routes, {
    method: "POST",
    path: "/address-changes/confirm",
    words: "Confirm a new address by the link mailed to it",
    access: publicBecause("the link is opened where the mail is read; the token is the credential"),
    audit: "account.address-changed",
    rate: "public",
    ...byLink,
    handler: async (ctx, { body }) => {
      await confirmAddress(ctx, body.token);
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/address-changes/undo",
    words: "Take a change of address back by the link mailed to the old one; ends all sessions",
    whileClosing: "nobody must be kept from shutting somebody out",
    access: publicBecause(
      "whoever lost the account to a new address cannot sign in; the token is the credential",
    ),
    audit: "account.address-change-undone",
    rate: "public",
    ...byLink,
    handler: async (ctx, { body }) => {
      await undoAddress(ctx, body.token);
      return null;
    },
  });
}
