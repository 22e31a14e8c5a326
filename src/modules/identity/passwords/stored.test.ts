import assert from "node:assert/strict";
import { test } from "node:test";
import { costOf, isOutdated, keptForm, nobodysOf, parseStored } from "./stored.ts";

const SALT = "AAECAwQFBgcICQoLDA0ODw";
const TAG = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA";
const argon = (m: number, t: number, p = 1, salt = SALT) =>
  `$argon2id$v=19$m=${m},t=${t},p=${p}$${salt}$${TAG}`;
const bcrypt = (minor: string, cost: string) =>
  `$2${minor}$${cost}$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i`;
const django = (iterations: string, salt = "seasalt") =>
  `pbkdf2_sha256$${iterations}$${salt}$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=`;

test("three forms are read, each within its bounds", () => {
  for (const [text, kind] of [
    [argon(19_456, 2), "argon2id"],
    [argon(65_536, 10, 4), "argon2id"],
    [bcrypt("a", "04"), "bcrypt"],
    [bcrypt("b", "12"), "bcrypt"],
    [bcrypt("y", "13"), "bcrypt"],
    [django("1"), "pbkdf2-sha256"],
    [django("2000000", "s".repeat(128)), "pbkdf2-sha256"],
  ] as const)
    assert.equal(parseStored(text).kind, kind, text);
});

test("everything else is refused, above all what would keep a processor busy", () => {
  for (const text of [
    "",
    "plain text",
    argon(65_537, 2),
    argon(9_999_999, 2),
    argon(19_456, 11),
    argon(19_456, 0),
    argon(19_456, 999),
    argon(19_456, 2, 5),
    argon(19_456, 2, 0),
    argon(7, 2),
    argon(19_456, 2, 1, "AAECAwQFBg"),
    bcrypt("b", "03"),
    bcrypt("b", "14"),
    bcrypt("b", "31"),
    bcrypt("b", "4"),
    bcrypt("x", "10"),
    bcrypt("", "10"),
    `${bcrypt("b", "10")}x`,
    `${bcrypt("b", "10")}\n`,
    bcrypt("b", "10").slice(0, -1),
    bcrypt("b", "10").replace("If6b", "I+6b"),
    django("2000001"),
    django("9999999999"),
    django("0"),
    django("-1"),
    django("1e3"),
    django("01000"),
    django("1000", ""),
    django("1000", "sea salt"),
    django("1000", "sea$salt"),
    django("1000", "s".repeat(129)),
    django("1000", "s\u00e4lt"),
    django("1000").replace("pbkdf2_sha256", "pbkdf2_sha1"),
    django("1000").replace("pbkdf2_sha256", "md5"),
    django("1000").slice(0, -5),
    `${django("1000")}\n`,
    "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    "5f4dcc3b5aa765d61d8327deb882cf99",
  ])
    assert.throws(() => parseStored(text), Error, text);
});

test("what is to be renewed", () => {
  for (const [text, withArgon, withBcrypt] of [
    [argon(19_456, 2), false, true],
    [argon(65_536, 3), false, true],
    [argon(19_455, 2), true, true],
    [argon(65_536, 1), true, true],
    [argon(19_456, 2, 1, "AAECAwQFBgcICQoL"), true, true],
    [bcrypt("b", "12"), true, false],
    [bcrypt("b", "13"), true, false],
    [bcrypt("b", "11"), true, true],
    // Of what was typed: kept until it can be made anew.
    [bcrypt("y", "12"), true, true],
    [django("2000000"), true, true],
  ] as const) {
    assert.equal(isOutdated(text, "argon2id"), withArgon, text);
    assert.equal(isOutdated(text, "bcrypt"), withBcrypt, text);
  }
  assert.equal(keptForm(bcrypt("b", "12")), bcrypt("y", "12"));
  assert.equal(keptForm(bcrypt("a", "12")), bcrypt("y", "12"));
  assert.equal(keptForm(django("1000")), django("1000"));
  assert.throws(() => keptForm("md5$abc"));
});

test("what verifying costs has a name, and a hash of nobody's that costs as much", () => {
  for (const text of [
    argon(19_456, 2),
    bcrypt("y", "04"),
    bcrypt("a", "12"),
    django("100000"),
    django("600000"),
  ])
    assert.equal(costOf(nobodysOf(costOf(text)) ?? ""), costOf(text));
  assert.equal(costOf(django("100001")), "pbkdf2-200000");
  for (const cost of ["", "bcrypt", "bcrypt-31", "pbkdf2-2000001", "argon2id-9-9", "md5-1"])
    assert.equal(nobodysOf(cost), null, cost);
});
