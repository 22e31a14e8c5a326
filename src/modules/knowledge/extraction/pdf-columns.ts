import type { Line } from "./pdf-layout.ts";

const FEWEST_LINES = 6;
const FEWEST_WORDS = 4;
// No column of a page that people print has more; each region is looked at anew for each line that is not prose.
const MOST_LINES = 200;

/**
 * Lines that a file tells across two columns of prose, put in the order in which people read: the left column, then the
 * right. Files that tell one column after the other, as most do, are in order already; rows of a table are left alone.
 */
export function inColumns(lines: Line[]): Line[] {
  const ordered: Line[] = [];
  for (let from = 0; from < lines.length; ) {
    const gutter = lines[from]?.cells[1]?.x;
    let to = from;
    if (gutter !== undefined)
      while (to < Math.min(lines.length, from + MOST_LINES) && fits(lines[to], gutter)) to++;
    const region = lines.slice(from, to);
    if (gutter !== undefined && isProse(region, gutter)) {
      ordered.push(...side(region, (x) => x < gutter - 2), ...side(region, (x) => x >= gutter - 2));
      from = to;
    } else {
      const line = lines[from];
      if (line !== undefined) ordered.push(line);
      from++;
    }
  }
  return ordered;
}

/** A line of two cells of which one begins at the gutter, or of one cell on either side of it: the columns' last lines. */
function fits(line: Line | undefined, gutter: number): boolean {
  const [left, right, ...more] = line?.cells ?? [];
  if (left === undefined || more.length > 0) return false;
  if (right !== undefined) return Math.abs(right.x - gutter) < 3 && left.end < gutter;
  return left.end < gutter || Math.abs(left.x - gutter) < 3;
}

/** Prose fills its column with words, line after line; a table's cells are short, or of uneven length. */
function isProse(lines: Line[], gutter: number): boolean {
  const pairs = lines.filter(({ cells }) => cells.length === 2);
  if (pairs.length < FEWEST_LINES) return false;
  const widths = pairs.map(({ cells }) => cells.map((cell) => cell.end - cell.x));
  const widest = [0, 1].map((column) => Math.max(...widths.map((width) => width[column] ?? 0)));
  const full = pairs.filter(({ cells }, row) =>
    cells.every(
      (cell, column) =>
        cell.text.split(" ").length >= FEWEST_WORDS &&
        (widths[row]?.[column] ?? 0) > 0.75 * (widest[column] ?? 0) &&
        // Between two columns of prose there is a gutter, between cells as much room as is left.
        (column === 1 || gutter - cell.end < 0.6 * (widest[0] ?? 0)),
    ),
  );
  return full.length > 0.6 * pairs.length;
}

function side(lines: Line[], isOn: (x: number) => boolean): Line[] {
  return lines.flatMap((line) => {
    const cell = line.cells.find(({ x }) => isOn(x));
    return cell === undefined ? [] : [{ ...line, text: cell.text, cells: [cell], x: cell.x, end: cell.end }];
  });
}
