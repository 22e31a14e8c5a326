import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { test } from "node:test";
import { longestFreeze } from "../../../../test/support/freeze.ts";
import { tenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { openSegment } from "../search/segment.ts";
import { indexKeys } from "./keys.ts";
import { buildSegments } from "./segments.ts";

const keys = tenantKeys(
  "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a01",
  new Map([[1, createSecretKey(Buffer.alloc(32, 1))]]),
);
const passage = (no: number, text: string) => ({ passage: no, document: 1, title: "t", heading: null, text });
const distinct = (no: number, n: number) =>
  Array.from({ length: n }, (_, i) => `w${(no * n + i).toString(36)}xq`).join(" ");

test("a hundred thousand distinct words are indexed without anyone having to wait for it", async () => {
  const passages = Array.from({ length: 500 }, (_, no) => passage(no, distinct(no, 214)));
  let rows = 0;
  const started = performance.now();
  const freeze = await longestFreeze(async () => {
    for (const { postings } of await buildSegments(keys, passages)) rows += postings.length;
  });
  assert.ok(rows > 107_000);
  // On a busy machine everything takes longer; done at one go, the freeze would be all of it.
  const whole = performance.now() - started;
  assert.ok(freeze < Math.max(100, whole / 4), `${freeze} ms of ${whole}`);
});

test("a segment is full by its words, too, and holds each passage once", async () => {
  const passages = Array.from({ length: 300 }, (_, no) => passage(no, `${"word ".repeat(1000)}mark${no}`));
  passages.reverse();
  const tables = (await buildSegments(keys, passages)).map(({ segmentId, stats }) =>
    openSegment(segmentId, stats, indexKeys(keys)),
  );
  assert.deepEqual(
    tables.map((table) => table.passages.length),
    [100, 100, 100],
  );
  assert.deepEqual(
    tables.flatMap((table) => [...table.passages]),
    passages.map((p) => p.passage).sort((a, b) => a - b),
  );
});
