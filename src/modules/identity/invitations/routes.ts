import { z } from "zod";
import { tenantOf } from "../../../kernel/context.ts";
import {
  allow,
  publicBecause,
  type Routes,
  route,
  unauditedBecause,
} from "../../../kernel/routes/contract.ts";
import { Address } from "../addresses.ts";
import { LinkToken } from "../links/tokens.ts";
import { Password } from "../passwords/policy.ts";
import { ids, nothing, PersonName, RoleName } from "../shapes.ts";
import { listInvitations } from "./listing.ts";
import { acceptInvitation, invite, openInvitation, withdrawInvitation } from "./service.ts";

export function invitationRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/invitations",
    words: "Invitations that nobody has accepted yet",
    access: allow("member.see-invitations"),
    audit: unauditedBecause("reads what its readers made"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            address: z.string(),
            role: z.string(),
            invitedBy: z.string(),
            createdAt: z.string(),
            expiresAt: z.string(),
            state: z.enum(["open", "expired"]),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listInvitations(ctx), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/invitations",
    words: "Invite an address with a role no higher than one's own",
    creates: "invitation",
    access: allow("member.invite"),
    audit: "invitation.created",
    rate: "write",
    fresh: true,
    input: { body: z.object({ address: Address, role: RoleName }) },
    output: { 201: z.object({ id: z.string(), expiresAt: z.string() }) },
    handler: async (ctx, { body }) => {
      const made = await invite(ctx, body.address, body.role);
      return { id: made.id, expiresAt: made.expiresAt.toISOString() };
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/invitations/:id",
    words: "Withdraw an invitation",
    resource: "invitation",
    access: allow("member.withdraw-invitation"),
    audit: "invitation.withdrawn",
    rate: "write",
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await withdrawInvitation(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/invitations/open",
    words: "What an invitation link says",
    access: publicBecause("whoever is invited has no account yet; the token is the credential"),
    audit: unauditedBecause("changes nothing; a POST so that the token stays out of addresses and logs"),
    rate: "public",
    unprobed: { "mass-assignment": "changes nothing" },
    input: { body: z.object({ token: LinkToken }) },
    output: {
      200: z.object({
        address: z.string(),
        role: z.string(),
        tenant: z.string(),
        invitedBy: z.string(),
        expiresAt: z.string(),
      }),
    },
    handler: async (ctx, { body }) => {
      const { address, role, tenantName, invitedBy, expiresAt } = await openInvitation(ctx, body.token);
      return { address, role, tenant: tenantName, invitedBy, expiresAt: expiresAt.toISOString() };
    },
  });
  route(routes, {
    method: "POST",
    path: "/invitations/accept",
    words: "Join by invitation",
    access: publicBecause("whoever is invited has no account yet; the token is the credential"),
    audit: "invitation.accepted",
    rate: "sign-in",
    input: { body: z.object({ token: LinkToken, name: PersonName, password: Password }) },
    output: { 201: z.object({ slug: z.string() }) },
    handler: async (ctx, { body }) => {
      await acceptInvitation(ctx, body.token, body.name, body.password);
      return { slug: tenantOf(ctx).slug };
    },
  });
}
