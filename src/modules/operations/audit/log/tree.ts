import { createHash } from "node:crypto";

/** Hashes of complete subtrees of 256^level leaves, `from` up to but without `to`; level 0 are the leaves. */
export type Nodes = (level: number, from: number, to: number) => Promise<readonly Buffer[]>;

/** The tree's root over the first `size` leaves (RFC 6962, section 2.1). */
export const rootOf = (nodes: Nodes, size: number): Promise<Buffer> => hashOver(nodes, 0, size);

/** The hashes that lead from leaf `index` to the root over `size` leaves (section 2.1.1), from the leaf up. */
export async function inclusionPath(nodes: Nodes, index: number, size: number): Promise<Buffer[]> {
  if (!(index >= 0 && index < size)) throw new RangeError("no such leaf");
  const path: Buffer[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + largestPower(to - from);
    path.push(index < middle ? await hashOver(nodes, middle, to) : await hashOver(nodes, from, middle));
    if (index < middle) to = middle;
    else from = middle;
  }
  return path.reverse();
}

/** That the tree of `before` leaves is the beginning of the one of `size` (section 2.1.2). */
export async function consistencyPath(nodes: Nodes, before: number, size: number): Promise<Buffer[]> {
  if (!(before >= 0 && before <= size)) throw new RangeError("the earlier tree is larger");
  if (before === 0 || before === size) return [];
  const path: Buffer[] = [];
  let [from, to, whole] = [0, size, true];
  while (before !== to) {
    const middle = from + largestPower(to - from);
    if (before <= middle) {
      path.push(await hashOver(nodes, middle, to));
      to = middle;
    } else {
      path.push(await hashOver(nodes, from, middle));
      from = middle;
      whole = false;
    }
  }
  if (!whole) path.push(await hashOver(nodes, from, to));
  return path.reverse();
}

/**
 * Reads and computes each part once: many proofs of one tree share most of what they need. For trees that do not change
 * while it is used, whatever is added to them.
 */
export function remembered(nodes: Nodes): Nodes {
  known.set(nodes, known.get(nodes) ?? new Map());
  return nodes;
}

const known = new WeakMap<Nodes, Map<string, Buffer>>();
const MOST_KNOWN = 100_000;
const BLOCK = 256;

// `from` is a multiple of the largest power of two below the range's length: what the recursions ask for always is.
async function hashOver(nodes: Nodes, from: number, to: number): Promise<Buffer> {
  const length = to - from;
  if (length === 0) return createHash("sha256").digest();
  const memory = known.get(nodes);
  const before = memory?.get(`${from}-${to}`);
  if (before) return before;
  if (largestPower(length + 1) !== length) {
    const middle = from + largestPower(length);
    const hash = node(await hashOver(nodes, from, middle), await hashOver(nodes, middle, to));
    memory?.set(`${from}-${to}`, hash);
    return hash;
  }
  const width = BLOCK ** Math.floor(Math.log2(length) / 8);
  // Who remembers reads the whole block that the range lies in: its neighbours are asked for next.
  const block = memory ? width * BLOCK : length;
  const first = from - (from % block);
  const last = Math.min(first + block, memory ? Number.MAX_SAFE_INTEGER : to);
  const rows = await nodes(Math.log2(width) / 8, first / width, last / width);
  if (memory && memory.size > MOST_KNOWN) memory.clear();
  const hash = fold(rows, first, width, from, to, memory);
  if (!hash) throw new Error("the tree of the audit log has a gap");
  return hash;
}

/** The hash over `from` to `to` out of a row of neighbours, each over `width` leaves; the others are remembered. */
function fold(
  neighbours: readonly Buffer[],
  first: number,
  width: number,
  from: number,
  to: number,
  memory: Map<string, Buffer> | undefined,
): Buffer | undefined {
  let found: Buffer | undefined;
  let row = neighbours;
  for (let each = width; row.length > 0; each *= 2) {
    for (const [i, hash] of row.entries()) {
      const at = first + i * each;
      memory?.set(`${at}-${at + each}`, hash);
      if (at === from && at + each === to) found = hash;
    }
    if (each >= to - from && !memory) break;
    const pairs = Math.floor(row.length / 2);
    row = Array.from({ length: pairs }, (_, i) => node(row[2 * i] as Buffer, row[2 * i + 1] as Buffer));
  }
  return found;
}

/** The largest power of two below `n`. */
function largestPower(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

const node = (left: Buffer, right: Buffer): Buffer =>
  createHash("sha256").update(Buffer.of(1)).update(left).update(right).digest();
