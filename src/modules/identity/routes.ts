import { z } from "zod";
import { type Ctx, tenantOf } from "../../kernel/context.ts";
import { appError } from "../../kernel/errors.ts";
import { Id } from "../../kernel/ids.ts";
import {
  allow,
  publicBecause,
  type Reply,
  type Routes,
  route,
  unauditedBecause,
} from "../../kernel/routes/contract.ts";
import { accessCookie, csrfProof, refreshCookie } from "../../kernel/routes/guards.ts";
import { changePassword, type Me, rename, whoAmI } from "./accounts/service.ts";
import { Address } from "./addresses.ts";
import {
  acceptInvitation,
  invite,
  listInvitations,
  openInvitation,
  withdrawInvitation,
} from "./invitations/service.ts";
import { unlockByLink, verifyAddress } from "./links/service.ts";
import { LinkToken } from "./links/tokens.ts";
import { Password } from "./passwords/policy.ts";
import {
  endOwnSession,
  LONGEST,
  listSessions,
  type OpenSession,
  refreshSession,
  signOut,
} from "./sessions/service.ts";
import { signIn } from "./sign-in/service.ts";

export const RoleName = z.enum(
  ["viewer", "manager", "admin", "owner"],
  "Choose viewer, manager, admin or owner.",
);

/** A person's name: 1 to 120 characters without control characters. */
export const PersonName = z
  .string()
  .trim()
  .min(1, "Give a name.")
  .max(120, "A name has at most 120 characters.")
  .refine((value) => !/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u.test(value), "A name has no control characters.")
  .meta({ examples: ["Ada Lindqvist"] });

const SessionView = z.object({
  me: z.object({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    role: RoleName,
    permissions: z.array(z.string()),
  }),
  tenant: z.object({ slug: z.string(), name: z.string(), kind: z.enum(["operator", "customer", "canary"]) }),
  csrf: z.string(),
  expiresAt: z.string(),
});

const ids = { params: z.object({ id: Id }) };
const nothing = z.null();
const emptyBody = z.object({});

export function identityRoutes(routes: Routes): void {
  sessionRoutes(routes);
  accountRoutes(routes);
  invitationRoutes(routes);
  linkRoutes(routes);
}

function sessionRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/session",
    words: "Sign in",
    access: publicBecause("whoever signs in has no session yet"),
    audit: "session.started",
    rate: "sign-in",
    unprobed: { "mass-assignment": "stores nothing from its body" },
    input: { body: z.object({ address: Address, password: Password }) },
    output: { 200: SessionView },
    handler: async (ctx, { body }, reply) => {
      if (!reply.keepsCookies) throw appError("cookies_impossible");
      return openDoor(ctx, await signIn(ctx, body.address, body.password), reply);
    },
  });
  route(routes, {
    method: "POST",
    path: "/session/refresh",
    words: "Exchange the refresh token for a new pair of tokens",
    access: publicBecause("the refresh token is the credential"),
    audit: "session.refreshed",
    rate: "public",
    unprobed: { "mass-assignment": "takes nothing from its body; works only with the refresh cookie" },
    input: { body: emptyBody },
    output: { 200: SessionView },
    handler: async (ctx, _input, reply) => {
      const slug = ctx.tenant?.slug;
      if (!slug) throw appError("signed_out");
      return openDoor(ctx, await refreshSession(ctx, reply.cookies[refreshCookie(slug)]), reply);
    },
  });
  route(routes, {
    method: "GET",
    path: "/session",
    words: "Who is signed in, what they may do, and the CSRF proof of this session",
    access: allow("account.use"),
    audit: unauditedBecause("reads only one's own session"),
    rate: "read",
    background: true,
    output: { 200: SessionView },
    handler: async (ctx) => sessionView(ctx, await whoAmI(ctx)),
  });
  route(routes, {
    method: "DELETE",
    path: "/session",
    words: "Sign out here",
    access: allow("account.use"),
    audit: "session.ended",
    rate: "write",
    output: { 204: nothing },
    handler: async (ctx, _input, reply) => {
      await signOut(ctx, false);
      return closeDoor(ctx, reply);
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/sessions",
    words: "Sign out everywhere",
    access: allow("account.use"),
    audit: "session.ended-everywhere",
    rate: "write",
    output: { 204: nothing },
    handler: async (ctx, _input, reply) => {
      await signOut(ctx, true);
      return closeDoor(ctx, reply);
    },
  });
  route(routes, {
    method: "GET",
    path: "/sessions",
    words: "One's own open sessions",
    access: allow("account.use"),
    audit: unauditedBecause("reads only one's own sessions"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            createdAt: z.string(),
            lastActiveAt: z.string(),
            ip: z.string(),
            userAgent: z.string(),
            current: z.boolean(),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listSessions(ctx), next: null }),
  });
  route(routes, {
    method: "DELETE",
    path: "/sessions/:id",
    words: "End one of one's own sessions",
    resource: "session",
    access: allow("account.use"),
    audit: "session.ended",
    rate: "write",
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await endOwnSession(ctx, params.id);
      return null;
    },
  });
}

function accountRoutes(routes: Routes): void {
  route(routes, {
    method: "PATCH",
    path: "/account",
    words: "Change one's own name",
    access: allow("account.use"),
    audit: "account.renamed",
    rate: "write",
    state: "GET /session",
    input: { body: z.object({ name: PersonName }) },
    output: { 200: z.object({ name: z.string() }) },
    handler: (ctx, { body }) => rename(ctx, body.name),
  });
  route(routes, {
    method: "PUT",
    path: "/account/password",
    words: "Change one's own password; ends all other sessions",
    access: allow("account.use"),
    audit: "account.password-changed",
    rate: "sign-in",
    state: "none: a password is shown nowhere",
    input: { body: z.object({ current: Password, new: Password }) },
    output: { 204: nothing },
    handler: async (ctx, { body }) => {
      await changePassword(ctx, body.current, body.new);
      return null;
    },
  });
}

function invitationRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/invitations",
    words: "Invitations that nobody has accepted yet",
    access: allow("member.invite"),
    audit: unauditedBecause("reads what its readers made"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            address: z.string(),
            role: RoleName,
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
    access: allow("member.invite"),
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
        role: RoleName,
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

function linkRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/verification",
    words: "Confirm an address by the mailed link",
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

/** Puts the tokens of an open session into cookies and answers who it is. */
async function openDoor(ctx: Ctx, session: OpenSession, reply: Reply) {
  const { id, slug } = tenantOf(ctx);
  const claims = { tenantId: id, slug, memberId: session.memberId, sessionId: session.sessionId };
  const { token } = await ctx.system.tokens.issue(claims);
  // The cookie outlives the token in it, so that the answer can be "expired, refresh" and not "never signed in".
  const seconds = Math.floor(LONGEST / 1000);
  reply.setCookie(accessCookie(slug), token, seconds);
  reply.setCookie(refreshCookie(slug), session.refreshToken, seconds);
  const member: Ctx = {
    ...ctx,
    actor: { kind: "member", memberId: session.memberId, sessionId: session.sessionId },
    permission: "account.use",
    standing: { current: null },
  };
  return sessionView(member, await whoAmI(member));
}

function closeDoor(ctx: Ctx, reply: Reply): null {
  const { slug } = tenantOf(ctx);
  reply.clearCookie(accessCookie(slug));
  reply.clearCookie(refreshCookie(slug));
  return null;
}

function sessionView(ctx: Ctx, { me, tenant }: Me) {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  return {
    me,
    tenant,
    csrf: csrfProof(ctx.system, ctx.actor.sessionId),
    expiresAt: new Date(ctx.clock().getTime() + LONGEST).toISOString(),
  };
}
