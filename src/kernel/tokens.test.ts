import assert from "node:assert/strict";
import { createHmac, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import type { JWK } from "jose";
import { refused } from "../../test/support/refused.ts";
import { newId } from "./ids.ts";
import { ACCESS_SECONDS, openTokens } from "./tokens.ts";

const pair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const own = pair();
const publicJwk = own.publicKey.export({ format: "jwk" }) as JWK;
const key = {
  kid: "k1",
  publicJwk,
  privateKey: own.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};
const claims = { tenantId: newId(), slug: "harrow", memberId: newId(), sessionId: newId() };

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const header = { alg: "RS256", typ: "at+jwt", kid: "k1" };
const seconds = (at: number) => Math.floor(at / 1000);

test("access tokens", async (t) => {
  let now = Date.parse("2026-03-04T05:06:07.500Z");
  const tokens = await openTokens(key, () => new Date(now));
  const payload = (more: object = {}) => ({
    tid: claims.tenantId,
    slug: claims.slug,
    sid: claims.sessionId,
    iss: "vouchsafe",
    aud: claims.tenantId,
    sub: claims.memberId,
    iat: seconds(now),
    exp: seconds(now) + ACCESS_SECONDS,
    ...more,
  });
  /** Put together by hand, as somebody else would. */
  const sign = (h: object, p: object, by: KeyObject = own.privateKey) => {
    const text = `${b64(h)}.${b64(p)}`;
    return `${text}.${createSign("RSA-SHA256").update(text).sign(by).toString("base64url")}`;
  };
  const bad = async (token: string, why: string) =>
    assert.rejects(tokens.verify(token), refused("not_signed_in"), why);

  await t.test("say who, for five minutes", async () => {
    const { token, expires } = await tokens.issue(claims);
    assert.equal(expires.getTime(), (seconds(now) + 300) * 1000);
    assert.deepEqual(await tokens.verify(token), { ...claims, expires: seconds(now) + 300 });
    // Role and rights are not in it.
    const told = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    assert.deepEqual(Object.keys(told).sort(), ["aud", "exp", "iat", "iss", "sid", "slug", "sub", "tid"]);
    assert.deepEqual(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()), header);
  });

  await t.test("expire, remembered or not", async () => {
    const { token } = await tokens.issue(claims);
    const unseen = (await tokens.issue({ ...claims, sessionId: newId() })).token;
    now += 299_000;
    await tokens.verify(token);
    now += 1000;
    for (const late of [token, token, unseen])
      await assert.rejects(tokens.verify(late), refused("session_expired"));
    now -= 300_000;
  });

  await t.test("are ours only", async () => {
    const { token } = await tokens.issue(claims);
    await tokens.verify(sign(header, payload()));
    const other = pair();
    const [h = "", p = "", s = ""] = token.split(".");
    await bad(sign(header, payload(), other.privateKey), "another key");
    await bad(`${b64({ ...header, alg: "none" })}.${p}.`, "no signature");
    await bad(`${b64({ ...header, alg: "none" })}.${p}.${s}`, "alg none");
    await bad(`${h}.${b64(payload({ sub: newId() }))}.${s}`, "another member under an old signature");
    await bad(`${h}.${p}.${s.slice(0, -4)}AAAA`, "a changed signature");
    const hmac = `${b64({ ...header, alg: "HS256" })}.${p}`;
    for (const secret of [own.publicKey.export({ type: "spki", format: "pem" }), JSON.stringify(publicJwk)])
      await bad(
        `${hmac}.${createHmac("sha256", secret).update(hmac).digest("base64url")}`,
        "HS256 by the public key",
      );
    const jwk = other.publicKey.export({ format: "jwk" });
    await bad(sign({ ...header, jwk }, payload(), other.privateKey), "its own key in the header");
    for (const text of ["", "x", "a.b.c", `${token}.x`, ` ${token}`, token.toUpperCase()])
      await bad(text, text);
  });

  await t.test("that say something else, though we signed it, open nothing", async () => {
    for (const [why, h, p] of [
      ["another kind of token", { ...header, typ: "JWT" }, {}],
      ["no kind", { alg: "RS256", kid: "k1" }, {}],
      ["another issuer", header, { iss: "elsewhere" }],
      ["no issuer", header, { iss: undefined }],
      ["another tenant's audience", header, { aud: newId() }],
      ["several audiences", header, { aud: [claims.tenantId, newId()] }],
      ["no tenant", header, { tid: undefined, aud: undefined }],
      ["a tenant that is no text", header, { tid: 1, aud: "1" }],
      ["no session", header, { sid: undefined }],
      ["no member", header, { sub: undefined }],
      ["no workspace", header, { slug: undefined }],
      ["no end", header, { exp: undefined }],
      ["not yet", header, { nbf: seconds(now) + 3600 }],
    ] as const)
      await bad(sign(h, payload(p)), why);
  });
});
