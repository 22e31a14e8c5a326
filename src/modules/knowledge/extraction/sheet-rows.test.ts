import assert from "node:assert/strict";
import { test } from "node:test";
import type { Block } from "./blocks.ts";
import { labelRoom, type RowTraits, sheetWriter } from "./sheet-rows.ts";

type Row = string[] | [cells: string[], traits: RowTraits];

function written(rows: Row[], room = labelRoom()): Block[] {
  const blocks: Block[] = [];
  const writer = sheetWriter({ block: (block) => blocks.push(block) }, 1, room);
  for (const row of rows) {
    if (Array.isArray(row[0]))
      writer.row(row[0], row[1] as RowTraits); // as: a pair by its first
    else writer.row(row as string[]); // as: the other of the two
  }
  writer.end();
  return blocks;
}
const lines = (rows: Row[]) => written(rows).flatMap(({ text }) => text.split("\n"));

test("rows below names say which value is which; an empty cell is left out", () => {
  assert.deepEqual(
    lines([
      ["Name", "Amount", "Paid:"],
      ["Lena", "5", "TRUE"],
      ["Max", "", "FALSE"],
      ["", "7"],
    ]),
    ["Name | Amount | Paid:", "Name: Lena | Amount: 5 | Paid: TRUE", "Name: Max | Paid: FALSE", "7"],
  );
});

test("names are found by values, by bold, by the width of a table of text; the file's word goes first", () => {
  assert.deepEqual(
    lines([
      ["Oak", "12"],
      ["Elm", "14"],
    ]),
    ["Oak | 12", "Elm | 14"],
  );
  assert.deepEqual(
    lines([
      ["Name", "Lena"],
      ["Town", "Wexcombe"],
    ]),
    ["Name | Lena", "Town | Wexcombe"],
  );
  assert.deepEqual(
    lines([
      [["Name", "Town"], { strong: true }],
      ["Lena", "Wexcombe"],
    ])[1],
    "Name: Lena | Town: Wexcombe",
  );
  assert.deepEqual(
    lines([
      ["Who", "Where", "Why"],
      ["Lena", "here", "work"],
    ])[1],
    "Who: Lena | Where: here | Why: work",
  );
  assert.deepEqual(
    lines([
      ["Region", "2023", "2024"],
      ["North", "5", "6"],
    ])[1],
    "Region: North | 2023: 5 | 2024: 6",
  );
  assert.deepEqual(
    lines([
      [["1", "2"], { header: true }],
      ["a", "b"],
    ])[1],
    "1: a | 2: b",
  );
});

test("a second table below an empty row has names of its own; rows wider than the names are no rows below them", () => {
  assert.deepEqual(
    lines([
      ["Room", "Price"],
      ["Oak", "12"],
      [],
      ["Desk", "Days"],
      ["A", "3"],
      [],
      ["Name", "Age"],
      ["Lena", "4", "5"],
    ]),
    [
      "Room | Price",
      "Room: Oak | Price: 12",
      "Desk | Days",
      "Desk: A | Days: 3",
      "Desk: Name | Days: Age",
      "Desk: Lena | Days: 4 | 5",
    ],
  );
});

test("long sheets: pieces of a few thousand characters; beyond the room for labels the names stand once a piece", () => {
  const rows = Array.from({ length: 2000 }, (_, i) => [`Person ${i}`, String(i)]);
  const blocks = written([["Name", "Amount"], ...rows], { left: 20_000 });
  assert.ok(blocks.every(({ text }) => text.length < 7000));
  assert.ok(blocks.every(({ header, text }) => !header || text.startsWith("Name | Amount\n")));
  assert.ok(blocks[0]?.text.includes("Name: Person 0 | Amount: 0"));
  assert.ok(blocks.at(-1)?.header);
  const all = blocks.map(({ text }) => text).join("\n");
  for (const [i] of rows.entries()) assert.match(all, new RegExp(`Person ${i} \\| (?:Amount: )?${i}$`, "m"));
});

test("a hostile row costs no more than it is long", () => {
  const started = process.cpuUsage();
  const wide = Array.from({ length: 100_000 }, (_, i) => (i % 2 ? "" : `${"9".repeat(50)} ${i}`));
  written([wide, wide, [], wide]);
  written([["1,".repeat(30_000)], ["1.2.3.".repeat(10_000), "x"]]);
  assert.ok(process.cpuUsage(started).user < 2_000_000);
});
