import { importJWK, importPKCS8, type JWK, jwtVerify, SignJWT } from "jose";
import type { Clock } from "./clock.ts";
import { appError } from "./errors.ts";

/** What an access token says. Role and rights are not in it: the database is asked at each unit of work. */
export interface AccessClaims {
  readonly tenantId: string;
  readonly slug: string;
  readonly memberId: string;
  readonly sessionId: string;
  /** Seconds since the epoch. */
  readonly expires: number;
}

export interface SigningKey {
  readonly kid: string;
  readonly publicJwk: JWK;
  /** PEM. */
  readonly privateKey: string;
}

export interface Tokens {
  issue(claims: Omit<AccessClaims, "expires">): Promise<{ token: string; expires: Date }>;
  /** Throws `session_expired` for a token past its time, `not_signed_in` for anything else. */
  verify(token: string): Promise<AccessClaims>;
  readonly publicJwk: JWK;
}

export const ACCESS_SECONDS = 300;
const ISSUER = "vouchsafe";
const MOST_CACHED = 10_000;

/** Access tokens: RS256 JWTs (RFC 7519) of five minutes. A token that has been verified once is remembered until it expires. */
export async function openTokens(key: SigningKey, clock: Clock): Promise<Tokens> {
  const privateKey = await importPKCS8(key.privateKey, "RS256");
  const publicKey = await importJWK(key.publicJwk, "RS256");
  const verified = new Map<string, AccessClaims>();
  return {
    publicJwk: key.publicJwk,
    async issue(claims) {
      const now = Math.floor(clock().getTime() / 1000);
      const token = await new SignJWT({ tid: claims.tenantId, slug: claims.slug, sid: claims.sessionId })
        .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: key.kid })
        .setIssuer(ISSUER)
        .setAudience(claims.tenantId)
        .setSubject(claims.memberId)
        .setIssuedAt(now)
        .setExpirationTime(now + ACCESS_SECONDS)
        .sign(privateKey);
      return { token, expires: new Date((now + ACCESS_SECONDS) * 1000) };
    },
    async verify(token) {
      const known = verified.get(token) ?? (await verifyAnew(token));
      if (known.expires * 1000 <= clock().getTime()) {
        verified.delete(token);
        throw appError("session_expired");
      }
      return known;
    },
  };

  async function verifyAnew(token: string): Promise<AccessClaims> {
    const { payload } = await jwtVerify(token, publicKey, {
      algorithms: ["RS256"],
      issuer: ISSUER,
      typ: "at+jwt",
      requiredClaims: ["exp", "sub", "aud", "tid", "slug", "sid"],
      currentDate: clock(),
    }).catch((cause: { code?: string }) => {
      throw appError(cause.code === "ERR_JWT_EXPIRED" ? "session_expired" : "not_signed_in", { cause });
    });
    const { tid, slug, sid, sub, aud, exp } = payload;
    if (typeof tid !== "string" || typeof slug !== "string" || typeof sid !== "string" || aud !== tid) {
      throw appError("not_signed_in");
    }
    const claims = { tenantId: tid, slug, memberId: sub as string, sessionId: sid, expires: exp as number };
    if (verified.size >= MOST_CACHED) verified.delete(verified.keys().next().value as string);
    verified.set(token, claims);
    return claims;
  }
}
