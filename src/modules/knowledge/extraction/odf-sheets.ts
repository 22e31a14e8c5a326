import type { Report } from "./blocks.ts";
import { extractionFailure } from "./failure.ts";
import type { OdfStyles } from "./odf-styles.ts";
import { labelRoom, type SheetWriter, sheetWriter } from "./sheet-rows.ts";
import { cleanLine } from "./text.ts";
import { headed } from "./xlsx.ts";
import { type CellRoom, cellRoom } from "./xlsx-sheet.ts";
import type { Attributes, XmlEvents } from "./xml.ts";

const LAST_COLUMN = 16_384;
/** Equal rows, and equal cells side by side, are told so often: what the same words say a million times they say once. */
const MOST_REPEATED = 100;
const LONGEST_REPEATED = 200;

type Cell = {
  value: string;
  text: string[];
  repeated: number;
  rows: number;
  covered: boolean;
  style: string | undefined;
};

/**
 * The events of a spreadsheet to blocks: each sheet its name as heading, its rows, then its text boxes and comments.
 * A cell's words are those that its program wrote there to be seen. ODF 1.3 part 3, 9.1.
 */
export function writeSheets(styles: OdfStyles, report: Report): XmlEvents {
  const path: string[] = [];
  const left: CellRoom = cellRoom();
  const labels = labelRoom();
  let page = 0;
  let sheet: Pick<Report, "block"> | null = null;
  let writer: SheetWriter | null = null;
  let besides: string[] = [];
  let cells: string[] = [];
  let column = 0;
  let rows = 1;
  let strong = true;
  let headers = 0;
  let cell: Cell | null = null;
  let above = new Map<number, { text: string; rows: number }>();
  /** A comment or a text box; its words are not the cell's. */
  let aside: { depth: number; comment: boolean; text: string[] } | null = null;
  let skipped = 0;
  let paragraphs = 0;

  function beginSheet(attribute: Attributes): void {
    page++;
    const name = cleanLine(attribute("table:name") ?? "");
    sheet = headed(report, { name, hidden: styles.hidden(attribute("table:style-name")) }, page);
    writer = sheetWriter(sheet, page, labels);
    besides = [];
    above = new Map();
  }
  function endSheet(): void {
    writer?.end();
    for (const words of besides) {
      const text = cleanLine(words);
      if (text !== "" && text !== "Comment:") sheet?.block({ kind: "paragraph", text, page });
    }
    sheet = null;
    writer = null;
  }
  function beginCell(name: string, attribute: Attributes): void {
    const count = (of: string) => Math.max(Math.trunc(Number(attribute(`table:number-${of}`) ?? 1)) || 1, 1);
    cell = {
      value:
        attribute("office:string-value") ??
        attribute("office:date-value")?.replace("T", " ") ??
        attribute("office:boolean-value")?.toUpperCase() ??
        attribute("office:value") ??
        "",
      text: [],
      repeated: count("columns-repeated"),
      rows: count("rows-spanned"),
      covered: name === "table:covered-table-cell",
      style: attribute("table:style-name"),
    };
  }
  function endCell(): void {
    if (cell === null) return;
    const shown = cell.text.join("");
    // Cleaned by who writes the row.
    let text = (shown === "" ? cell.value : shown).trim();
    const over = above.get(column);
    if (over !== undefined && over.rows-- > 0) {
      if (text === "" && cell.covered) text = over.text;
    } else if (over !== undefined) above.delete(column);
    if (cell.rows > 1)
      above.set(column, { text: text.length > LONGEST_REPEATED ? "" : text, rows: cell.rows - 1 });
    if (text !== "" && column < LAST_COLUMN) {
      while (cells.length < column) cells.push("");
      const times = Math.min(cell.repeated, MOST_REPEATED, LAST_COLUMN - column);
      left.cells -= times;
      if (left.cells < 0) throw extractionFailure("too_large_inflated");
      for (let count = 0; count < times; count++) cells.push(text);
      strong &&= styles.bold(cell.style);
    }
    column = Math.min(column + cell.repeated, LAST_COLUMN);
    cell = null;
  }
  function endRow(): void {
    const times = cells.length === 0 ? 1 : Math.min(rows, MOST_REPEATED);
    left.room -= cells.length * times;
    if (left.room < 0) throw extractionFailure("too_large_inflated");
    for (let count = 0; count < times; count++) writer?.row(cells, { header: headers > 0, strong });
  }

  function open(name: string, attribute: Attributes): void {
    const parent = path.at(-1);
    path.push(name);
    if (skipped > 0 || name === "table:tracked-changes" || name === "office:forms" || name.startsWith("dc:"))
      skipped++;
    else if (name === "table:table" && parent === "office:spreadsheet") beginSheet(attribute);
    else if (writer === null) return;
    else if (
      aside === null &&
      (name === "office:annotation" || name === "table:shapes" || name.startsWith("draw:"))
    ) {
      const comment = name === "office:annotation";
      aside = { depth: path.length, comment, text: [] };
    } else if (name === "text:p" || name === "text:h") {
      paragraphs++;
      if (aside !== null || cell?.text.length !== 0) say("\n");
    } else if (name === "text:s" || name === "text:tab" || name === "text:line-break") say(" ");
    else if (aside !== null) return;
    else if (name === "table:table-header-rows") headers++;
    else if (name === "table:table-row") {
      cells = [];
      column = 0;
      strong = true;
      rows = Math.max(Math.trunc(Number(attribute("table:number-rows-repeated") ?? 1)) || 1, 1);
    } else if (name === "table:table-cell" || name === "table:covered-table-cell") beginCell(name, attribute);
  }
  function close(name: string): void {
    const depth = path.length;
    path.pop();
    if (skipped > 0) {
      skipped--;
      return;
    }
    if (name === "text:p" || name === "text:h") paragraphs = Math.max(0, paragraphs - 1);
    if (aside !== null) {
      if (depth === aside.depth) {
        besides.push(`${aside.comment ? "Comment: " : ""}${aside.text.join("")}`);
        aside = null;
      }
    } else if (name === "table:table-cell" || name === "table:covered-table-cell") endCell();
    else if (name === "table:table-row") endRow();
    else if (name === "table:table-header-rows") headers--;
    else if (name === "table:table" && path.at(-1) === "office:spreadsheet") endSheet();
  }
  function say(text: string): void {
    if (aside !== null) aside.text.push(text);
    else cell?.text.push(text);
  }
  return {
    open,
    close,
    text(text) {
      if (skipped === 0 && paragraphs > 0) say(text);
    },
  };
}
