import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { test } from "node:test";
import { calculateJwkThumbprint, importJWK, jwtVerify, SignJWT } from "jose";
import { createSigningKey } from "./signing-keys.ts";

test("a signing key signs RS256 tokens that its public half verifies, and publishes nothing private", async () => {
  const { kid, publicJwk, privatePkcs8 } = await createSigningKey();
  const key = createPrivateKey({ key: privatePkcs8, format: "der", type: "pkcs8" });
  assert.equal(key.asymmetricKeyDetails?.modulusLength, 2048);
  const token = await new SignJWT({}).setProtectedHeader({ alg: "RS256", kid }).setSubject("x").sign(key);
  const { payload } = await jwtVerify(token, await importJWK(publicJwk, "RS256"));
  assert.equal(payload.sub, "x");
  assert.deepEqual(Object.keys(publicJwk).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
  assert.equal(kid, await calculateJwkThumbprint(publicJwk));
});
