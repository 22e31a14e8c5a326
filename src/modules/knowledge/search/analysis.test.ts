import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { analyse, analyseQuery } from "./analysis.ts";

type Vector = { text: string; terms: Array<[term: string, position: number]> };
const vectors: Vector[] = JSON.parse(
  readFileSync(new URL("../../../../testdata/search/analysis.json", import.meta.url), "utf8"),
);

test("gives the terms and positions of the vectors", () => {
  for (const { text, terms } of vectors) {
    assert.deepEqual(
      analyse(text).map(({ term, position }) => [term, position]),
      terms,
      text,
    );
  }
});

test("gives offsets into the text as it was given", () => {
  const text = "“Café” — clause 11.2 of the Tenant’s lease, ＦＵＬＬ 東京都 𝒳yz re‐let.";
  const seen = analyse(text).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(seen, [
    ...["Café", "clause", "11.2", "11.2", "of", "the", "Tenant’s", "lease", "ＦＵＬＬ"],
    ...["東", "東京", "京", "京都", "都", "𝒳yz", "re", "re‐let", "let"],
  ]);
});

test("finds one spelling by the other", () => {
  const same = (a: string, b: string): void => {
    const terms = new Set(analyse(b).map(({ term }) => term));
    assert.ok(
      analyseQuery(a).some(({ alternatives }) => alternatives.some((term) => terms.has(term))),
      `${a} in ${b}`,
    );
  };
  same("CAFE", "café");
  same("cafe\u0301", "CAFÉ");
  same("strasse", "Straße");
  same("Łódź", "lodz");
  same("email", "E-Mail");
  same("e-mail", "email");
  same("UK", "the U.K. tenant");
  same("1250", "£1,250.00");
  same("1,250", "1250");
  same("11", "11.2.1");
  same("11.2", "clause 11.2.1(b)");
  same("coop\u00ADerate", "cooperate");
  same("ﬁle", "file");
  same("avocat", "l'avocat");
  same("が", "か\u3099く");
  same("Σίσυφος", "ΣΊΣΥΦΟΣ");
});

test("keeps marks that carry meaning", () => {
  assert.notDeepEqual(analyse("май")[0]?.term, analyse("маи")[0]?.term);
});

test("takes any text, in linear time", () => {
  const hostile = [
    "",
    "\u0000\u0000",
    "\ud800 lone \udc00 surrogates \ud83d",
    "\u0301\u0301\u0301",
    "a".repeat(500_000),
    "a.".repeat(250_000),
    "1.".repeat(250_000),
    "1,".repeat(250_000),
    "a-".repeat(250_000),
    "a'".repeat(250_000),
    `a${"\u0301".repeat(250_000)}`,
    "東".repeat(100_000),
    "ﷺ".repeat(50_000),
  ];
  const start = performance.now();
  for (const text of hostile) {
    let last = -1;
    for (const { term, position, start, end } of analyse(text)) {
      assert.ok(term.length > 0 && term.length <= 64 && !/\p{Cc}/u.test(term));
      assert.ok(position === last || position === last + 1);
      assert.ok(start >= 0 && start < end && end <= text.length);
      last = position;
    }
  }
  assert.ok(performance.now() - start < 5_000);
});

test("knows stop words however they are written", () => {
  assert.deepEqual(
    analyse("The lease ISN’T ours").map(({ stop }) => stop),
    [true, false, true, true],
  );
});
