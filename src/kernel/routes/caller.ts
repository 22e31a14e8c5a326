import type { FastifyReply, FastifyRequest } from "fastify";
import type { Actor, Ctx } from "../context.ts";
import { identifyKey } from "../database/unit.ts";
import { appError, isAppError } from "../errors.ts";
import { Slug } from "../ids.ts";
import { networkOf } from "../limits/network.ts";
import { rates, type Taken } from "../limits/token-bucket.ts";
import type { System } from "../system.ts";
import type { Route } from "./contract.ts";
import { apiKeyOf, authenticate, checkCsrf, checkRate } from "./guards.ts";

/**
 * Whose request this is, in which tenant, before anything of it is read further: by a session, by an API key, or a
 * visitor's; that it comes from our own page; and how often such requests come. Throws what the guards throw.
 */
export async function contextOf(
  system: System,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Ctx> {
  const ctx: Ctx = {
    system,
    tenant: null,
    actor: { kind: "visitor" },
    demand: route.demand,
    requestId: request.id,
    origin: { ip: request.ip, userAgent: String(request.headers["user-agent"] ?? "").slice(0, 400) },
    clock: system.clock,
    log: request.log,
    tx: null,
    standing: { current: null },
  };
  if (route.demand.permission === null) {
    checkCsrf(system, route, request, null);
    // As it was asked for, whether it can be a short name or not: what comes of it is the same.
    const { slug } = request.params as { slug?: string };
    const taken = checkRate(system, route, { ip: request.ip, ...(slug === undefined ? {} : { slug }) });
    announceRate(reply, taken instanceof Promise ? await taken : taken);
    return route.of === "tenant" ? { ...ctx, tenant: await findTenant(system, slugOf(request)) } : ctx;
  }
  const { tenant, actor } = await identify(ctx, request).catch(async (error: unknown) => {
    // Knocking without a valid token or key is limited like a public route, by network.
    announceRate(reply, await checkRate(system, route, { ip: request.ip }));
    throw error;
  });
  if (actor.kind === "member") checkCsrf(system, route, request, actor.sessionId);
  const taken = checkRate(system, route, { tenantId: tenant.id, actor });
  // Nobody waits where this process counts alone.
  announceRate(reply, taken instanceof Promise ? await taken : taken);
  return { ...ctx, tenant, actor };
}

type Caller = {
  tenant: NonNullable<Ctx["tenant"]>;
  actor: Exclude<Actor, { kind: "visitor" | "job" | "operator" }>;
};

// The cookie of a session or an API key, never both: it must be plain whose rights count.
async function identify(ctx: Ctx, request: FastifyRequest): Promise<Caller> {
  const { system } = ctx;
  const slug = slugOf(request);
  const key = apiKeyOf(request, slug);
  if (!key) {
    const { tenantId, memberId, sessionId } = await authenticate(system, request, slug);
    // A token stays good for minutes; a workspace whose keys are destroyed, in whichever process, is gone at once.
    if (!system.keyring.has(tenantId)) throw appError("signed_out");
    return { tenant: { id: tenantId, slug }, actor: { kind: "member", memberId, sessionId } };
  }
  // A key is looked up in the database, and anybody can make one up: who has made up many is not listened to.
  const made = `made-up-keys:${networkOf(request.ip)}`;
  if (!(await system.limiter.has(made, rates.public))) throw appError("rate_limited", { retryAfter: 60 });
  try {
    const tenant = await findTenant(system, slug);
    if (!tenant) throw appError("key_invalid");
    const known = await identifyKey({ ...ctx, tenant }, key.hash);
    return { tenant, actor: { kind: "key", hash: key.hash, ...known } };
  } catch (error) {
    if (isAppError(error) && error.code === "key_invalid") await system.limiter.take(made, rates.public);
    throw error;
  }
}

// A tenant that does not exist is not told apart here: its public routes answer as for a wrong password or link.
async function findTenant(system: System, slug: string): Promise<Ctx["tenant"]> {
  const id = await system.directory.tenantBySlug(slug);
  return id ? { id, slug } : null;
}

function slugOf(request: FastifyRequest): string {
  const parsed = Slug.safeParse((request.params as { slug?: string }).slug);
  if (!parsed.success) throw appError("not_found");
  return parsed.data;
}

function announceRate(reply: FastifyReply, taken: Taken): void {
  void reply.headers({
    "ratelimit-limit": taken.limit,
    "ratelimit-remaining": taken.remaining,
    "ratelimit-reset": taken.retryAfter,
  });
  if (!taken.allowed) throw appError("rate_limited", { retryAfter: taken.retryAfter });
}
