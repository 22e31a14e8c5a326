import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { isConsistent, isIncluded } from "../../../../../verify/tree.ts";
import { consistencyPath, inclusionPath, type Nodes, remembered, rootOf } from "./tree.ts";

// The plainest reading of RFC 6962, section 2.1.
const hash = (...parts: Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();
function plainRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return hash();
  if (leaves.length === 1) return leaves[0] as Buffer;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return hash(Buffer.of(1), plainRoot(leaves.slice(0, k)), plainRoot(leaves.slice(k)));
}

const leaves = Array.from({ length: 1100 }, (_, i) => hash(Buffer.of(0), Buffer.from(`leaf ${i}`)));
const nodes: Nodes = (level, from, to) => {
  const width = 256 ** level;
  const there = Math.min(to, Math.floor(leaves.length / width));
  const wanted = Array.from({ length: Math.max(0, there - from) }, (_, i) => from + i);
  return Promise.resolve(wanted.map((i) => plainRoot(leaves.slice(i * width, (i + 1) * width))));
};
const sizes = [1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 600, 1023, 1024, 1100];

test("roots are those of the plain definition", async () => {
  assert.equal((await rootOf(nodes, 0)).toString("hex"), createHash("sha256").digest("hex"));
  for (const size of sizes)
    assert.deepEqual(await rootOf(nodes, size), plainRoot(leaves.slice(0, size)), `${size}`);
});

test("every leaf's path leads to the root, and to no other", async () => {
  const kept = remembered(nodes);
  for (const size of sizes) {
    const root = await rootOf(kept, size);
    for (const index of [0, 1, 2, 5, 254, 255, 256, 300, 511, 512, size - 1].filter((i) => i < size)) {
      const path = await inclusionPath(kept, index, size);
      const leaf = leaves[index] as Buffer;
      assert.equal(await isIncluded(leaf, index, size, path, root), true, `${index} in ${size}`);
      assert.equal(await isIncluded(hash(leaf), index, size, path, root), false);
      if (size > 1) assert.equal(await isIncluded(leaf, (index + 1) % size, size, path, root), false);
      for (let i = 0; i < path.length; i++)
        assert.equal(await isIncluded(leaf, index, size, path.with(i, hash(path[i] as Buffer)), root), false);
      assert.equal(await isIncluded(leaf, index, size, [...path, root], root), false);
    }
  }
});

test("a tree grows out of each earlier one, and out of no other", async () => {
  for (const size of sizes)
    for (const before of sizes.filter((n) => n <= size)) {
      const [root, earlier] = [await rootOf(nodes, size), await rootOf(nodes, before)];
      const path = await consistencyPath(nodes, before, size);
      assert.equal(await isConsistent(before, earlier, size, root, path), true, `${before} in ${size}`);
      assert.equal(await isConsistent(before, hash(earlier), size, root, path), false);
      assert.equal(await isConsistent(before, earlier, size, hash(root), path), false);
      if (before !== size)
        assert.equal(await isConsistent(before, earlier, size, root, path.slice(1)), false);
    }
});

test("what is asked of a tree must be in it", async () => {
  await assert.rejects(inclusionPath(nodes, 3, 3), RangeError);
  await assert.rejects(consistencyPath(nodes, 4, 3), RangeError);
  await assert.rejects(rootOf(nodes, 1101), /gap/);
});
