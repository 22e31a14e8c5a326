import assert from "node:assert/strict";
import { test } from "node:test";
import { longestFreeze } from "../../../../test/support/freeze.ts";
import { gently } from "../gently.ts";
import type { Block } from "./blocks.ts";
import { chunk, chunkSteps } from "./chunk.ts";

const paragraph = (text: string, page: number | null = null): Block => ({ kind: "paragraph", text, page });
const heading = (text: string, level: number, page: number | null = null): Block => ({
  kind: "heading",
  level,
  text,
  page,
});
const words = (n: number, word = "word") => Array.from({ length: n }, (_, i) => `${word}${i}`).join(" ");
const count = (text: string) => text.split(/\s+/).length;

test("passages in order are the whole text: 400 random documents", () => {
  const random = generator(20260921);
  for (let round = 0; round < 400; round++) {
    const blocks = randomBlocks(random);
    const passages = chunk(blocks);
    const squeeze = (texts: { text: string }[]) =>
      texts
        .map(({ text }) => text)
        .join("")
        .replace(/\s+/g, "");
    assert.equal(squeeze(passages), squeeze(blocks), `round ${round}`);
    assert.deepEqual(
      passages.map(({ no }) => no),
      passages.map((_, i) => i),
    );
    for (const page of new Set(blocks.map((block) => block.page))) {
      const on = (items: { page: number | null; text: string }[]) =>
        squeeze(items.filter((item) => item.page === page));
      assert.equal(on(passages), on(blocks), `page ${page} of round ${round}`);
    }
    for (const { text } of passages) {
      assert.ok(text.isWellFormed() && text.trim() === text && text !== "");
      assert.ok(text.length <= 40 * 220 + 2000, `a passage of ${text.length} characters`);
    }
  }
});

test("words stay whole and apart", () => {
  const blocks = [paragraph(words(500, "a")), paragraph(words(90, "b")), paragraph(words(700, "c."))];
  const all = chunk(blocks)
    .map(({ text }) => text)
    .join("\n");
  assert.deepEqual(
    all.split(/\s+/),
    blocks.flatMap(({ text }) => text.split(" ")),
  );
});

test("ordinary prose gives passages of about 120 to 220 words, cut between sentences", () => {
  const prose = Array.from(
    { length: 60 },
    (_, i) => `Sentence ${i} says ${words(8)} of Mr. Ash and ends.`,
  ).join(" ");
  const passages = chunk([paragraph(prose)]);
  assert.ok(passages.length > 3);
  for (const { text } of passages.slice(0, -1)) {
    assert.ok(count(text) >= 120 && count(text) <= 220, `${count(text)} words`);
    assert.match(text, /ends\.$/);
  }
});

test("a heading stands with what follows it, and names the path", () => {
  const passages = chunk([
    heading("Lease", 1),
    paragraph(words(100)),
    heading("4 Term", 2),
    heading("4.1 Notice", 3),
    paragraph(words(100)),
    heading("5 Rent", 2),
    paragraph(words(30)),
  ]);
  assert.deepEqual(
    passages.map((p) => p.heading),
    ["Lease", "Lease › 4 Term › 4.1 Notice", "Lease › 5 Rent"],
  );
  assert.match(passages[1]?.text ?? "", /^4 Term\n\n4\.1 Notice\n\nword0 /);
});

test("a heading near the end of a passage does not stay behind alone", () => {
  const long = Array.from({ length: 10 }, (_, i) => `Sentence ${i} has ${words(16)}.`).join(" ");
  const passages = chunk([paragraph(words(60)), heading("5 Rent", 2), paragraph(long)]);
  assert.match(passages[0]?.text ?? "", /5 Rent\n\nSentence 0 /);
});

test("a passage never stands on two pages", () => {
  const passages = chunk([
    paragraph("One short line.", 1),
    paragraph("Another.", 2),
    paragraph("And more.", 2),
  ]);
  assert.deepEqual(
    passages.map((p) => [p.page, p.text]),
    [
      [1, "One short line."],
      [2, "Another.\n\nAnd more."],
    ],
  );
});

test("one word of 5 MB, and Chinese without blanks, are cut by force in no time", () => {
  const started = performance.now();
  const passages = chunk([
    paragraph("x".repeat(5_000_000)),
    paragraph("漢字仮名交じり文。".repeat(20_000)),
    paragraph("😀".repeat(100_000)),
  ]);
  assert.ok(performance.now() - started < 2000);
  assert.ok(passages.every(({ text }) => text.length <= 8800 && text.isWellFormed()));
  assert.equal(
    passages
      .map(({ text }) => text)
      .join("")
      .replace(/\s/g, "").length,
    5_000_000 + 180_000 + 200_000,
  );
});

test("nothing gives nothing", () => assert.deepEqual(chunk([]), []));

function randomBlocks(random: (below: number) => number): Block[] {
  const kinds = ["heading", "paragraph", "paragraph", "list", "table", "code"] as const;
  const alphabet = [
    "a",
    "Mr.",
    "end.",
    "“Quoted.”",
    "Start",
    "42",
    "漢字。",
    "😀",
    "é",
    "x".repeat(1500),
    "…",
    "(b)",
  ];
  let page = random(2) === 0 ? null : 1;
  return Array.from({ length: random(30) }, () => {
    const kind = kinds[random(kinds.length)] ?? "paragraph";
    if (page !== null && random(4) === 0) page += 1;
    const length = 1 + (random(5) === 0 ? random(900) : random(kind === "heading" ? 8 : 80));
    let text = "";
    for (let i = 0; i < length; i++) {
      const gap = i === 0 ? "" : kind !== "heading" && random(12) === 0 ? "\n" : " ";
      text += gap + (alphabet[random(random(20) === 0 ? alphabet.length : 9)] ?? "a");
    }
    return { kind, ...(kind === "heading" ? { level: 1 + random(4) } : {}), text, page };
  });
}

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

test("the longest text that a document may have is cut without anyone having to wait for it", async () => {
  const blocks = Array.from({ length: 120 }, () => paragraph("a\n".repeat(30_000).trim()));
  let passages: unknown[] = [];
  const started = performance.now();
  const freeze = await longestFreeze(async () => {
    passages = await gently(chunkSteps(blocks));
  });
  assert.ok(passages.length > 120);
  // On a busy machine everything takes longer; done at one go, the freeze would be all of it.
  const whole = performance.now() - started;
  assert.ok(freeze < Math.max(100, whole / 4), `${freeze} ms of ${whole}`);
});

test("a table that is cut begins each passage with its header row, and no row is cut", () => {
  const rows = Array.from({ length: 120 }, (_, i) => `Desk ${i} | ${words(8)} | ${i * 3} crowns`);
  const table: Block = {
    kind: "table",
    header: true,
    text: ["Place | Notes | Price", ...rows].join("\n"),
    page: null,
  };
  const passages = chunk([heading("Prices", 1), paragraph(words(30)), table, paragraph("The end.")]);
  assert.ok(passages.length > 5);
  for (const [index, { text }] of passages.entries()) {
    const lines = text.split("\n").filter((line) => line.includes(" | "));
    if (index > 0) assert.equal(text.split("\n")[0], "Place | Notes | Price");
    assert.equal(lines.filter((line) => line.startsWith("Place")).length, 1);
    for (const line of lines.slice(1)) assert.ok(rows.includes(line), line);
    assert.ok(count(text) <= 240);
  }
  assert.deepEqual(
    passages.flatMap(({ text }) => text.split("\n").filter((line) => line.startsWith("Desk"))),
    rows,
  );
});

test("a row of a few hundred words stays whole, a monstrous one is cut, and without a header row none is made up", () => {
  const row = `Oak | ${words(400)}`;
  const kept = chunk([
    heading("Rooms", 2, 3),
    { kind: "table", text: `a | b\n${row}\n${words(2000)}`, page: 3 },
  ]);
  assert.ok(kept.some(({ text }) => text.includes(row)));
  assert.equal(kept.filter(({ text }) => text.includes("a | b")).length, 1);
  assert.ok(kept.every(({ text, page }) => count(text) < 450 && page === 3));
});
