import { createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { type ApiKey, readApiKey } from "../api-keys.ts";
import { appError } from "../errors.ts";
import { networkOf } from "../limits/network.ts";
import { type Bucket, type Rate, rates, type Taken } from "../limits/token-bucket.ts";
import type { System } from "../system.ts";
import type { AccessClaims } from "../tokens.ts";
import { changesState, type Route } from "./contract.ts";
import { cookieName } from "./cookies.ts";

export const accessCookie = (slug: string): string => cookieName("access", slug);
export const refreshCookie = (slug: string): string => cookieName("refresh", slug);

/** The access token of this workspace's cookie. Throws 401 when there is none, or none that holds here. */
export async function authenticate(
  system: System,
  request: FastifyRequest,
  slug: string,
): Promise<AccessClaims> {
  const token = request.cookies[accessCookie(slug)];
  if (!token) throw appError(request.cookies[refreshCookie(slug)] ? "session_expired" : "not_signed_in");
  const claims = await system.tokens.verify(token);
  // A token is good in one tenant only, whatever the name of the cookie it came in.
  if (claims.slug !== slug) throw appError("not_signed_in");
  return claims;
}

/**
 * The API key of an `Authorization: Bearer` header; null when there is no such header. Throws `two_credentials` beside
 * the cookies of a session, `key_invalid` for anything that is no key of ours.
 */
export function apiKeyOf(request: FastifyRequest, slug: string): ApiKey | null {
  const { authorization } = request.headers;
  if (authorization === undefined) return null;
  if (request.cookies[accessCookie(slug)] || request.cookies[refreshCookie(slug)])
    throw appError("two_credentials");
  const key = readApiKey(/^Bearer ([^\s]+)$/i.exec(authorization)?.[1] ?? "");
  if (!key) throw appError("key_invalid");
  return key;
}

/** The value that proves a request was made by our own page: bound to the session, readable by that page only. */
export function csrfProof(system: System, sessionId: string): string {
  return createHmac("sha256", system.csrfKey).update(sessionId).digest("base64url");
}

/**
 * Every state-changing request must come from our own origin; one that rides on a cookie must carry the
 * session's proof as well.
 */
export function checkCsrf(
  system: System,
  route: Route,
  request: FastifyRequest,
  sessionId: string | null,
): void {
  if (!changesState(route)) return;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") throw appError("csrf");
  const { origin } = request.headers;
  if (origin !== undefined && !isOwnOrigin(system, request, origin)) throw appError("csrf");
  if (sessionId === null) return;
  const given = request.headers["x-csrf-token"];
  if (typeof given !== "string" || !equal(given, csrfProof(system, sessionId))) throw appError("csrf");
}

// What a tenant may take of an endpoint, in members (or, of a public one, networks) who take all that is theirs.
const MEMBERS_AT_ONCE = 20;

/**
 * Takes a token from the bucket of this endpoint: per tenant and member, or per network for the public. A tenant has
 * one for all of its members as well, wide enough that no member can use it up alone; and one for all networks that
 * knock at its public doors, whether there is such a tenant or not, so that a crowd at one door leaves the others open.
 */
export function checkRate(
  system: System,
  route: Route,
  who: { tenantId: string; actor: { memberId: string; keyId?: string } } | { ip: string; slug?: string },
): Taken | Promise<Taken> {
  const endpoint = `${route.method} ${route.url}`;
  if ("ip" in who) {
    const rate = rates[route.rate];
    const door =
      who.slug === undefined ? undefined : wholeOf(`s:${doorOf(system, who.slug)}:${endpoint}`, rate);
    return system.limiter.take(`n:${networkOf(who.ip)}:${endpoint}`, rate, door);
  }
  const { memberId, keyId } = who.actor;
  // A program has a class of its own; what it takes is missing neither for its owner nor for the other people.
  const rate = keyId ? rateOfKey(route) : rates[route.rate];
  const one = keyId ? `k:${who.tenantId}:${keyId}` : `m:${who.tenantId}:${memberId}`;
  const whole = wholeOf(`${keyId ? "p" : "t"}:${who.tenantId}:${endpoint}`, rate);
  return system.limiter.take(`${one}:${endpoint}`, rate, whole);
}

// So many doors are counted apart. Some share one, and nobody can find out which.
const DOORS = 16_384;

/**
 * Stands for a name in an address, of which anybody can make up any number: each would be a count to be remembered. Names of
 * workspaces that exist and others are treated alike, so that no limit tells them apart.
 */
export const doorOf = ({ csrfKey }: Pick<System, "csrfKey">, slug: string): number =>
  createHmac("sha256", csrfKey).update(`door ${slug}`).digest().readUInt16BE() % DOORS;

/** Of the class for programs and the route's own, the lesser. */
function rateOfKey(route: Route): Rate {
  const [program, person] = [rates[changesState(route) ? "key-write" : "key-read"], rates[route.rate]];
  return {
    perMinute: Math.min(program.perMinute, person.perMinute),
    burst: Math.min(program.burst, person.burst),
  };
}

const wholeOf = (key: string, { perMinute, burst }: Rate): Bucket => ({
  key,
  rate: { perMinute: perMinute * MEMBERS_AT_ONCE, burst: burst * MEMBERS_AT_ONCE },
});

function isOwnOrigin(system: System, request: FastifyRequest, origin: string): boolean {
  if (system.config.publicUrl) return origin === new URL(system.config.publicUrl).origin;
  return origin === `${request.protocol}://${request.host}`;
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
