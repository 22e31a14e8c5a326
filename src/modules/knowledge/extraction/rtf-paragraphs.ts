import type { Report } from "./blocks.ts";
import { tableWriter } from "./tables.ts";
import { cleanLine, cleanLines } from "./text.ts";

/** The paragraphs of a file as they come to their ends: lists and tables gathered, notes after the text that they stand in. */
export function paragraphs(report: Report) {
  let text: string[] = [];
  let marker = "";
  let aside: string[] = [];
  let asides: string[] = [];
  let cells: string[] = [];
  let items: string[] = [];
  let table: ReturnType<typeof tableWriter> | null = null;

  function take(): string {
    const taken = text.join("");
    text = [];
    return taken;
  }
  function endList(): void {
    if (items.length > 0) report.block({ kind: "list", text: items.join("\n"), page: null });
    items = [];
  }
  function endTable(): void {
    table?.end();
    table = null;
  }
  function tellAsides(): void {
    const told = asides;
    asides = [];
    for (const note of told) report.block({ kind: "paragraph", text: note, page: null });
  }

  /** A paragraph ends; `level` when it is a heading. */
  function end(level: number | null): void {
    const raw = take();
    const line = cleanLines(raw);
    const mark = cleanLine(marker);
    marker = "";
    if (line !== "") {
      endTable();
      if (level !== null && line.length < 300) {
        endList();
        report.block({ kind: "heading", level, text: cleanLine(`${mark} ${line}`), page: null });
      } else if (mark !== "") {
        items.push(`${/[\p{L}\p{N}]/u.test(mark) ? mark : "-"} ${cleanLine(line)}`);
        if (items.length >= 500) endList();
      } else {
        endList();
        report.block({ kind: "paragraph", text: line, page: null });
      }
    }
    if (asides.length > 0) {
      endList();
      tellAsides();
    }
  }
  function row(): void {
    const left = take();
    if (left.trim() !== "") cells.push(left);
    endList();
    table ??= tableWriter(report, null);
    table.row(cells);
    cells = [];
  }
  return {
    add: (piece: string) => void text.push(piece),
    addMarker: (piece: string) => {
      marker = (marker + piece).slice(0, 100);
    },
    addAside: (piece: string) => void aside.push(piece),
    endAside: () => {
      const note = cleanLines(aside.join(""));
      aside = [];
      if (note !== "") asides.push(note);
    },
    end,
    cell: () => {
      cells.push(`${cleanLine(marker)} ${take()}`);
      marker = "";
    },
    row,
    finish: () => {
      if (cells.length > 0) row();
      end(null);
      endList();
      endTable();
      tellAsides();
    },
  };
}
