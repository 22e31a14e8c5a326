import { z } from "zod";
import { later } from "../../../kernel/clock.ts";
import { accountDemand, type Ctx, standingOf, tenantOf } from "../../../kernel/context.ts";
import { appError } from "../../../kernel/errors.ts";
import type { Reply } from "../../../kernel/routes/contract.ts";
import { accessCookie, csrfProof, refreshCookie } from "../../../kernel/routes/guards.ts";
import { FRESH, isFresh, lacksFactor } from "../../../kernel/standing.ts";
import { type Me, whoAmI } from "../accounts/service.ts";
import { DEVICE_SECONDS, deviceCookie, noticeDevice } from "../devices/service.ts";
import { Language } from "../mails/language.ts";
import { LONGEST, type OpenSession } from "./service.ts";

/** Who is signed in, as the page needs it. */
export const SessionView = z.object({
  me: z.object({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    role: z.string(),
    permissions: z.array(z.string()),
    language: Language,
    timeZone: z.string(),
  }),
  tenant: z.object({ slug: z.string(), name: z.string(), kind: z.enum(["operator", "customer", "canary"]) }),
  /** Whether nothing else works before a second factor is set up, from when on the workspace asks for one, and until when a fresh one counts. */
  factor: z.object({
    due: z.boolean(),
    requiredFrom: z.string().nullable(),
    freshUntil: z.string().nullable(),
  }),
  /** Until when the operator's staff may come in: everybody here is shown that. */
  support: z.object({ until: z.string() }).nullable(),
  csrf: z.string(),
  expiresAt: z.string(),
});

/** Puts the tokens of an open session into cookies and answers who it is. */
export async function openDoor(ctx: Ctx, session: OpenSession, reply: Reply) {
  const { id, slug } = tenantOf(ctx);
  const claims = { tenantId: id, slug, memberId: session.memberId, sessionId: session.sessionId };
  const member: Ctx = {
    ...ctx,
    actor: { kind: "member", memberId: session.memberId, sessionId: session.sessionId },
    demand: accountDemand,
    standing: { current: null },
  };
  const name = deviceCookie(slug);
  // Before any cookie of the session: nobody gets in from an unknown browser without being told of.
  const [device, view] = await Promise.all([
    session.isNew ? noticeDevice(member, reply.cookies[name]) : null,
    whoAmI(member),
  ]);
  if (device !== null) reply.setCookie(name, device, DEVICE_SECONDS);
  const { token } = await ctx.system.tokens.issue(claims);
  // The cookie outlives the token in it, so that the answer can be "expired, refresh" and not "never signed in".
  const seconds = Math.floor(LONGEST / 1000);
  reply.setCookie(accessCookie(slug), token, seconds);
  reply.setCookie(refreshCookie(slug), session.refreshToken, seconds);
  return sessionView(member, view);
}

/** Who is signed in, asked anew: what the open session may do has just changed. */
export async function openOwnView(ctx: Ctx) {
  const anew: Ctx = { ...ctx, standing: { current: null } };
  return sessionView(anew, await whoAmI(anew));
}

export function closeDoor(ctx: Ctx, reply: Reply): null {
  const { slug } = tenantOf(ctx);
  reply.clearCookie(accessCookie(slug));
  reply.clearCookie(refreshCookie(slug));
  return null;
}

export function sessionView(ctx: Ctx, { me, tenant, support }: Me) {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  return {
    me,
    tenant,
    factor: factorView(ctx),
    support,
    csrf: csrfProof(ctx.system, ctx.actor.sessionId),
    expiresAt: new Date(ctx.clock().getTime() + LONGEST).toISOString(),
  };
}

function factorView(ctx: Ctx) {
  const standing = standingOf(ctx);
  const { factorAt, factorRequiredFrom } = standing;
  const fresh = factorAt !== null && isFresh(standing, ctx.clock());
  return {
    due: lacksFactor(standing, ctx.clock()),
    requiredFrom: factorRequiredFrom?.toISOString() ?? null,
    freshUntil: fresh ? later(factorAt, FRESH).toISOString() : null,
  };
}
