import assert from "node:assert/strict";
import { test } from "node:test";
import {
  askSegments,
  mergeSegments,
  passageOf,
  randomNumbers,
  searchKeys,
} from "../../../../test/support/search.ts";
import { buildSegment } from "./segment.ts";
import { marks } from "./snippet.ts";
import { distance } from "./spelling.ts";

const keys = searchKeys();
const texts = [
  "Termination of the tenancy by the landlord",
  "The tenant may terminate at any time",
  "Kündigung und Kündigungsfrist",
  "receive the deposit",
  ...Array.from({ length: 30 }, () => "The deposit is held by the agency"),
];
const docs = texts.map((text, i) => ({ ...passageOf(i, i, text), language: i === 2 ? "de" : "en" }));
const built = [buildSegment(docs.slice(0, 2), keys, "a"), buildSegment(docs.slice(2), keys, "b")];
const ask = (text: string, typing = false, visible = (_: number): boolean => true) =>
  askSegments(built, keys, text, { typing, visible });
const passages = (answer: ReturnType<typeof ask>): number[] =>
  answer.hits.map(({ passage }) => passage).sort((a, b) => a - b);

test("finds what begins as the last word does, while it is typed", () => {
  assert.deepEqual(passages(ask("terminat", true)), [0, 1]);
  assert.deepEqual(passages(ask("kundig", true)), [2]);
  assert.deepEqual(passages(ask("KÜND", true)), [2]);
  assert.deepEqual(passages(ask("landl", false)), []);
  assert.deepEqual(passages(ask("t", true)), []);
  assert.equal(ask("terminat ", true).corrected, "terminate ", "ended by a blank: a word, and misspelt");
  assert.deepEqual(passages(ask("terminat", true, (d) => d === 0)), [0]);
  const { query } = ask("the terminat", true);
  assert.deepEqual(marks("May terminate", query), [[4, 13]]);
});

test("finds a word that nothing has by one that is like it, and says so", () => {
  for (const [typed, found, expected] of [
    ["teminate", "terminate", [0, 1]],
    ["Tremination", "Termination", [0, 1]],
    ["recieve", "receive", [3]],
    ["kundigun", "kündigung", [2]],
  ] as const) {
    const answer = ask(typed);
    assert.equal(answer.corrected, found);
    assert.ok(
      expected.every((passage) => passages(answer).includes(passage)),
      typed,
    );
    assert.equal(answer.didYouMean, null);
  }
  assert.equal(ask("the teminate clause").corrected, "the terminate clause");
  assert.equal(ask("tnat").corrected, null, "two letters away, and short");
  assert.equal(ask("4711").corrected, null);
  assert.deepEqual(ask('"teminate"').hits, [], "what is in quotation marks is taken as it is");
  assert.deepEqual(marks("we terminate it", ask("teminate").query), [[3, 12]]);
});

test("asks about a word that hardly anything has, where another is like it and common", () => {
  const more = [...built, buildSegment([passageOf(99, 99, "the deposix")], keys, "c")];
  const answer = askSegments(more, keys, "deposix");
  assert.equal(answer.didYouMean, "deposit");
  assert.equal(answer.corrected, null);
  assert.deepEqual(passages(answer), [99]);
});

test("a word that only others' documents have is neither found nor offered, and gone with them", () => {
  for (const text of ["teminate", "terminate"]) {
    const answer = ask(text, true, (document) => document > 1);
    assert.deepEqual([answer.hits, answer.corrected, answer.didYouMean, answer.total], [[], null, null, 0]);
  }
  const merged = [mergeSegments(built, keys, "m", (document) => document > 1)];
  assert.equal(askSegments(merged, keys, "teminate").corrected, null);
  assert.deepEqual(askSegments(merged, keys, "terminat", { typing: true }).hits, []);
});

test("the distance is that of the definition", () => {
  assert.deepEqual(
    [
      distance("abcd", "abdc", 2),
      distance("abcd", "abd", 2),
      distance("abcd", "xbcde", 2),
      distance("abcd", "dcba", 2),
    ],
    [1, 1, 2, 3],
  );
  const random = randomNumbers(9);
  const word = (): string => Array.from({ length: random(6) }, () => "abc"[random(3)]).join("");
  const slow = (a: string, b: string): number => {
    if (a === "" || b === "") return a.length + b.length;
    const swap =
      a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0] ? 1 + slow(a.slice(2), b.slice(2)) : 99;
    const [x, y] = [a.slice(1), b.slice(1)];
    return Math.min(swap, slow(x, b) + 1, slow(a, y) + 1, slow(x, y) + (a[0] === b[0] ? 0 : 1));
  };
  for (let n = 0; n < 300; n += 1) {
    const [a, b] = [word(), word()];
    assert.equal(Math.min(3, distance(a, b, 2)), Math.min(3, slow(a, b)), `${a} ${b}`);
  }
});
