import type { Report } from "./blocks.ts";
import { csvRows } from "./csv-rows.ts";
import { decodeText } from "./encodings.ts";
import { extractionFailure } from "./failure.ts";
import { sheetWriter } from "./sheet-rows.ts";

const MOST_CELLS = 2_000_000;
const DELIMITERS = [",", ";", "\t", "|"] as const;

/** A table of text: what parts its cells is told from its first rows; the first row names the columns unless it has numbers. */
export function extractCsv(bytes: Uint8Array, report: Report): void {
  const decoded = decodeText(bytes);
  // What some programs write above the table for themselves.
  const named = /^sep=(.)\r?\n/.exec(decoded);
  const text = named === null ? decoded : decoded.slice(named[0].length);
  const delimiter = named?.[1] ?? delimiterOf(text);
  const table = sheetWriter(report, null);
  let cells = 0;
  let first = true;
  for (const row of csvRows(text, delimiter)) {
    cells += row.length;
    if (cells > MOST_CELLS) throw extractionFailure("too_large_inflated");
    table.row(row, { header: first && namesColumns(row) });
    first = false;
  }
  table.end();
}

const namesColumns = (row: readonly string[]) =>
  row.length > 1 &&
  row.every((cell) => /\p{L}/u.test(cell) || cell === "") &&
  row.some((cell) => cell !== "");

/** Of the usual four the one that cuts the first rows most evenly; quotes are passed over. */
function delimiterOf(text: string): string {
  const rows = text
    .slice(0, 64 * 1024)
    .replace(/"[^"]{0,2000}"/g, "")
    .split(/\r\n?|\n/)
    .filter((row) => row.trim() !== "")
    .slice(0, 50);
  let best = { delimiter: ",", score: 0 };
  for (const delimiter of DELIMITERS) {
    const counts = rows.map((row) => row.split(delimiter).length - 1);
    const usual = counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
    const even = counts.filter((count) => count === usual).length;
    // Even before many: a text column is full of commas.
    const score = usual === 0 ? 0 : (even / counts.length) * 100 + Math.min(usual, 20);
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}
