import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { randomNumbers } from "../../../../test/support/search.ts";
import { newOut, padded, putByte, readerOf, sizeClass } from "./bytes.ts";
import {
  decodePostings,
  encodePostings,
  impactsOf,
  inlinePositions,
  openPositions,
  openPostings,
  type PostingList,
} from "./postings.ts";

type Vectors = {
  lists: Array<{
    name: string;
    list: PostingList;
    lengths: number[];
    body: string;
    positions: string | null;
  }>;
  refused: Array<{ name: string; passages: number; body: string }>;
};
const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../../../testdata/search/postings.json", import.meta.url), "utf8"),
);
const hex = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString("hex");

test("writes the bytes of the vectors, and reads them back", () => {
  for (const { name, list, lengths, body, positions } of vectors.lists) {
    const written = encodePostings(list, Uint8Array.from(lengths));
    assert.equal(hex(written.body), body, name);
    assert.equal(hex(written.positions), positions, name);
    assert.deepEqual(readAll(written.body, written.positions, lengths.length), list, name);
  }
});

test("refuses what no writer writes", () => {
  for (const { name, passages, body } of vectors.refused) {
    assert.throws(() => readAll(Buffer.from(body, "hex"), null, passages), { code: "index_corrupt" }, name);
  }
});

test("reads back any list, and its blocks' impacts bound every passage", () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 120; round += 1) {
    const { list, lengths } = someList(random, round * 6);
    const { body, positions } = encodePostings(list, lengths);
    assert.deepEqual(readAll(body, positions, lengths.length), list);
    const opened = openPostings(readerOf(body), lengths.length);
    if (opened.impacts === null) continue;
    list.ordinals.forEach((ordinal, i) => {
      let bounded = false;
      impactsOf(opened, Math.floor(i / 128), (tf, length) => {
        bounded ||= tf >= (list.tfs[i] ?? 0) && length <= (lengths[ordinal] ?? 0);
      });
      assert.ok(bounded);
    });
  }
});

test("any changed or missing byte is refused, or it is another list that is written so", () => {
  const random = randomNumbers(3);
  for (const size of [2, 30, 300]) {
    const { list, lengths } = someList(random, size);
    const { body, positions } = encodePostings(list, lengths);
    const check = (changed: Uint8Array, apart: Uint8Array | null): void => {
      let found: PostingList;
      try {
        found = readAll(changed, apart, lengths.length);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "index_corrupt", "errors are of the one kind");
        return;
      }
      const again = encodePostings(found, lengths);
      // Impacts may be others: they are bounds, which only a whole decoding could compare.
      if (found.ordinals.length <= 128) {
        assert.equal(hex(again.body), hex(changed));
        assert.equal(hex(again.positions), hex(apart));
      }
    };
    for (let at = 0; at < body.length; at += size < 300 ? 1 : 7) {
      check(body.subarray(0, at), positions);
      for (let bit = 0; bit < 8; bit += 1) check(flipped(body, at, bit), positions);
    }
    for (let at = 0; positions && at < positions.length; at += size < 300 ? 1 : 7) {
      check(body, positions.subarray(0, at));
      for (let bit = 0; bit < 8; bit += 1) check(body, flipped(positions, at, bit));
    }
  }
});

test("size classes are few, ascend, and cost at most their step", () => {
  const classes = new Set<number>();
  for (let size = 0; size <= 5_000; size += 1) {
    const out = newOut();
    for (let i = 0; i < size; i += 1) putByte(out, 1);
    const length = padded(out).length;
    assert.ok(length >= size && (size <= 16 || length <= size * (size <= 1024 ? 1.5 : 1.13)));
    classes.add(length);
  }
  assert.equal(classes.size, 13 + 8 + 8 + 2);
  assert.equal(sizeClass(65, 64, 8), 72);
});

function someList(
  random: (below: number) => number,
  size: number,
): { list: PostingList; lengths: Uint8Array } {
  const list: PostingList = { ordinals: [], tfs: [], counts: [], positions: [] };
  let ordinal = -1;
  for (let i = 0; i <= size; i += 1) {
    ordinal += 1 + random(random(2) === 0 ? 3 : 400);
    const count = 1 + random(4);
    list.ordinals.push(ordinal);
    list.tfs.push(1 + random(random(3) === 0 ? 255 : 3));
    list.counts.push(count);
    let position = -1;
    for (let j = 0; j < count; j += 1) {
      position += 1 + random(j % 2 === 0 ? 5 : 70_000);
      list.positions.push(position);
    }
  }
  return { list, lengths: Uint8Array.from({ length: ordinal + 1 + random(20) }, () => random(256)) };
}

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ (1 << bit);
  return changed;
}

function readAll(body: Uint8Array, positions: Uint8Array | null, passages: number): PostingList {
  const list = openPostings(readerOf(body), passages);
  if (list.inline) {
    assert.ok(positions === null || positions.length > 0);
    return decodePostings(list, inlinePositions(list));
  }
  return decodePostings(list, openPositions(readerOf(positions ?? new Uint8Array()), list.df));
}
