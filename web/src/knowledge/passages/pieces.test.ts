import assert from "node:assert/strict";
import { test } from "node:test";
import { isHeaded, labelledOf, piecesOf, rowsOf } from "./pieces.ts";

const sheet = "Item: Printer | Price: 1,250 | Delivery: 2 weeks\nItem: Toner | Price: 84";
const plain = "Room | Area\n4.01 | 120\nnorth side\n4.02 | 80";

test("a passage falls into text, tables and code, each where it stands", () => {
  const text = `Rent\n\n${plain}\n\nif (late) {\n    remind();\n}\n\nEither | or.`;
  const pieces = piecesOf(text);
  assert.deepEqual(
    pieces.map(({ kind }) => kind),
    ["text", "table", "code", "text"],
  );
  for (const piece of pieces)
    assert.equal(text.slice(piece.start, piece.start + piece.text.length), piece.text);
});

test("cells are parts of the block's text; a line without a stroke goes on in the cell before", () => {
  const words = rowsOf(plain).map((row) => row.map(({ start, end }) => plain.slice(start, end)));
  assert.deepEqual(words, [
    ["Room", "Area"],
    ["4.01", "120\nnorth side"],
    ["4.02", "80"],
  ]);
  assert.ok(isHeaded(plain, rowsOf(plain)));
  assert.ok(!isHeaded("4.01 | 120\n4.02 | 80", rowsOf("4.01 | 120\n4.02 | 80")));
});

test("rows that name their columns become columns; what a row leaves out stays empty", () => {
  const labelled = labelledOf(sheet, rowsOf(sheet));
  const words = (cell: { start: number; end: number } | null) => cell && sheet.slice(cell.start, cell.end);
  assert.deepEqual(labelled?.labels.map(words), ["Item", "Price", "Delivery"]);
  assert.deepEqual(
    labelled?.rows.map((row) => row.map(words)),
    [
      ["Printer", "1,250", "2 weeks"],
      ["Toner", "84", null],
    ],
  );
  assert.equal(labelledOf(plain, rowsOf(plain)), null);
});
