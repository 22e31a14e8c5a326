import { z } from "zod";
import { appError } from "../../../kernel/errors.ts";
import {
  allow,
  publicBecause,
  type Routes,
  route,
  unauditedBecause,
} from "../../../kernel/routes/contract.ts";
import { refreshCookie } from "../../../kernel/routes/guards.ts";
import { whoAmI } from "../accounts/service.ts";
import { Address } from "../addresses.ts";
import { Solution } from "../challenges/service.ts";
import { Password } from "../passwords/policy.ts";
import { emptyBody, ids, nothing } from "../shapes.ts";
import { signIn } from "../sign-in/service.ts";
import { closeDoor, openDoor, SessionView, sessionView } from "./door.ts";
import { endOwnSession, listSessions, refreshSession, signOut } from "./service.ts";

export function sessionRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/session",
    words: "Sign in",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause("whoever signs in has no session yet"),
    audit: "session.started",
    rate: "sign-in",
    unprobed: { "mass-assignment": "stores nothing from its body" },
    input: { body: z.object({ address: Address, password: Password, challenge: Solution.optional() }) },
    output: {
      200: z.discriminatedUnion("state", [
        SessionView.extend({ state: z.literal("open") }),
        z.object({
          state: z.literal("second-factor"),
          ticket: z.string(),
          methods: z.array(z.enum(["totp", "passkey", "recovery-code"])),
          expiresAt: z.string(),
        }),
      ]),
    },
    handler: async (ctx, { body }, reply) => {
      if (!reply.keepsCookies()) throw appError("cookies_impossible");
      const signedIn = await signIn(ctx, body.address, body.password, reply.slug, body.challenge);
      if (signedIn.state === "second-factor")
        return { ...signedIn, expiresAt: signedIn.expiresAt.toISOString() };
      return { state: "open" as const, ...(await openDoor(ctx, signedIn.session, reply)) };
    },
  });
  route(routes, {
    method: "POST",
    path: "/session/refresh",
    words: "Exchange the refresh token for a new pair of tokens",
    whileClosing: "whoever takes their data out must be able to get in",
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
    beforeFactor: true,
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
    whileClosing: "nobody must be kept from shutting somebody out",
    access: allow("account.use"),
    beforeFactor: true,
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
    whileClosing: "nobody must be kept from shutting somebody out",
    access: allow("account.sessions"),
    beforeFactor: true,
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
    access: allow("account.sessions"),
    beforeFactor: true,
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
    whileClosing: "nobody must be kept from shutting somebody out",
    resource: "session",
    access: allow("account.sessions"),
    beforeFactor: true,
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
