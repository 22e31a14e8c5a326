import assert from "node:assert/strict";
import { test } from "node:test";
import { askSegments, passageOf, searchKeys } from "../../../../test/support/search.ts";
import type { IndexKeys } from "./keys.ts";
import { phraseFilter } from "./phrase.ts";
import { parseQuery } from "./query.ts";
import { type BuiltSegment, buildSegment, openSegment } from "./segment.ts";
import { viewOf } from "./view.ts";

const keys = searchKeys();

function segmentsOf(
  texts: readonly string[],
  each = 500,
  documentOf = (_: number): number => 1,
): BuiltSegment[] {
  const segments = [];
  for (let from = 0; from < texts.length; from += each) {
    const docs = texts
      .slice(from, from + each)
      .map((text, i) => passageOf(from + i, documentOf(from + i), text, "t"));
    segments.push(buildSegment(docs, keys, `segment-${from}`));
  }
  return segments;
}

const ask = (
  segments: readonly BuiltSegment[],
  q: string,
  as: IndexKeys = keys,
  visible: (document: number) => boolean = () => true,
): number[] =>
  askSegments(segments, as, q, { limit: 1000, visible })
    .hits.map((hit) => hit.passage)
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
  const segments = segmentsOf(texts, 200);
  for (let n = 0; n < 100; n++) {
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
  const started = process.cpuUsage();
  assert.equal(ask(segments, `"${"a ".repeat(64)}"`, counting).length, 1000);
  const { user } = process.cpuUsage(started);
  assert.equal(opened.length, new Set(opened).size, "a row was opened twice");
  assert.ok(user < 2_000_000, `${user / 1000} ms`);
});

test("in a whole paragraph quotation marks are only that", () => {
  const paragraph = Array.from({ length: 25 }, (_, i) => `word${i}`).join(" ");
  assert.equal(parseQuery(`short "red brick"`).phrases.length, 1);
  assert.equal(parseQuery(`${paragraph} "red brick"`).phrases.length, 0);
  assert.ok(
    parseQuery(`${paragraph} "red brick"`).words.some(({ alternatives }) => alternatives.includes("brick")),
  );
});

test("a phrase has at most twelve words", () => {
  const twelve = "one two three four five six seven eight nine ten eleven twelve";
  assert.deepEqual(
    parseQuery(`"${twelve} thirteen fourteen"`).phrases.map((phrase) => phrase.length),
    [12],
  );
});

test("what a phrase may cost is counted over what is visible: others' texts do not use it up", () => {
  const texts = Array.from({ length: 60 }, (_, i) =>
    i === 30 ? "red brick house" : "red brick ".repeat(100),
  );
  const [built] = segmentsOf(texts, 60, (i) => (i === 30 ? 1 : 2));
  assert.ok(built);
  const postings = new Map(built.postings.map((row) => [row.termHash.toString("hex"), row.body]));
  const segment = { table: openSegment(built.segmentId, built.stats, keys), postings };
  const found = (visible: (document: number) => boolean): number => {
    const { accept } = phraseFilter(viewOf(segment, keys, visible), parseQuery('"red brick"').phrases, {
      left: 1_000,
    });
    return texts.filter((_, ordinal) => accept(ordinal)).length;
  };
  assert.equal(
    found((document) => document === 1),
    1,
  );
  const all = found(() => true);
  assert.ok(all > 0 && all < 10, "a bound is reached where all is visible");
});
