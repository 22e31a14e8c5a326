import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, cidrOf, networkOf } from "./network.ts";

test("an IPv4 address is its own network, in every form", () => {
  for (const ip of [
    "192.0.2.7",
    "::ffff:192.0.2.7",
    "::FFFF:192.0.2.7",
    "::ffff:c000:207",
    "::ffff:c000:0207",
    "0:0:0:0:0:ffff:c000:207",
    "0:0:0:0:0:ffff:192.0.2.7",
    "0000:0000:0000:0000:0000:ffff:192.0.2.7",
    "::ffff:192.0.2.7%eth0",
  ])
    assert.equal(networkOf(ip), "192.0.2.7", ip);
  assert.equal(networkOf("::ffff:255.255.255.255"), "255.255.255.255");
  assert.equal(networkOf("::ffff:0.0.0.0"), "0.0.0.0");
});

test("an IPv6 address counts by its /64, however it is written", () => {
  for (const ip of [
    "2001:db8:1:2:3:4:5:6",
    "2001:db8:1:2::",
    "2001:DB8:1:2::ffff",
    "2001:0db8:0001:0002:ffff:ffff:ffff:ffff",
    "2001:db8:1:2::1%en0",
    "2001:db8:1:2::192.0.2.1",
  ])
    assert.equal(networkOf(ip), "2001:db8:1:2::/64", ip);
  assert.notEqual(networkOf("2001:db8:1:3::1"), networkOf("2001:db8:1:2::1"));
  assert.equal(networkOf("2001:db8::1:0:0:1"), "2001:db8:0:0::/64");
  assert.equal(networkOf("fe80::1%eth0"), "fe80:0:0:0::/64");
});

test("the edges", () => {
  assert.equal(networkOf("::"), "0:0:0:0::/64");
  assert.equal(networkOf("::1"), "0:0:0:0::/64");
  assert.equal(networkOf("1::"), "1:0:0:0::/64");
  // Not mapped, though it looks so: ffff one group earlier, or bits before it.
  assert.equal(networkOf("::ffff:0:c000:207"), "0:0:0:0::/64");
  assert.equal(networkOf("::1:ffff:192.0.2.7"), "0:0:0:0::/64");
  assert.equal(networkOf("1::ffff:192.0.2.7"), "1:0:0:0::/64");
  // What is no address at all is counted as it is.
  assert.equal(networkOf("unix:"), "unix:");
});

test("an address is compared in one form", () => {
  for (const [ip, plain] of [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["::ffff:192.0.2.1%eth0", "192.0.2.1"],
    ["2001:DB8::1", "2001:db8:0:0:0:0:0:1"],
    ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1"],
    ["unix:", null],
    ["", null],
  ] as const)
    assert.equal(addressOf(ip), plain, ip);
});

test("a network is kept in one form, and what is none is refused", () => {
  for (const [text, kept] of [
    ["192.0.2.0/24", "192.0.2.0/24"],
    [" 192.0.2.7 ", "192.0.2.7/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["::ffff:192.0.2.0/120", "192.0.2.0/24"],
    ["::ffff:c000:207", "192.0.2.7/32"],
    ["2001:DB8::/32", "2001:db8:0:0:0:0:0:0/32"],
    ["2001:db8::1", "2001:db8:0:0:0:0:0:1/128"],
    ["::/0", "0:0:0:0:0:0:0:0/0"],
    ["2001:db8:8000::/33", "2001:db8:8000:0:0:0:0:0/33"],
  ] as const)
    assert.equal(cidrOf(text), kept, text);
  for (const text of [
    "192.0.2.7/24",
    "192.0.2.0/33",
    "192.0.2.0/-1",
    "192.0.2.0/024",
    "192.0.2/24",
    "192.0.2.0/",
    "2001:db8::1/64",
    "2001:db8:8000::/32",
    "2001:db8::/129",
    "fe80::1%eth0",
    "::ffff:192.0.2.0/90",
    "example.org",
    "",
    "/",
  ])
    assert.equal(cidrOf(text), null, text);
});
