import { extractionFailure } from "./failure.ts";
import type { Package } from "./ooxml.ts";
import type { SheetWriter } from "./sheet-rows.ts";
import { type Book, type Sheet, unescaped } from "./xlsx-book.ts";
import type { Attributes, XmlEvents } from "./xml.ts";

const MOST_CELLS = 3_000_000;
const LAST_COLUMN = 16_384;
const LAST_ROW = 1_048_576;
/** Room between cells costs too: a cell in the last column of every row is no sheet that a person made. */
const MOST_ROOM = 10_000_000;
/** Sheets beyond this are not read a second time for their merged cells. */
const MERGES_UP_TO = 24 * 1024 * 1024;
const MOST_MERGES = 20_000;
const LONGEST_REPEATED = 200;

/** What is left of the cells that one workbook may have. */
export type CellRoom = { cells: number; room: number };
export const cellRoom = (): CellRoom => ({ cells: MOST_CELLS, room: MOST_ROOM });

type Merge = { to: number; text: string };

/**
 * Writes the rows of a sheet (ECMA-376 part 1, 18.3), as they are shown: formulas by their last results, numbers in
 * their formats, the words of a cell that was merged over several rows in each of them. Hidden rows and columns are read:
 * filters hide them, and who looks for a value wants it found.
 */
export async function writeSheet(
  pack: Package,
  book: Book,
  { part, headers }: Sheet,
  left: CellRoom,
  writer: SheetWriter,
): Promise<void> {
  if (part === undefined) return;
  const merges = await readMerges(pack, part);
  const open = new Map<number, Merge>();
  let cells: string[] = [];
  let bold = true;
  let rowNo = 0;
  let column = 0;
  let lastWritten = 0;
  let type = "";
  let style = 0;
  let value = "";
  let inValue = false;
  let aids = 0;

  function beginCell(attribute: Attributes): void {
    column = columnOf(attribute("r")) ?? column + 1;
    type = attribute("t") ?? "n";
    style = Number(attribute("s") ?? 0);
    value = "";
  }
  function endCell(): void {
    if (value === "") return;
    const text = shown();
    if (text === "" || column < 1 || column > LAST_COLUMN) return;
    if (--left.cells < 0) throw extractionFailure("too_large_inflated");
    while (cells.length < column) cells.push("");
    cells[column - 1] = text;
    bold &&= book.look(style).bold;
  }
  function shown(): string {
    if (type === "s") return book.strings[Number(value)] ?? "";
    if (type === "b") return value === "1" ? "TRUE" : "FALSE";
    if (type === "n") return value.trim() === "" ? "" : book.look(style).show(Number(value));
    if (type === "d") return value.replace("T", " ").replace(/ 00:00:00(?:\.0+)?Z?$/, "");
    return unescaped(value);
  }
  function endRow(): void {
    fillMerged();
    left.room -= cells.length + open.size;
    if (left.room < 0) throw extractionFailure("too_large_inflated");
    if (cells.length > 0) {
      if (rowNo > lastWritten + 1) writer.row([]);
      writer.row(cells, { header: headers.has(rowNo), strong: bold });
      lastWritten = rowNo;
    }
    cells = [];
    bold = true;
  }
  function fillMerged(): void {
    for (const [at, merge] of open) {
      if (rowNo > merge.to) open.delete(at);
      else if (merge.text !== "" && (cells[at - 1] ?? "") === "") {
        while (cells.length < at) cells.push("");
        cells[at - 1] = merge.text;
      }
    }
    for (const { column: at, to } of merges.get(rowNo) ?? []) {
      const text = cells[at - 1] ?? "";
      open.set(at, { to, text: text.length > LONGEST_REPEATED ? "" : text });
    }
  }

  const events: XmlEvents = {
    open(name, attribute) {
      if (name === "s:c") beginCell(attribute);
      else if (name === "s:v") inValue = true;
      else if (name === "s:t") inValue = aids === 0;
      else if (name === "s:rPh") aids++;
      else if (name === "s:row") {
        rowNo = Number(attribute("r") ?? rowNo + 1);
        if (!(rowNo >= 1 && rowNo <= LAST_ROW)) throw extractionFailure("damaged");
        column = 0;
      } else if (name === "s:pane" && /^frozen/.test(attribute("state") ?? "")) {
        // What stays in sight above the rows is what names the columns.
        const rows = Number(attribute("ySplit") ?? 0);
        if (rows >= 1 && rows <= 10 && headers.size === 0) headers.add(rows);
      }
    },
    close(name) {
      if (name === "s:c") endCell();
      else if (name === "s:v" || name === "s:t") inValue = false;
      else if (name === "s:rPh") aids--;
      else if (name === "s:row") endRow();
    },
    text(text) {
      if (inValue) value += text;
    },
  };
  await pack.read(part, events);
}

/** Cells merged over several rows, by the row that they begin in. They stand behind the rows, so they are read before. */
async function readMerges(
  pack: Package,
  part: string,
): Promise<Map<number, { column: number; to: number }[]>> {
  const merges = new Map<number, { column: number; to: number }[]>();
  if (pack.bytes(part) > MERGES_UP_TO) return merges;
  let count = 0;
  await pack.read(part, {
    open(name, attribute) {
      if (name !== "s:mergeCell" || count >= MOST_MERGES) return;
      const [first = "", last = ""] = (attribute("ref") ?? "").split(":");
      const from = rowOf(first);
      const to = rowOf(last);
      const column = columnOf(first);
      if (column === null || !(to > from)) return;
      count++;
      const begun = merges.get(from);
      if (begun === undefined) merges.set(from, [{ column, to }]);
      else begun.push({ column, to });
    },
  });
  return merges;
}

/** "AB12" is in column 28; null for what is no such place. */
export function columnOf(place: string | undefined): number | null {
  if (place === undefined) return null;
  let column = 0;
  for (let at = 0; at < place.length && at < 4; at++) {
    const letter = place.charCodeAt(at) & ~32;
    if (letter < 65 || letter > 90) break;
    column = column * 26 + letter - 64;
  }
  return column === 0 ? null : column;
}

export const rowOf = (place: string): number => Number(/\d{1,7}$/.exec(place)?.[0] ?? 0);
