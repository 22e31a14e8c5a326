import { createHash, timingSafeEqual } from "node:crypto";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";

/**
 * A refresh token: `<session id>.<generation>.<keyed hash of both>`. Only the tenant's key makes one, so every
 * generation can be told from a guess, and two tabs that refresh at once get the same successor.
 */
export function refreshToken(keys: TenantKeys, sessionId: string, generation: number): string {
  return `${sessionId}.${generation}.${mac(keys, sessionId, generation).toString("base64url")}`;
}

/** What a refresh token names, or null for one that was never ours. */
export function readRefreshToken(
  keys: TenantKeys,
  token: string,
): { sessionId: string; generation: number } | null {
  const [, sessionId, generation, tag] =
    /^([0-9a-f-]{36})\.(\d{1,9})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
  if (!sessionId || !generation || !tag) return null;
  const given = Buffer.from(tag, "base64url");
  const expected = mac(keys, sessionId, Number(generation));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return { sessionId, generation: Number(generation) };
}

/** What is stored of a refresh token. */
export const refreshHash = (token: string): Buffer => createHash("sha256").update(token).digest();

const mac = (keys: TenantKeys, sessionId: string, generation: number): Buffer =>
  keys.lookup("session.refresh", `${sessionId}.${generation}`);
