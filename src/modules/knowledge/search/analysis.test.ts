import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { analyse, analyseQuery } from "./analysis.ts";
import type { Language } from "./languages.ts";

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
  const start = process.cpuUsage();
  for (const text of hostile) {
    let last = -1;
    for (const { term, position, start, end } of analyse(text)) {
      assert.ok(term.length > 0 && term.length <= 64 && !/\p{Cc}/u.test(term));
      assert.ok(position === last || position === last + 1);
      assert.ok(start >= 0 && start < end && end <= text.length);
      last = position;
    }
  }
  assert.ok(process.cpuUsage(start).user < 5_000_000);
});

test("knows stop words however they are written", () => {
  assert.deepEqual(
    analyse("The lease ISN’T ours").map(({ stop }) => stop),
    [true, false, true, true],
  );
});

test("finds a word by another form of it, in the language of the text", () => {
  const cases: [Language, string, string[]][] = [
    ["de", "Die Mängel der Häuser", ["Mangel", "mangel", "Maengel", "Haus", "häuser"]],
    ["de", "Ueberweisung der Straßenmiete", ["Überweisung", "Ueberweisungen", "strassenmiete"]],
    ["fr", "L’avocat conteste les résiliations", ["avocats", "résiliation", "resiliation", "contester"]],
    ["es", "Las cancelaciones del año", ["cancelación", "cancelacion", "años", "ano"]],
    ["it", "Gli obblighi dell'inquilino", ["obbligo", "inquilini"]],
    ["nl", "De huurovereenkomsten", ["huurovereenkomst"]],
    ["pt", "As rescisões dos contratos", ["rescisões", "rescisoes", "contrato"]],
  ];
  for (const [language, text, asked] of cases) {
    const terms = new Set(analyse(text, language).map(({ term }) => term));
    for (const word of asked) {
      const [one] = analyseQuery(word, ["en", language]);
      assert.ok(
        one?.alternatives.some((term) => terms.has(term)),
        `${word} in ${text}`,
      );
    }
  }
});

test("knows the function words of each language, and not one's for another's", () => {
  const ranked = (text: string, language: Language): string[] =>
    analyse(text, language).flatMap(({ stop, word }) => (stop || word === null ? [] : [word.lower]));
  assert.deepEqual(ranked("Die Frist für die Kündigung", "de"), ["frist", "kündigung"]);
  assert.deepEqual(ranked("How to die in an action", "en"), ["die", "action"]);
  assert.deepEqual(ranked("L'état des lieux à la sortie", "fr"), ["état", "lieux", "sortie"]);
});

test("a run without spaces is asked for by its pairs, a single character by itself", () => {
  const asked = (text: string): string[] => analyseQuery(text).flatMap(({ alternatives }) => alternatives);
  assert.deepEqual(asked("東京都"), ["東京", "京都"]);
  assert.deepEqual(asked("都"), ["都"]);
  assert.deepEqual(asked("東京 lease 都"), ["東京", "leas", "都"]);
});
