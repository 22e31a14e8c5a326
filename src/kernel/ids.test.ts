import assert from "node:assert/strict";
import { test } from "node:test";
import { Id, newId, Slug } from "./ids.ts";

test("identifiers are of version 7, unlike each other, in order of their time", () => {
  const ids = Array.from({ length: 2000 }, () => newId());
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort(), ids);
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  // RFC 9562, appendix A.6: the time of its example.
  assert.equal(newId(0x017f22e279b0).slice(0, 15), "017f22e2-79b0-7");
  assert.equal(newId(0).slice(0, 15), "00000000-0000-7");
  const times = [1, 2 ** 20, 2 ** 40, Date.now(), 2 ** 47];
  const sorted = times.map((at) => newId(at));
  assert.deepEqual([...sorted].sort(), sorted);
  // What a later one could be guessed from is random: no two of one moment share their tails.
  const tails = new Set(Array.from({ length: 1000 }, () => newId(5).slice(15)));
  assert.equal(tails.size, 1000);
});

test("an identifier has one spelling", () => {
  const id = newId();
  assert.ok(Id.safeParse(id).success);
  for (const other of [
    id.toUpperCase(),
    ` ${id}`,
    `${id}\n`,
    id.replaceAll("-", ""),
    `{${id}}`,
    "",
    `${id}0`,
  ])
    assert.equal(Id.safeParse(other).success, false, other);
});

test("a short name is plain", () => {
  for (const slug of ["a", "9", "a-b", "harrow-finch", "a".repeat(40)])
    assert.ok(Slug.safeParse(slug).success, slug);
  for (const slug of ["", "-a", "a-", "A", "a_b", "a.b", "ä", "a b", "a\n", "a".repeat(41), "а"])
    assert.equal(Slug.safeParse(slug).success, false, slug);
});
