import assert from "node:assert/strict";
import { test } from "node:test";
import { newApiKey, readApiKey } from "./api-keys.ts";

// Computed apart from this code: base 62 of 32 bytes, CRC-32 (IEEE 802.3) of what stands before it, SHA-256 of it all.
const VECTORS = [
  [
    Buffer.alloc(32),
    "vsk_00000000000000000000000000000000000000000001BAKYq",
    "3078e26926e3bc6a0ff35d0fb9ee0ec2666beafb0e98d46e1b5eda90df2cf8e4",
  ],
  [
    Buffer.alloc(32, 0xff),
    "vsk_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp14JxH3Q",
    "2ec27d384d45196079e70b07faeb8d0be11e5b26e0a8a28692cab4af179abeae",
  ],
  [
    Buffer.from(Array.from({ length: 32 }, (_, i) => i)),
    "vsk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf20It1s",
    "d887d1d455ace89541c18b00d4c0807c310bd99628d5ddeaea9ffde31edec34a",
  ],
] as const;

test("a key is its random bits with a checksum, and is known by its SHA-256", () => {
  for (const [random, key, hash] of VECTORS) {
    const made = newApiKey(random);
    assert.deepEqual([made.key, made.hash.toString("hex"), made.prefix], [key, hash, key.slice(0, 10)]);
    assert.deepEqual(readApiKey(key), made);
  }
});

test("every key is another, with 256 random bits", () => {
  const keys = new Set(Array.from({ length: 1000 }, () => newApiKey().key));
  assert.equal(keys.size, 1000);
  for (const key of keys) assert.match(key, /^vsk_[0-9A-Za-z]{49}$/);
});

test("any one character changed is no key", () => {
  const { key } = newApiKey();
  for (let at = 0; at < key.length; at++) {
    for (const other of ["0", "z", "A", "_"]) {
      if (key[at] === other) continue;
      assert.equal(readApiKey(key.slice(0, at) + other + key.slice(at + 1)), null, `${at}: ${other}`);
    }
  }
});

test("nothing else is a key", () => {
  const { key } = newApiKey();
  for (const text of [
    "",
    "vsk_",
    key.slice(0, -1),
    `${key}0`,
    ` ${key}`,
    `${key}\n`,
    key.toUpperCase(),
    key.slice(4),
  ])
    assert.equal(readApiKey(text), null, JSON.stringify(text));
  assert.equal(readApiKey("vsk_".repeat(250_000)), null);
});
