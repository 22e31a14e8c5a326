import { z } from "zod";
import { accountDemand, type Ctx, tenantOf } from "../../../kernel/context.ts";
import { appError } from "../../../kernel/errors.ts";
import type { Reply } from "../../../kernel/routes/contract.ts";
import { accessCookie, csrfProof, refreshCookie } from "../../../kernel/routes/guards.ts";
import { type Me, whoAmI } from "../accounts/service.ts";
import { LONGEST, type OpenSession } from "./service.ts";

/** Who is signed in, as the page needs it. */
export const SessionView = z.object({
  me: z.object({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    role: z.string(),
    permissions: z.array(z.string()),
  }),
  tenant: z.object({ slug: z.string(), name: z.string(), kind: z.enum(["operator", "customer", "canary"]) }),
  csrf: z.string(),
  expiresAt: z.string(),
});

/** Puts the tokens of an open session into cookies and answers who it is. */
export async function openDoor(ctx: Ctx, session: OpenSession, reply: Reply) {
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
    demand: accountDemand,
    standing: { current: null },
  };
  return sessionView(member, await whoAmI(member));
}

export function closeDoor(ctx: Ctx, reply: Reply): null {
  const { slug } = tenantOf(ctx);
  reply.clearCookie(accessCookie(slug));
  reply.clearCookie(refreshCookie(slug));
  return null;
}

export function sessionView(ctx: Ctx, { me, tenant }: Me) {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  return {
    me,
    tenant,
    csrf: csrfProof(ctx.system, ctx.actor.sessionId),
    expiresAt: new Date(ctx.clock().getTime() + LONGEST).toISOString(),
  };
}
