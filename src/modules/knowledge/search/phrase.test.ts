import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { test } from "node:test";
import { tenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { indexKeys } from "../index/keys.ts";
import type { IndexKeys } from "./keys.ts";
import { parseQuery } from "./query.ts";
import { search } from "./rank.ts";
import { buildSegment, openSegment } from "./segment.ts";

const keys = indexKeys(
  tenantKeys("0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a01", new Map([[1, createSecretKey(Buffer.alloc(32, 1))]])),
);

function segmentsOf(texts: readonly string[], each = 500) {
  const segments = [];
  for (let from = 0; from < texts.length; from += each) {
    const docs = texts
      .slice(from, from + each)
      .map((text, i) => ({ passage: from + i, document: 1, title: "t", heading: null, text }));
    const { segmentId, stats, postings } = buildSegment(docs, keys, `segment-${from}`);
    segments.push({
      table: openSegment(segmentId, stats, keys),
      postings: new Map(postings.map((row) => [row.termHash.toString("hex"), row.body])),
    });
  }
  return segments;
}

const ask = (segments: ReturnType<typeof segmentsOf>, q: string, as: IndexKeys = keys) =>
  search({ query: parseQuery(q), segments, keys: as, visible: () => true, limit: 1000 })
    .map((hit) => hit.passage)
    .sort((a, b) => a - b);

test("a phrase is found where a plain search for it in the text finds it", () => {
  const words = ["a", "rose", "is", "red", "the"];
  let seed = 7;
  const pick = (n: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % n;
  };
  const texts = Array.from({ length: 300 }, () =>
    Array.from({ length: 1 + pick(14) }, () => words[pick(words.length)]).join(" "),
  );
  const segments = segmentsOf(texts, 100);
  for (let n = 0; n < 120; n++) {
    const phrase = Array.from({ length: 1 + pick(4) }, () => words[pick(words.length)]).join(" ");
    const expected = texts.flatMap((text, i) => (` ${text} `.includes(` ${phrase} `) ? [i] : []));
    assert.deepEqual(ask(segments, `"${phrase}"`), expected, phrase);
  }
});

test("one word many times over is opened once, and takes no time worth speaking of", () => {
  const segments = segmentsOf(Array.from({ length: 3000 }, () => "a ".repeat(220)));
  const opened: string[] = [];
  const counting: IndexKeys = {
    ...keys,
    open: (cell, sealed) => {
      opened.push(cell.row);
      return keys.open(cell, sealed);
    },
  };
  const started = performance.now();
  assert.equal(ask(segments, `"${"a ".repeat(64)}"`, counting).length, 1000);
  const ms = performance.now() - started;
  assert.equal(opened.length, new Set(opened).size, "a row was opened twice");
  assert.ok(ms < 1500, `${ms} ms`);
});

test("a phrase has at most twelve words, and looks at so many places", () => {
  const twelve = "one two three four five six seven eight nine ten eleven twelve";
  assert.deepEqual(
    parseQuery(`"${twelve} thirteen fourteen"`).phrases.map((phrase) => phrase.length),
    [12],
  );
  // What is beyond the limit is not found; what comes before it is.
  const many = segmentsOf(
    Array.from({ length: 16_000 }, () => "a ".repeat(220)),
    4000,
  );
  const started = performance.now();
  const found = ask(many, '"a a"');
  assert.ok(performance.now() - started < 1500);
  assert.equal(found.length, 1000);
});
