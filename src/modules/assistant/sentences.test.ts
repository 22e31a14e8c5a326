import assert from "node:assert/strict";
import { test } from "node:test";
import type { LanguageCode } from "./languages/grammar.ts";
import { grammarOf } from "./languages/language.ts";
import { splitSentences } from "./sentences.ts";

const pieces = (text: string, language: LanguageCode = "en"): string[] =>
  splitSentences(text, grammarOf(language)).map(({ start, end }) => text.slice(start, end));

test("ends a sentence where one ends", () => {
  assert.deepEqual(pieces("The rent is £1,250.00 per month. It is due on the 1st. Late? Yes! “Pay.” Now…"), [
    ...["The rent is £1,250.00 per month.", "It is due on the 1st.", "Late?", "Yes!", "“Pay.”", "Now…"],
  ]);
});

test("does not end at abbreviations, initials, section marks and web names", () => {
  const whole = [
    "Clause 11.2 of the deed governs this.",
    "Mr. J. Smith and Dr. Okafor sign for Acme Ltd. on Friday.",
    "Tools, e.g. ladders, i.e. all of them, are at www.example.com today.",
    "See No. 5, Sec. 3 and pp. 7 of vol. 2 for this.",
    "It runs from Jan. 5 to approx. 10 Mar. in the U.K. and abroad.",
    "1. The tenant shall pay the rent.",
  ];
  for (const text of whole) assert.deepEqual(pieces(text), [text]);
  assert.deepEqual(pieces("The answer is no. The tenant stays."), ["The answer is no.", "The tenant stays."]);
  assert.deepEqual(pieces("We moved to the U.K. The office is new."), [
    "We moved to the U.K.",
    "The office is new.",
  ]);
});

test("knows the abbreviations, ordinals and quotation marks of other languages", () => {
  const whole: [LanguageCode, string][] = [
    [
      "de",
      "Am 3. März 2025 kam Herr Dr. Lothar Eisenbeiß, z. B. wegen Nr. 5 Abs. 2, bzw. ca. 10 Std. später.",
    ],
    ["de", "Der Vertrag endet am 30. Juni, spätestens am 15. Werktag."],
    ["fr", "M. Brisebarre et Mme Kervadec signent l'art. 5, p. ex. à l'av. Foch, env. 3 fois."],
    ["es", "El Sr. Olmedilla, la Sra. Robledal y D. Fermín firman el núm. 7 del art. 3, p. ej. hoy."],
    ["it", "La sig.ra Castagnoli e il dott. Dal Molin citano l'art. 4, p. es. la pag. 7, ecc. senza dubbi."],
  ];
  for (const [language, text] of whole) assert.deepEqual(pieces(text, language), [text]);
  const two: [LanguageCode, string, string][] = [
    ["de", "Die Frist beträgt zwei Wochen.", "Danach gilt Nr. 4."],
    ["fr", "« Les Glycines est fermé. »", "Le gardien le dit."],
    ["es", "¿Quién firma?", "¡La secretaria!"],
    ["it", "Il rifugio è chiuso.", "È aperta la stanza invernale."],
  ];
  for (const [language, ...sentences] of two)
    assert.deepEqual(pieces(sentences.join(" "), language), sentences);
});

test("puts together lines that a page broke, and keeps items, rows and headings apart", () => {
  const text = [
    "Termination",
    "Either party may end this agreement by giving not less than two",
    "months' written notice to the other.",
    "",
    "The tenant pays for:",
    "- gas and electricity",
    "- water, which is metered",
    "  in the hall",
    "1. council tax",
    "",
    "| Service | Price |",
    "| --- | --- |",
    "| Cleaning | £40 |",
  ].join("\n");
  const found = splitSentences(text, grammarOf("en"));
  assert.deepEqual(
    found.map(({ start, end, kind, intro }) => [
      kind,
      text.slice(start, end),
      intro && text.slice(intro.start, intro.end),
    ]),
    [
      ["heading", "Termination", null],
      [
        "prose",
        "Either party may end this agreement by giving not less than two\nmonths' written notice to the other.",
        null,
      ],
      ["prose", "The tenant pays for:", null],
      ["item", "- gas and electricity", "The tenant pays for:"],
      ["item", "- water, which is metered\n  in the hall", "The tenant pays for:"],
      ["item", "1. council tax", "The tenant pays for:"],
      ["row", "| Service | Price |", null],
      ["row", "| Cleaning | £40 |", "| Service | Price |"],
    ],
  );
});

test("knows the full stops of Chinese and Japanese", () => {
  assert.deepEqual(pieces("租金每月一日支付。押金为两个月。"), ["租金每月一日支付。", "押金为两个月。"]);
});

test("takes any text, in linear time", () => {
  const hostile = [
    "",
    "\u0000",
    "\ud800. A\udc00",
    ".".repeat(200_000),
    "a. ".repeat(100_000),
    "a\n".repeat(100_000),
  ];
  hostile.push(
    "|".repeat(100_000),
    "x ".repeat(100_000),
    " \n".repeat(100_000),
    `${"word ".repeat(15)}\n`.repeat(5_000),
  );
  const start = performance.now();
  for (const text of hostile) {
    let last = 0;
    for (const { start, end } of splitSentences(text, grammarOf("en"))) {
      assert.ok(start >= last && end > start && end <= text.length);
      assert.equal(text.slice(start, end), text.slice(start, end).trim());
      last = end;
    }
  }
  assert.ok(performance.now() - start < 5_000);
});
