import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { calculateJwkThumbprint, exportJWK } from "jose";

/** The public half as it is published in a JWK set. */
export type PublicSigningJwk = { kty: "RSA"; n: string; e: string; kid: string; alg: "RS256"; use: "sig" };

/**
 * Makes an RSA 2048 key pair for RS256 tokens. `kid` is the RFC 7638 thumbprint; `privatePkcs8` is DER in clear:
 * seal it with the platform's keys, then `fill(0)`. Takes some 100 ms off the main thread.
 */
export async function createSigningKey(): Promise<{
  kid: string;
  publicJwk: PublicSigningJwk;
  privatePkcs8: Buffer;
}> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const jwk = await exportJWK(publicKey);
  if (!jwk.n || !jwk.e) throw new TypeError("An RSA key without modulus or exponent.");
  const kid = await calculateJwkThumbprint({ kty: "RSA", n: jwk.n, e: jwk.e });
  return {
    kid,
    publicJwk: { kty: "RSA", n: jwk.n, e: jwk.e, kid, alg: "RS256", use: "sig" },
    privatePkcs8: privateKey.export({ type: "pkcs8", format: "der" }),
  };
}
