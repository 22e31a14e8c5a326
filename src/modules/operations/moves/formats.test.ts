import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { inclusionPath, type Nodes, rootOf } from "../audit/log/tree.ts";
import { rowsOfTenant } from "../backup/one-tenant.ts";
import { gather } from "./checks/forging.ts";
import { parseClearKeys, printClearKeys } from "./clear-keys.ts";
import { rootFrom } from "./log-proof.ts";

const ID = "0190a4c4-1111-7000-8000-000000000001";
const OTHER = "0190a4c4-2222-7000-8000-000000000002";
const TABLE = {
  name: "public.document",
  columns: [
    { name: "file", type: "text" },
    { name: "tenant_id", type: "uuid" },
  ],
};

const number = (value: number, bytes: 2 | 4) => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
};
const field = (content: Buffer | null) =>
  content ? Buffer.concat([number(content.length, 4), content]) : number(-1, 4);
const row = (tenant: string, file: string | null) =>
  Buffer.concat([
    number(2, 2),
    field(file === null ? null : Buffer.from(file)),
    field(Buffer.from(tenant.replaceAll("-", ""), "hex")),
  ]);
const copy = (...rows: Buffer[]) =>
  Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1"), ...rows, number(-1, 2)]);

async function* inPieces(bytes: Buffer, length: number) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
const chosen = (bytes: Buffer, length: number, others: "leave" | "refuse", files?: Set<string>) =>
  gather(rowsOfTenant(TABLE, inPieces(bytes, length), { id: ID, others, ...(files ? { files } : {}) }));

test("of a table the rows of one tenant pass, wherever it is cut", async () => {
  const all = copy(row(ID, "a"), row(OTHER, "b"), row(ID, null), row(OTHER, "c"), row(ID, "d"));
  for (let length = 1; length <= all.length; length += 1) {
    const files = new Set<string>();
    const kept = await chosen(all, length, "leave", files);
    assert.deepEqual(kept, copy(row(ID, "a"), row(ID, null), row(ID, "d")), `in pieces of ${length}`);
    assert.deepEqual([...files], ["a", "d"]);
  }
  await assert.rejects(chosen(all, 7, "refuse"), { code: "damaged" });
});

test("a table of another form is refused", async () => {
  const whole = copy(row(ID, "a"));
  const cases = [
    whole.subarray(0, -1),
    Buffer.concat([whole, Buffer.of(0)]),
    Buffer.concat([Buffer.of(0), whole]),
    Buffer.concat([copy().subarray(0, 19), number(-2, 2)]),
    Buffer.concat([copy().subarray(0, 19), number(1, 2), number(-2, 4)]),
    Buffer.concat([copy().subarray(0, 19), number(1, 2), number(2 ** 30, 4), Buffer.alloc(10)]),
  ];
  for (const [at, bytes] of cases.entries())
    await assert.rejects(chosen(bytes, 1024, "leave"), { code: "damaged" }, `case ${at}`);
});

test("keys on their way have one spelling, and one workspace", () => {
  const keys = [
    { use: "hash", version: 1, key: randomBytes(32) },
    { use: "old", version: 1, retired: "2026-01-01T00:00:00.000Z", key: randomBytes(32) },
    { use: "data", version: 2, key: randomBytes(32) },
  ] as const;
  const text = printClearKeys(ID, keys);
  assert.deepEqual(parseClearKeys(text, ID), keys);
  const wrong = [
    text.trimEnd(),
    text.replace(":2,", ":1000001,"),
    text.replace('"data"', '"other"'),
    text.replace("moved-keys/1", "moved-keys/2"),
    text.replace('{"use"', '{"more":1,"use"'),
    `${text} `,
  ];
  for (const [at, one] of wrong.entries())
    assert.throws(() => parseClearKeys(one, ID), { code: "damaged" }, `case ${at}`);
  assert.throws(() => parseClearKeys(text, OTHER), { code: "damaged" });
});

test("a path leads to the root of its own leaf and tree, and of no other", async () => {
  for (let size = 1; size <= 33; size += 1) {
    const leaves = Array.from({ length: size }, (_, at) => createHash("sha256").update(`${at}`).digest());
    const nodes: Nodes = async (_, from, to) => leaves.slice(from, to);
    const root = await rootOf(nodes, size);
    for (const [at, leaf] of leaves.entries()) {
      const path = await inclusionPath(nodes, at, size);
      assert.ok(rootFrom(leaf, at, size, path)?.equals(root), `${at} of ${size}`);
      assert.ok(!rootFrom(randomBytes(32), at, size, path)?.equals(root));
      if (size > 1) {
        assert.ok(!rootFrom(leaf, (at + 1) % size, size, path)?.equals(root), "another place");
        assert.ok(!rootFrom(leaf, at, size, path.slice(1))?.equals(root), "a shorter path");
      }
      assert.ok(!rootFrom(leaf, at, size, [...path, leaf])?.equals(root), "a longer path");
    }
  }
});
