import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { totpCode } from "../../trust/stage/totp.ts";
import { codeAt, enrolmentUri, newSecret, stepOf } from "./totp-code.ts";

// RFC 6238, appendix B, SHA-1: the last six of eight digits.
const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const VECTORS: readonly [seconds: number, code: string][] = [
  [59, "287082"],
  [1111111109, "081804"],
  [1111111111, "050471"],
  [1234567890, "005924"],
  [2000000000, "279037"],
  [20000000000, "353130"],
];

test("the codes of RFC 6238, here and in the app of the checks", () => {
  for (const [seconds, code] of VECTORS) {
    const at = new Date(seconds * 1000);
    assert.equal(codeAt(SECRET, at), code);
    assert.equal(totpCode(SECRET, 0, at.getTime()), code);
    assert.equal(stepOf(SECRET, code, at), Math.floor(seconds / 30));
  }
});

test("a code is right for one step before and after, and names its step", () => {
  const now = new Date("2026-03-01T12:00:15Z");
  const step = Math.floor(now.getTime() / 30_000);
  for (const [off, found] of [
    [-2, null],
    [-1, step - 1],
    [0, step],
    [1, step + 1],
    [2, null],
  ] as const) {
    const code = codeAt(SECRET, new Date(now.getTime() + off * 30_000));
    assert.equal(stepOf(SECRET, code, now), found, `${off} steps off`);
  }
  for (const wrong of ["", "000000", "28708", "2870820", "abcdef", "２８７０８２"])
    assert.equal(stepOf(SECRET, wrong, now), null);
});

test("the boundary between two steps belongs to the later one", () => {
  const boundary = new Date(1_800_000_000_000);
  const code = codeAt(SECRET, boundary);
  assert.equal(stepOf(SECRET, code, boundary), 60_000_000);
  assert.notEqual(codeAt(SECRET, new Date(boundary.getTime() - 1)), code);
});

test("a secret has 160 bits, and the URI says what an app needs", () => {
  const secret = newSecret();
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.notEqual(newSecret(), secret);
  const uri = new URL(enrolmentUri(secret, "Harrow & Finch: London", "mara@harrow.example"));
  assert.equal(uri.protocol, "otpauth:");
  assert.equal(uri.searchParams.get("secret"), secret);
  assert.equal(uri.searchParams.get("issuer"), "Harrow & Finch  London");
  assert.equal(uri.searchParams.get("period"), "30");
  assert.equal(uri.searchParams.get("digits"), "6");
});

test("oathtool agrees, where it is installed", (t) => {
  const oathtool = ["/usr/bin/oathtool", "/usr/local/bin/oathtool"].find((path) => existsSync(path));
  if (!oathtool) return t.diagnostic("there is no oathtool here");
  for (let n = 0; n < 20; n++) {
    const secret = newSecret();
    const at = new Date(Date.UTC(2026, 0, 1) + n * 86_400_000 * 17.3);
    const now = at.toISOString().replace("T", " ").slice(0, 19);
    const code: string = execFileSync(oathtool, ["--totp", "-b", "--now", `${now} UTC`, secret], {
      encoding: "utf8",
    });
    assert.equal(stepOf(secret, code.trim(), at), Math.floor(at.getTime() / 30_000));
  }
});
