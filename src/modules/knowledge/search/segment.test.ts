import assert from "node:assert/strict";
import { test } from "node:test";
import {
  askSegments,
  mergeSegments,
  passageOf,
  randomNumbers,
  searchKeys,
} from "../../../../test/support/search.ts";
import { atOnce } from "../gently.ts";
import { type IndexKeys, postingCell, rowsOf } from "./keys.ts";
import { MERGED_PASSAGES, startMerge } from "./merge.ts";
import { entriesOf, parseRow } from "./rows.ts";
import { type BuiltSegment, buildSegment, openSegment } from "./segment.ts";
import { lengthOf } from "./table.ts";

const random = randomNumbers(17);
const word = (): string => Array.from({ length: 6 }, () => String.fromCharCode(97 + random(26))).join("");
const common = Array.from({ length: 40 }, word);
const texts = Array.from({ length: 320 }, () =>
  Array.from({ length: 40 }, () => (random(3) === 0 ? word() : (common[random(40)] ?? ""))).join(" "),
);
const docs = texts.map((text, i) => passageOf(i * 2, i >> 2, text, "A title"));

/** What a segment's rows hold, opened: as hex, by key. */
function contentsOf({ segmentId, postings, stats }: BuiltSegment, keys: IndexKeys): Map<string, string> {
  const { depth } = openSegment(segmentId, stats, keys);
  const contents = new Map<string, string>();
  for (const { termHash, body } of postings) {
    const key = termHash.toString("hex");
    const row = parseRow(keys.open(postingCell(segmentId, key), body));
    const entries = "own" in row ? [[key, row.own] as const] : entriesOf(row.bucket, key, depth);
    for (const [of, { bytes, at, end }] of entries) {
      assert.ok(!contents.has(of));
      contents.set(of, Buffer.from(bytes.subarray(at, end)).toString("hex"));
    }
  }
  return contents;
}

test("rare words share rows; a frequent one has its own, and its positions come next", () => {
  const keys = searchKeys();
  const built = buildSegment(docs, keys, "a");
  const table = openSegment("a", built.stats, keys);
  assert.ok([4, 8].includes(table.depth));
  assert.ok(built.postings.length < 500, `${built.postings.length} rows`);
  assert.ok(built.postings.every(({ termHash }) => termHash.length === 12));
  const rows = new Set(built.postings.map((row) => row.termHash.toString("hex")));
  for (const term of ["titl", common[0] ?? ""]) {
    assert.ok(rowsOf(keys.hash(term).toString("hex"), [table.depth]).some((key) => rows.has(key)));
  }
  assert.ok(lengthOf(table) > 320 * 38);
});

test("a merge in pages of any size is what building at once would be, without what is gone", () => {
  const keys = searchKeys();
  const halves = [docs.filter((_, i) => i % 8 < 4), docs.filter((_, i) => i % 8 >= 4)];
  const built = halves.map((half, i) => buildSegment(half, keys, `s${i}`));
  const keeps = (document: number): boolean => document % 5 !== 0;
  for (const page of [1, 13, 10_000]) {
    const merged = mergeSegments(built, keys, "m", keeps, page);
    const expected = buildSegment(
      docs.filter(({ document }) => keeps(document)),
      keys,
      "m",
    );
    assert.deepEqual([...contentsOf(merged, keys)].sort(), [...contentsOf(expected, keys)].sort());
    const { depth: _, ...table } = openSegment("m", merged.stats, keys);
    const { depth: __, ...fresh } = openSegment("m", expected.stats, keys);
    assert.deepEqual(table, fresh);
  }
  assert.equal(mergeSegments(built, keys, "n", () => false).passages, 0);
  assert.equal(mergeSegments(built, keys, "n", () => false).postings.length, 0);
});

test("a merge refuses rows out of order, of another segment, changed ones, and passages given twice", () => {
  const keys = searchKeys();
  const [a, b] = [buildSegment(docs.slice(0, 50), keys, "a"), buildSegment(docs.slice(50, 99), keys, "b")];
  const rows = a.postings
    .map((row) => ({ ...row, segmentId: "a" }))
    .sort((x, y) => Buffer.compare(x.termHash, y.termHash));
  const start = (sources: readonly BuiltSegment[]) =>
    startMerge({
      sources: sources.map((one) => openSegment(one.segmentId, one.stats, keys)),
      keys,
      segmentId: "m",
      keeps: () => true,
    });
  assert.throws(() => atOnce(start([a, b]).add(rows.toReversed())), RangeError);
  assert.throws(() => atOnce(start([b]).add(rows)), RangeError);
  assert.throws(() => atOnce(start([a, b]).add(rows.map((row) => ({ ...row, segmentId: "b" })))));
  assert.throws(() => start([a, buildSegment(docs.slice(49, 60), keys, "c")]), RangeError);
  // One under a dead document's number and once more under the living one's is no passage given twice.
  const again = buildSegment(
    docs.slice(0, 50).map((doc) => ({ ...doc, document: doc.document + 1000 })),
    keys,
    "c",
  );
  assert.equal(mergeSegments([a, again], keys, "m", (document) => document >= 1000).passages, 50);
  const table = openSegment("a", a.stats, keys);
  const many = Array.from({ length: 3 }, (_, i) => ({
    ...table,
    segmentId: `${i}`,
    passages: Uint32Array.from({ length: 50_000 }, (__, n) => n * 3 + i),
    documents: new Uint32Array(50_000),
    lengths: new Uint8Array(50_000),
  }));
  assert.ok(150_000 > MERGED_PASSAGES);
  assert.throws(() => startMerge({ sources: many, keys, segmentId: "m", keeps: () => true }), RangeError);
});

test("any text is indexed, in time that grows with its length", () => {
  const keys = searchKeys();
  const hostile = [
    "x".repeat(1_000_000),
    "e\u0301\u0302\u0303\u0304\u0305".repeat(20_000),
    "\ud800 \udc00".repeat(20_000),
    "ﷺ".repeat(10_000),
    Array.from({ length: 6_000 }, (_, i) => i.toString(36)).join("-"),
    Array.from({ length: 6_000 }, (_, i) => `${i}.${i}`).join(","),
    "東京".repeat(10_000),
    "ß".repeat(50_000),
  ];
  const started = process.cpuUsage();
  for (const [i, text] of hostile.entries()) {
    for (const language of ["en", "de"]) buildSegment([{ ...passageOf(i, i, text), language }], keys, "h");
  }
  const { user } = process.cpuUsage(started);
  assert.ok(user < 4_000_000, `${user / 1000} ms`);
  const built = [
    buildSegment([passageOf(1, 1, "x".repeat(1_000_000)), passageOf(2, 2, "e\u0301\u0302\u0303")], keys, "a"),
  ];
  assert.equal(askSegments(built, keys, "x".repeat(70)).hits.length, 1);
  assert.equal(askSegments(built, keys, "e").hits.length, 1);
});
