import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { padded, sizeClass } from "./bytes.ts";
import {
  decodePostings,
  encodeDummy,
  encodePostings,
  openPositions,
  type PostingList,
  readPositions,
} from "./postings.ts";

type Vectors = {
  lists: Array<{ name: string; list: PostingList; body: string; positions: string | null }>;
  refused: Array<{ name: string; passages: number; body: string }>;
};
const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../../../testdata/search/postings.json", import.meta.url), "utf8"),
);

test("writes the bytes of the vectors, and reads them back", () => {
  for (const { name, list, body, positions } of vectors.lists) {
    const written = encodePostings(list);
    assert.equal(written.body.toString("hex"), body, name);
    assert.equal(written.positions?.toString("hex") ?? null, positions, name);
    assert.deepEqual(readAll(written.body, written.positions), list, name);
  }
});

test("refuses what no writer writes", () => {
  for (const { name, passages, body } of vectors.refused) {
    assert.throws(() => readAll(Buffer.from(body, "hex"), null, passages), { code: "index_corrupt" }, name);
  }
});

test("reads back any list", () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 200; round += 1) {
    const list: PostingList = { ordinals: [], tfs: [], counts: [], positions: [] };
    let ordinal = -1;
    for (let i = 0; i <= random(round); i += 1) {
      ordinal += 1 + random(random(2) === 0 ? 3 : 40_000);
      const count = 1 + random(4);
      list.ordinals.push(ordinal);
      list.tfs.push(1 + random(255));
      list.counts.push(count);
      let position = -1;
      for (let j = 0; j < count; j += 1) {
        position += 1 + random(j % 2 === 0 ? 5 : 70_000);
        list.positions.push(position);
      }
    }
    const { body, positions } = encodePostings(list);
    assert.deepEqual(readAll(body, positions), list);
  }
});

test("any changed or missing byte is refused or still a well-formed list", () => {
  const list: PostingList = { ordinals: [2, 200], tfs: [3, 1], counts: [3, 1], positions: [5, 6, 70, 100] };
  const { body } = encodePostings(list);
  for (let at = 0; at < body.length; at += 1) {
    if (at < 13) assert.throws(() => readAll(body.subarray(0, at), null), { code: "index_corrupt" });
    else assert.deepEqual(readAll(body.subarray(0, at), null), list, "padding says nothing");
    for (let value = 0; value < 256; value += 1) {
      const changed = Buffer.from(body);
      changed[at] = value;
      try {
        const found = readAll(changed, null, 300);
        assert.ok(
          found === null || found.ordinals.every((o, i) => o < 300 && o > (found.ordinals[i - 1] ?? -1)),
        );
      } catch (error) {
        assert.equal((error as { code?: string }).code, "index_corrupt", "errors are of the one kind");
      }
    }
  }
});

test("a dummy is as long as the row of a rare word and reads as no list", () => {
  const rare = encodePostings({ ordinals: [90], tfs: [1], counts: [1], positions: [100] });
  assert.equal(encodeDummy().length, rare.body.length);
  assert.equal(decodePostings(encodeDummy(), 1_000), null);
});

test("size classes are few, ascend, and cost at most their step", () => {
  const classes = new Set<number>();
  for (let size = 0; size <= 5_000; size += 1) {
    const length = padded(new Array(size).fill(1)).length;
    assert.ok(length >= size && (size <= 16 || length <= size * (size <= 1024 ? 1.5 : 1.13)));
    classes.add(length);
  }
  assert.equal(classes.size, 13 + 8 + 8 + 2);
  assert.equal(sizeClass(65, 64, 8), 72);
});

function readAll(body: Buffer, positionsRow: Buffer | null, passages = 0xffffffff): PostingList | null {
  const decoded = decodePostings(body, passages);
  if (decoded === null) return null;
  const df = decoded.ordinals.length;
  const list: PostingList = {
    ordinals: [...decoded.ordinals],
    tfs: [...decoded.tfs],
    counts: [],
    positions: [],
  };
  const section = decoded.inline ?? (positionsRow && openPositions(positionsRow, df));
  assert.ok(section);
  const each = (_: number, found: readonly number[]): void => {
    list.counts.push(found.length);
    list.positions.push(...found);
  };
  readPositions(section, df, () => true, each);
  return list;
}

/** Numbers that are the same in every run (a linear congruential generator). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return below === 0 ? 0 : Math.floor((state / 2 ** 32) * below);
  };
}
