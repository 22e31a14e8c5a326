import type { Report } from "./blocks.ts";
import { tableWriter } from "./tables.ts";
import { cleanLine, cleanLines } from "./text.ts";

// A list is told in blocks that no one has to hold whole.
const LONGEST_LIST = 8000;
// Whole paragraphs set in a heading's style are paragraphs all the same.
const LONGEST_HEADING = 300;

/** What a written document is made of; text as it comes, not yet clean. */
export type Piece =
  | { kind: "heading"; level: number; text: string; isTitle?: boolean }
  | { kind: "paragraph" | "item"; text: string }
  | { kind: "row"; cells: readonly string[] }
  | { kind: "table end" };

/** Takes pieces in reading order and reports them as blocks of `page`: items in a row as one list, rows as a table. */
export function flow(report: Pick<Report, "block">, page: number | null): (piece: Piece | null) => void {
  let items: string[] = [];
  let size = 0;
  let table: ReturnType<typeof tableWriter> | undefined;

  function endList(): void {
    if (items.length > 0) report.block({ kind: "list", text: items.join("\n"), page });
    items = [];
    size = 0;
  }
  function endTable(): void {
    table?.end();
    table = undefined;
  }
  function item(text: string): void {
    if (text === "") return;
    items.push(text);
    size += text.length;
    if (size > LONGEST_LIST) endList();
  }

  /** Null ends what is open. */
  return (piece) => {
    if (piece?.kind !== "item") endList();
    if (piece?.kind !== "row") endTable();
    if (piece === null || piece.kind === "table end") return;
    if (piece.kind === "row") {
      table ??= tableWriter(report, page);
      table.row(piece.cells);
      return;
    }
    const text = piece.kind === "heading" ? cleanLine(piece.text) : cleanLines(piece.text);
    if (piece.kind === "item") item(text);
    else if (text === "") return;
    else if (piece.kind === "heading" && text.length <= LONGEST_HEADING)
      report.block({ kind: "heading", level: Math.min(Math.max(piece.level, 1), 6), text, page });
    else report.block({ kind: "paragraph", text, page });
  };
}

/** The words of pieces on one line, for a cell or a note. */
export function wordsOfPieces(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) =>
      piece.kind === "row" ? piece.cells.join(", ") : piece.kind === "table end" ? "" : piece.text,
    )
    .join(" ");
}
