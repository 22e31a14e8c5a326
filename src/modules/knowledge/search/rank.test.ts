import assert from "node:assert/strict";
import { test } from "node:test";
import {
  askSegments,
  mergeSegments,
  passageOf,
  plainSearch,
  randomNumbers,
  searchKeys,
} from "../../../../test/support/search.ts";
import { parseQuery, queryKeys } from "./query.ts";
import { search } from "./rank.ts";
import { type BuiltSegment, buildSegment, openSegment, type PassageToIndex } from "./segment.ts";

const random = randomNumbers(11);
const words = Array.from(
  { length: 60 },
  (_, i) => `wo${String.fromCharCode(97 + (i % 26), 97 + (i >> 2))}rd`,
);
const pick = (): string => words[Math.floor(random(61) * (random(100) / 100))] ?? "the";

/** Documents of some passages each, whose numbers follow each other; now and then one has gone. */
function someDocs(count: number): PassageToIndex[] {
  const docs: PassageToIndex[] = [];
  for (let passage = 0, document = 0; docs.length < count; document += 1 + random(2)) {
    const title = random(2) === 0 ? "" : [pick(), pick()].join(" ");
    const language = ["de", "fr", null, null][random(4)] ?? null;
    passage += random(3) === 0 ? 1 + random(4) : 0;
    for (let left = 1 + random(random(3) === 0 ? 30 : 4); left > 0; left -= 1) {
      docs.push({
        passage: passage++,
        document,
        title,
        heading: random(3) === 0 ? pick() : null,
        text: Array.from({ length: random(80) }, pick).join(random(9) === 0 ? " the " : " "),
        language,
      });
    }
  }
  return docs;
}

function someQuery(q: number): string {
  const phrase = q % 4 === 0 ? ` "${pick()} ${pick()}"` : q % 7 === 0 ? ` "the ${pick()}"` : "";
  return Array.from({ length: 1 + random(q % 5 === 0 ? 40 : 5) }, pick).join(" ") + phrase;
}

test("ranks as a plain search over the texts does, over what is visible and nothing else, merged or not", () => {
  for (let round = 0; round < 4; round += 1) {
    const docs = someDocs(round === 0 ? 300 : 120);
    const most = docs.at(-1)?.document ?? 0;
    const hidden = new Set(Array.from({ length: random(24) }, () => random(most)));
    const visible = (document: number): boolean => !hidden.has(document);
    const dead = new Set(round % 2 === 0 ? [] : [random(most), random(most)]);
    const keys = searchKeys();
    const cuts = [0, random(60), 60 + random(60), docs.length];
    const built = cuts.slice(1).map((cut, i) => buildSegment(docs.slice(cuts[i], cut), keys, `s${i}`));
    // A document's passages may lie in any segments.
    const in3 = Map.groupBy(docs, () => random(3));
    const scattered = [...in3].map(([i, some]) => buildSegment(some, keys, `x${i}`));
    const one = mergeSegments(built, keys, "m", (document) => !dead.has(document));
    const twice = [
      mergeSegments([mergeSegments(built.slice(0, 2), keys, "n"), built[2] as BuiltSegment], keys, "o"),
    ];
    for (let q = 0; q < 12; q += 1) {
      const text = someQuery(q).slice(0, q % 6 === 0 ? -1 : undefined);
      const typing = q % 3 === 0;
      const limit = [15, 3, 100][q % 3] ?? 15;
      const expect = (inside: readonly PassageToIndex[], ...indexes: (readonly BuiltSegment[])[]): void => {
        const expected = plainSearch(inside, text, { limit, typing, visible });
        for (const segments of indexes) {
          const { hits } = askSegments(segments, keys, text, { visible, limit, typing });
          assert.deepEqual(
            hits.map(({ passage, score }) => ({ passage, score })),
            expected,
            text,
          );
        }
      };
      expect(docs, built, scattered, twice);
      expect(
        docs.filter((doc) => !dead.has(doc.document)),
        [one],
      );
    }
  }
});

test("what a person may not see changes nothing: hits, scores, totals, corrections, suggestions", () => {
  const keys = searchKeys();
  const mine = [
    passageOf(1, 1, "rent of the flat"),
    passageOf(2, 1, "deposit and rent and rent"),
    passageOf(3, 2, "keys"),
  ];
  const secret = Array.from({ length: 40 }, (_, i) =>
    passageOf(10 + i, 9, "rent rent redundancy renten depositor keya"),
  );
  const alone = [buildSegment(mine, keys, "a")];
  const together = [buildSegment([...mine, ...secret], keys, "b")];
  const apart = [...alone, buildSegment(secret, keys, "c")];
  const merged = [mergeSegments(apart, keys, "d")];
  for (const text of [
    "rent redundancy deposit",
    "redundansy",
    "depositt",
    "deposito",
    "keyz",
    "re",
    "dep",
    '"rent redundancy"',
  ]) {
    for (const typing of [false, true]) {
      const expected = askSegments(alone, keys, text, { typing });
      for (const built of [together, apart, merged]) {
        assert.deepEqual(askSegments(built, keys, text, { typing, visible: (d) => d !== 9 }), expected, text);
      }
    }
  }
});

test("the number of what was found is the same whether or not others have the words", () => {
  const keys = searchKeys();
  const mine = Array.from({ length: 30 }, (_, i) =>
    passageOf(i, 1, `harbour ${i % 3 === 0 ? "quay" : "crane"}`),
  );
  const probes = Array.from(
    { length: 200 },
    (_, i) => `probe${String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))}`,
  );
  const secret = probes.map((word, i) => passageOf(100 + i, 9, word));
  const text = ["harbour", ...probes].join(" ");
  const alone = askSegments([buildSegment(mine, keys, "a")], keys, text, {});
  assert.equal(alone.total, 30);
  const built = buildSegment([...mine, ...secret], keys, "b");
  assert.equal(askSegments([built], keys, text, { visible: (d) => d !== 9 }).total, 30);
});

test("phrases hold word for word, stop words too, within one field", () => {
  const keys = searchKeys();
  const docs = [
    { ...passageOf(1, 1, "Terms of the lease apply.", "Deed"), heading: "End of term" },
    passageOf(2, 1, "Terms for a lease apply."),
    passageOf(3, 1, "The lease terms of the lease of the terms"),
    passageOf(4, 2, "clause 11.2 and clause 11.3.1", "Break"),
  ];
  const built = [buildSegment(docs, keys, "a")];
  const passages = (text: string): number[] =>
    askSegments(built, keys, text)
      .hits.map((hit) => hit.passage)
      .sort();
  assert.deepEqual(passages('"terms of the lease"'), [1, 3]);
  assert.deepEqual(passages("“terms of the lease” apply"), [1, 3]);
  assert.deepEqual(passages('"of the"'), [1, 3]);
  assert.deepEqual(passages('"term terms"'), [], "not across heading and text");
  assert.deepEqual(passages('"break clause"'), [], "not across title and text");
  assert.deepEqual(passages('"clause 11.3"'), [4]);
  assert.deepEqual(passages('"clause 11.2" "end of term"'), []);
  assert.deepEqual(passages('lease "unclosed'), [1, 2, 3]);
  assert.deepEqual(passages('"absent word"'), []);
});

test("equal scores are ordered by passage number, in whatever order segments come", () => {
  const keys = searchKeys();
  const docs = Array.from({ length: 30 }, (_, i) => passageOf(i, i, "same words"));
  const built = [docs.slice(20), docs.slice(0, 10), docs.slice(10, 20)].map((d, i) =>
    buildSegment(d, keys, `s${i}`),
  );
  assert.deepEqual(
    askSegments(built, keys, "words", { limit: 12 }).hits.map((hit) => hit.passage),
    docs.slice(0, 12).map((doc) => doc.passage),
  );
});

test("a long list keeps its positions apart, and phrases still find them", () => {
  const keys = searchKeys();
  const docs = Array.from({ length: 900 }, (_, i) =>
    passageOf(i, i, i === 777 ? "red brick house" : "brick red house"),
  );
  const built = buildSegment(docs, keys, "a");
  assert.deepEqual(
    askSegments([built], keys, '"red brick"').hits.map((hit) => hit.passage),
    [777],
  );
  const without = new Set(queryKeys(parseQuery("red brick"), keys).map((key) => key.toString("hex")));
  const postings = new Map(
    built.postings
      .map((row) => [row.termHash.toString("hex"), row.body] as const)
      .filter(([key]) => without.has(key)),
  );
  const segments = [{ table: openSegment("a", built.stats, keys), postings }];
  const request = { query: parseQuery('"red brick"'), segments, keys, visible: () => true, limit: 5 };
  assert.throws(() => search(request), { code: "index_corrupt" });
});

test("a changed row is refused, a row of another word or segment too", () => {
  const keys = searchKeys();
  const docs = [passageOf(1, 1, "alpha beta"), passageOf(2, 1, "gamma")];
  const [a, b] = [buildSegment(docs, keys, "a"), buildSegment(docs, keys, "b")];
  assert.equal(a.postings.length, 1, "one bucket");
  const [row, other] = [a.postings[0]?.body ?? Buffer.alloc(0), b.postings[0]?.body ?? Buffer.alloc(0)];
  const run = (body: Buffer, key = "00".repeat(12)): number => {
    const segments = [{ table: openSegment("a", a.stats, keys), postings: new Map([[key, body]]) }];
    return search({ query: parseQuery("alpha"), segments, keys, visible: () => true, limit: 5 }).hits.length;
  };
  assert.equal(run(row), 1);
  assert.throws(() => run(other));
  assert.throws(() => run(row, keys.hash("alpha").toString("hex")));
  for (let at = 0; at < row.length; at += 1) {
    const changed = Buffer.from(row);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => run(changed));
  }
  assert.throws(() => openSegment("a", b.stats, keys));
});

test("takes any query", () => {
  const keys = searchKeys();
  const built = [
    buildSegment([passageOf(1, 1, "who may see the lease"), passageOf(2, 1, "the who the")], keys, "a"),
  ];
  for (const text of ["", " ", '""', '"', "\u0000", "\ud800", "\udfff lease \ud800", "!!!", "'".repeat(99)]) {
    for (const typing of [true, false])
      assert.doesNotThrow(() => askSegments(built, keys, text, { typing }), text);
  }
  assert.equal(askSegments(built, keys, "").hits.length, 0);
  assert.deepEqual(
    askSegments(built, keys, "the who").hits.map((hit) => hit.passage),
    [2, 1],
    "stop words alone are ranked",
  );
  assert.deepEqual(
    askSegments(built, keys, "the lease").hits.map((hit) => hit.passage),
    [1],
  );
  const long = Array.from({ length: 10_000 }, (_, i) => `"word${i}" lease${i}`).join(" ");
  assert.ok(queryKeys(parseQuery(long), keys).length <= 2_000);
  assert.equal(askSegments(built, keys, "lease ".repeat(10_000)).hits.length, 1);
});

test("empty segments, no segments, nobody sees anything", () => {
  const keys = searchKeys();
  const one = [buildSegment([passageOf(1, 1, "lease")], keys, "b")];
  assert.deepEqual(askSegments([buildSegment([], keys, "a")], keys, "lease").hits, []);
  assert.deepEqual(askSegments([], keys, "lease").hits, []);
  assert.deepEqual(askSegments(one, keys, "lease", { visible: () => false }).hits, []);
  assert.deepEqual(askSegments(one, keys, "lease", { limit: 0 }).hits, []);
});

test("refuses numbers out of range and passages given twice", () => {
  const keys = searchKeys();
  for (const wrong of [-1, 1.5, 2 ** 32 - 1, Number.NaN]) {
    assert.throws(() => buildSegment([passageOf(wrong, 1, "x")], keys, "a"), RangeError);
    assert.throws(() => buildSegment([passageOf(1, wrong, "x")], keys, "a"), RangeError);
  }
  assert.throws(() => buildSegment([passageOf(1, 1, "x"), passageOf(1, 1, "y")], keys, "a"), RangeError);
});
