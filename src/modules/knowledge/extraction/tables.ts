import type { Report } from "./blocks.ts";
import { cleanLine } from "./text.ts";

// A table is told in pieces, each of them a table of its own with the header row above it.
const PIECE = 30_000;
const LONGEST_HEADER = 2000;

/**
 * Writes a table row by row: cells cleaned and parted by " | ", empty rows and empty cells at a row's end left out, the
 * first row repeated above each piece of about 30,000 characters, so that nothing of a large table is ever held.
 */
export function tableWriter(
  report: Pick<Report, "block">,
  page: number | null,
): { row(cells: readonly string[]): void; end(): void } {
  let header = "";
  let lines: string[] = [];
  let size = 0;

  function flush(): void {
    if (lines.length > 0) report.block({ kind: "table", header: true, text: lines.join("\n"), page });
    lines = [];
    size = 0;
  }
  function row(cells: readonly string[]): void {
    const line = rowLine(cells);
    if (line === "") return;
    if (header === "") header = line;
    else if (lines.length === 0 && header.length <= LONGEST_HEADER) lines.push(header);
    lines.push(line);
    size += line.length + 1;
    if (size > PIECE) flush();
  }
  return { row, end: flush };
}

function rowLine(cells: readonly string[]): string {
  const texts = cells.map(cleanLine);
  while (texts.at(-1) === "") texts.pop();
  return texts.join(" | ");
}
