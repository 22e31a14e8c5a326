import { createHmac, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import type { Hole } from "./holes.ts";

export type Claims = { sub: string; sid: string; tenant: string; role: string; exp: number };

export type Tokens = {
  issue: (claims: Claims) => string;
  read: (token: string) => Claims | null;
  publicKey: string;
};

/** EdDSA tokens, with the classic mistakes of reading them for those who ask. */
export function makeTokens(holes: ReadonlySet<Hole>): Tokens {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const pem = String(publicKey.export({ type: "spki", format: "pem" }));
  return {
    publicKey: pem,
    issue: (claims) => {
      const signed = `${encode({ alg: "EdDSA", typ: "JWT" })}.${encode(claims)}`;
      return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
    },
    read: (token) => read(token, pem, publicKey, holes),
  };
}

function read(token: string, pem: string, key: KeyObject, holes: ReadonlySet<Hole>): Claims | null {
  const [head = "", payload = "", signature = ""] = token.split(".");
  const signed = `${head}.${payload}`;
  const { alg } = decode(head) as { alg?: unknown };
  const claims = decode(payload) as Claims;
  const good =
    (alg === "EdDSA" && verify(null, Buffer.from(signed), key, Buffer.from(signature, "base64url"))) ||
    (holes.has("alg-none") && alg === "none" && signature === "") ||
    (holes.has("key-confusion") &&
      alg === "HS256" &&
      createHmac("sha256", pem).update(signed).digest("base64url") === signature);
  if (!good || typeof claims.sub !== "string") return null;
  return claims.exp * 1000 > Date.now() || holes.has("accepts-expired") ? claims : null;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8")) ?? {};
  } catch {
    return {};
  }
}
