import assert from "node:assert/strict";
import { test } from "node:test";
import { Address, normaliseAddress } from "./addresses.ts";

const same = (...spellings: string[]) => new Set(spellings.map(normaliseAddress)).size === 1;

test("two spellings of one address are equal", () => {
  assert.ok(same("ada@harrow.example", "Ada@Harrow.EXAMPLE", "  ada@harrow.example\t", "ADA@HARROW.EXAMPLE"));
  // Composed and decomposed, full-width and compatibility forms.
  assert.ok(same("zoë@harrow.example", "zoe\u0308@harrow.example", "ZOË@HARROW.EXAMPLE"));
  assert.ok(same("ada@harrow.example", "ａｄａ＠ｈａｒｒｏｗ．ｅｘａｍｐｌｅ"));
  assert.ok(same("file@harrow.example", "ﬁle@harrow.example"));
  assert.ok(same("kelvin@harrow.example", "\u212aelvin@harrow.example"));
  const once = normaliseAddress("\u00c5\u1e9b\u0323@X.example");
  assert.equal(normaliseAddress(once), once);
});

test("two addresses are not equal", () => {
  for (const [a, b] of [
    ["ada@harrow.example", "ada@harrow.examples"],
    ["ada@harrow.example", "a.da@harrow.example"],
    ["ada@harrow.example", "ada+1@harrow.example"],
    // Cyrillic а looks alike and is another letter.
    ["ada@harrow.example", "аda@harrow.example"],
    ["zoe@harrow.example", "zoë@harrow.example"],
  ] as const)
    assert.notEqual(normaliseAddress(a), normaliseAddress(b));
});

test("an address as it is typed", () => {
  assert.equal(Address.parse("  Ada.L+x@Harrow.example "), "Ada.L+x@Harrow.example");
  assert.equal(Address.parse("zoë@müller.example"), "zoë@müller.example");
  for (const address of [
    "",
    "ada",
    "ada@",
    "@harrow.example",
    "ada@harrow",
    "ada@@harrow.example",
    "ada lovelace@harrow.example",
    "ada@harrow.example, eve@evil.example",
    "ada@harrow.example;eve@evil.example",
    "Ada <ada@harrow.example>",
    '"ada"@harrow.example',
    "ada@harrow.example\r\nbcc: eve@evil.example",
    "ada\u200b@harrow.example",
    "ada\u202e@harrow.example",
    "ada\\@harrow.example",
    `${"a".repeat(250)}@x.de`,
  ])
    assert.equal(Address.safeParse(address).success, false, JSON.stringify(address));
});
