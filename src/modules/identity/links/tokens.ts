import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";

/** A token as it stands in a mailed link: 256 random bits in base64url. */
export const LinkToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, "This is not a complete link.")
  .meta({ examples: ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] });

/** A new token and the hash that is stored of it. 256 random bits need no slow hash. */
export function newToken(): { token: string; hash: Buffer } {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: hashToken(token) };
}

export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
