import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNumbers } from "../../../../test/support/search.ts";
import { parseQuery } from "./query.ts";
import { marks, snippet } from "./snippet.ts";

test("marks the words that were asked for, stop words in their phrase only", () => {
  const text = "The terms of the lease, and of Leasing: e-mail us.";
  const marked = (query: string): string[] =>
    marks(text, parseQuery(query)).map(([s, e]) => text.slice(s, e));
  assert.deepEqual(marked("lease"), ["lease", "Leasing"]);
  assert.deepEqual(marked('"of the lease"'), ["of", "the", "lease", "Leasing"]);
  assert.deepEqual(marked("email mail"), ["e-mail"]);
  assert.deepEqual(marked("absent"), []);
  assert.deepEqual(marks("\ud800", parseQuery("a")), []);
  assert.deepEqual(marks("Die Mängel am Haus", parseQuery("mangel", { languages: ["en", "de"] })), [[4, 10]]);
});

test("shows the window that has most of what was asked for", () => {
  const filler = "lorem ipsum dolor sit amet ".repeat(20);
  const text = `${filler}lease ${filler}the lease ends and rent is due ${filler}`;
  const found = snippet(text, parseQuery("lease rent"), 200);
  assert.ok(found.text.length <= 200);
  assert.ok(found.text.includes("the lease ends and rent is due"));
  assert.equal(text.slice(found.start, found.start + found.text.length), found.text);
  assert.deepEqual(
    found.marks.map(([s, e]) => found.text.slice(s, e)),
    ["lease", "rent"],
  );
  assert.equal(snippet("short", parseQuery("x")).text, "short");
});

test("any text has a snippet, whose marks lie in it and whose ends cut no character", () => {
  const random = randomNumbers(21);
  const parts = ["lease", "rent", " ", " ", "𝒳𝒴", "東京都", "\ud800", "x".repeat(90), "\n", "é"];
  for (let n = 0; n < 300; n += 1) {
    const text = Array.from({ length: random(120) }, () => parts[random(parts.length)]).join("");
    const { text: cut, marks: found, start } = snippet(text, parseQuery("lease rent 東京"), 20 + random(100));
    assert.equal(text.slice(start, start + cut.length), cut);
    assert.ok(found.every(([s, e]) => s >= 0 && s < e && e <= cut.length));
    if (text.isWellFormed()) assert.ok(cut.isWellFormed());
  }
});
