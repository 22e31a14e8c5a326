import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import { analyse, analyseQuery } from "./analysis.ts";
import type { Cell, IndexKeys } from "./keys.ts";
import { parseQuery, queryTermHashes } from "./query.ts";
import { type Hit, search } from "./rank.ts";
import { type BuiltSegment, buildSegment, openSegment, type PassageToIndex } from "./segment.ts";
import { marks } from "./snippet.ts";

test("ranks as a plain BM25 in memory does, over what is visible and nothing else", () => {
  const random = randomNumbers(11);
  const words = Array.from(
    { length: 60 },
    (_, i) => `wo${String.fromCharCode(97 + (i % 26), 97 + (i >> 2))}rd`,
  );
  const pick = (): string => words[Math.floor(random(61) * (random(100) / 100))] ?? "the";
  for (let round = 0; round < 12; round += 1) {
    const docs = Array.from(
      { length: 120 },
      (_, i): PassageToIndex => ({
        passage: i * 3 + random(3),
        document: random(25),
        title: random(2) === 0 ? "" : [pick(), pick()].join(" "),
        heading: random(3) === 0 ? pick() : null,
        text: Array.from({ length: random(80) }, pick).join(random(9) === 0 ? " the " : " "),
      }),
    );
    const hidden = new Set(Array.from({ length: random(20) }, () => random(25)));
    const visible = (document: number): boolean => !hidden.has(document);
    const keys = testKeys();
    const cuts = [0, random(60), 60 + random(60), 120];
    const built = cuts.slice(1).map((cut, i) => buildSegment(docs.slice(cuts[i], cut), keys, `s${i}`));
    for (let q = 0; q < 20; q += 1) {
      const phrase = q % 4 === 0 ? ` "${pick()} ${pick()}"` : q % 7 === 0 ? ` "the ${pick()}"` : "";
      const text = Array.from({ length: 1 + random(5) }, pick).join(" ") + phrase;
      const found = ask(built, keys, text, visible, 15);
      const expected = plain(
        docs.filter((doc) => visible(doc.document)),
        text,
        15,
      );
      assert.deepEqual(
        found.map((hit) => hit.passage),
        expected.map((hit) => hit.passage),
        text,
      );
      found.forEach((hit, i) => {
        assert.ok(Math.abs(hit.score - (expected[i]?.score ?? 0)) < 1e-9);
        assert.equal(hit.document, docs.find((doc) => doc.passage === hit.passage)?.document);
      });
    }
  }
});

test("what a person may not see changes neither the hits nor their scores", () => {
  const keys = testKeys();
  const mine = [
    passage(1, 1, "rent of the flat"),
    passage(2, 1, "deposit and rent and rent"),
    passage(3, 2, "keys"),
  ];
  const secret = Array.from({ length: 40 }, (_, i) => passage(10 + i, 9, "rent rent redundancy"));
  const alone = ask([buildSegment(mine, keys, "a")], keys, "rent redundancy deposit");
  const together = ask(
    [buildSegment([...mine, ...secret], keys, "b")],
    keys,
    "rent redundancy deposit",
    (d) => d !== 9,
  );
  assert.deepEqual(together, alone);
  assert.equal(alone.length, 2);
});

test("phrases hold word for word, stop words too, within one field", () => {
  const keys = testKeys();
  const built = [
    buildSegment(
      [
        { passage: 1, document: 1, title: "Deed", heading: "End of term", text: "Terms of the lease apply." },
        passage(2, 1, "Terms for a lease apply."),
        passage(3, 1, "The lease terms of the lease of the terms"),
        { passage: 4, document: 2, title: "Break", heading: null, text: "clause 11.2 and clause 11.3.1" },
      ],
      keys,
      "a",
    ),
  ];
  const passages = (text: string): number[] =>
    ask(built, keys, text)
      .map((hit) => hit.passage)
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
  const keys = testKeys();
  const docs = Array.from({ length: 30 }, (_, i) => passage(i, i, "same words"));
  const built = [docs.slice(20), docs.slice(0, 10), docs.slice(10, 20)].map((d, i) =>
    buildSegment(d, keys, `s${i}`),
  );
  const hits = ask(built, keys, "words", () => true, 12);
  assert.deepEqual(
    hits.map((hit) => hit.passage),
    docs.slice(0, 12).map((doc) => doc.passage),
  );
});

test("a long list keeps its positions apart, and phrases still find them", () => {
  const keys = testKeys();
  const docs = Array.from({ length: 400 }, (_, i) =>
    passage(i, i, i === 77 ? "red brick house" : "brick red house"),
  );
  const built = [buildSegment(docs, keys, "a")];
  assert.deepEqual(
    ask(built, keys, '"red brick"').map((hit) => hit.passage),
    [77],
  );
  const withoutPositions = new Map(rowsFor(built[0], keys, "red brick"));
  const table = openSegment("a", built[0]?.stats ?? Buffer.alloc(0), keys);
  const request = {
    query: parseQuery('"red brick"'),
    segments: [{ table, postings: withoutPositions }],
    keys,
  };
  assert.throws(() => search({ ...request, visible: () => true, limit: 5 }), { code: "index_corrupt" });
});

test("a changed row is refused, a row of another word or segment too", () => {
  const keys = testKeys();
  const docs = [passage(1, 1, "alpha beta"), passage(2, 1, "gamma")];
  const [a, b] = [buildSegment(docs, keys, "a"), buildSegment(docs, keys, "b")];
  const hex = (term: string): string => keys.hash(term).toString("hex");
  const body = (segment: BuiltSegment, term: string): Buffer =>
    segment.postings.find((row) => row.termHash.toString("hex") === hex(term))?.body ?? Buffer.alloc(0);
  const run = (row: Buffer): Hit[] => {
    const segments = [{ table: openSegment("a", a.stats, keys), postings: new Map([[hex("alpha"), row]]) }];
    return search({ query: parseQuery("alpha"), segments, keys, visible: () => true, limit: 5 });
  };
  assert.equal(run(body(a, "alpha")).length, 1);
  assert.throws(() => run(body(a, "gamma")));
  assert.throws(() => run(body(b, "alpha")));
  for (let at = 0; at < body(a, "alpha").length; at += 1) {
    const changed = Buffer.from(body(a, "alpha"));
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => run(changed));
  }
  assert.throws(() => openSegment("a", b.stats, keys));
});

test("rows come in a size class, sorted by hash, and dummies look like rare words", () => {
  const keys = testKeys();
  const { postings } = buildSegment([passage(1, 1, "one two three four five")], keys, "a");
  assert.equal(postings.length, 64);
  assert.equal(new Set(postings.map((row) => row.body.length)).size, 1);
  const hexes = postings.map((row) => row.termHash.toString("hex"));
  assert.deepEqual(hexes, [...hexes].sort());
  assert.ok(postings.every((row) => row.termHash.length === 12));
});

test("takes any query", () => {
  const keys = testKeys();
  const built = [
    buildSegment([passage(1, 1, "who may see the lease"), passage(2, 1, "the who the")], keys, "a"),
  ];
  for (const text of ["", " ", '""', '"', "\u0000", "\ud800", "\udfff lease \ud800", "!!!", "'".repeat(99)]) {
    assert.doesNotThrow(() => ask(built, keys, text), text);
  }
  assert.equal(ask(built, keys, "").length, 0);
  assert.deepEqual(
    ask(built, keys, "the who").map((hit) => hit.passage),
    [2, 1],
    "stop words alone are ranked",
  );
  assert.deepEqual(
    ask(built, keys, "the lease").map((hit) => hit.matchedTerms),
    [["leas"]],
  );
  const long = Array.from({ length: 10_000 }, (_, i) => `"word${i}" lease${i}`).join(" ");
  assert.ok(queryTermHashes(parseQuery(long), keys).length <= 128);
  assert.equal(ask(built, keys, "lease ".repeat(10_000)).length, 1);
});

test("empty segments, no segments, nobody sees anything", () => {
  const keys = testKeys();
  assert.deepEqual(ask([buildSegment([], keys, "a")], keys, "lease"), []);
  assert.deepEqual(ask([], keys, "lease"), []);
  assert.deepEqual(
    ask([buildSegment([passage(1, 1, "lease")], keys, "b")], keys, "lease", () => false),
    [],
  );
  assert.deepEqual(
    ask([buildSegment([passage(1, 1, "lease")], keys, "c")], keys, "lease", () => true, 0),
    [],
  );
});

test("refuses numbers out of range and passages given twice", () => {
  const keys = testKeys();
  for (const wrong of [-1, 1.5, 2 ** 32 - 1, Number.NaN]) {
    assert.throws(() => buildSegment([passage(wrong, 1, "x")], keys, "a"), RangeError);
    assert.throws(() => buildSegment([passage(1, wrong, "x")], keys, "a"), RangeError);
  }
  assert.throws(() => buildSegment([passage(1, 1, "x"), passage(1, 1, "y")], keys, "a"), RangeError);
});

test("marks the words that were asked for, stop words in their phrase only", () => {
  const text = "The terms of the lease, and of Leasing: e-mail us.";
  const marked = (query: string): string[] =>
    marks(text, parseQuery(query)).map(([s, e]) => text.slice(s, e));
  assert.deepEqual(marked("lease"), ["lease", "Leasing"]);
  assert.deepEqual(marked('"of the lease"'), ["of", "the", "lease", "Leasing"]);
  assert.deepEqual(marked("email mail"), ["e-mail"]);
  assert.deepEqual(marked("absent"), []);
  assert.deepEqual(marks("\ud800", parseQuery("a")), []);
});

const passage = (number: number, document: number, text: string): PassageToIndex => ({
  passage: number,
  document,
  title: "",
  heading: null,
  text,
});

function rowsFor(segment: BuiltSegment | undefined, keys: IndexKeys, text: string): Array<[string, Buffer]> {
  const wanted = new Set(queryTermHashes(parseQuery(text), keys).map((hash) => hash.toString("hex")));
  const rows = (segment?.postings ?? []).map((row): [string, Buffer] => [
    row.termHash.toString("hex"),
    row.body,
  ]);
  return rows.filter(([hex]) => wanted.has(hex));
}

function ask(
  built: readonly BuiltSegment[],
  keys: IndexKeys,
  text: string,
  visible: (document: number) => boolean = () => true,
  limit = 50,
): Hit[] {
  const segments = built.map((segment) => ({
    table: openSegment(segment.segmentId, segment.stats, keys),
    postings: new Map(rowsFor(segment, keys, text)),
  }));
  return search({ query: parseQuery(text), segments, keys, visible, limit });
}

/** BM25 written out plainly over the texts themselves; phrases by looking for them. */
function plain(
  docs: readonly PassageToIndex[],
  text: string,
  limit: number,
): Array<{ passage: number; score: number }> {
  const fields = docs.map((doc) => [doc.title, doc.heading ?? "", doc.text].map((field) => analyse(field)));
  const weight = [2, 2, 1];
  const counts = fields.map((of) => {
    const tf = new Map<string, number>();
    of.forEach((tokens, f) => {
      for (const { term } of tokens) tf.set(term, (tf.get(term) ?? 0) + (weight[f] ?? 0));
    });
    return tf;
  });
  const lengths = fields.map((of) =>
    of.reduce((sum, tokens, f) => sum + tokens.filter((token) => !token.stop).length * (weight[f] ?? 0), 0),
  );
  const average = lengths.reduce((sum, n) => sum + n, 0) / docs.length;
  const phrases = [...text.matchAll(/"([^"]*)"/g)].map((match) =>
    analyseQuery(match[1] ?? "").map((t) => t.term),
  );
  const asked = analyseQuery(text).filter((token) => !token.stop);
  const terms = (asked.length > 0 ? asked : analyseQuery(text)).map((token) => token.term);
  const scored = docs.map((doc, d) => {
    let score = 0;
    for (const term of terms) {
      const df = counts.filter((tf) => tf.has(term)).length;
      const tf = counts[d]?.get(term) ?? 0;
      const idf = Math.log(1 + (docs.length - df + 0.5) / (df + 0.5));
      score += (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * (lengths[d] ?? 0)) / average)) || 0;
    }
    const texts = (fields[d] ?? []).map((tokens) => ` ${tokens.map((token) => token.term).join(" ")} `);
    const holds = phrases.every((phrase) => texts.some((t) => t.includes(` ${phrase.join(" ")} `)));
    return { passage: doc.passage, score: holds ? score : 0 };
  });
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.passage - b.passage)
    .slice(0, limit);
}

function testKeys(): IndexKeys {
  const key = randomBytes(32);
  const bound = (cell: Cell): Buffer => Buffer.from(JSON.stringify(cell));
  return {
    hash: (term) => createHmac("sha256", key).update(term).digest().subarray(0, 12),
    seal: (cell, plaintext) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound(cell));
      return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    open: (cell, sealed) => {
      const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12), { authTagLength: 16 });
      cipher.setAAD(bound(cell)).setAuthTag(sealed.subarray(-16));
      return Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
    },
  };
}

/** Numbers that are the same in every run (a linear congruential generator). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return below === 0 ? 0 : Math.floor((state / 2 ** 32) * below);
  };
}
