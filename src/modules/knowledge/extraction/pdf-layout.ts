import type { Block } from "./blocks.ts";
import { cleanLine } from "./text.ts";

/** A run of text as PDF.js reports it: `transform` holds the size (2, 3) and the place (4, 5) in points, y upwards. */
export type TextRun = { str: string; transform: number[]; width: number; height: number };

/** A part of a line, and where it begins and ends. */
export type Cell = { text: string; x: number; end: number };

/** A line of a page: `cells` are its parts where wide gaps separate them, as in tables. */
export type Line = { text: string; cells: Cell[]; x: number; end: number; y: number; size: number };

const NUMBERED = /^(?:\d{1,3}(?:\.\d{1,3})*[.)]?|\(?[a-z]{1,3}\)|\([ivx]+\)|[•●▪‣◦–—-])\s+\S/;
const BULLET = /^[•●▪‣◦–—-]\s+\S/;
const MARKER = /^(?:[\d.()]{1,8}|\(?[a-z]{1,3}[.)]|[•●▪‣◦–—-])$/;

/** Runs to lines, in the order of the file: what stands on one height is one line; gaps of more than 1.8 em part cells. */
export function linesOf(runs: TextRun[]): Line[] {
  const lines: Line[] = [];
  let line: Line | undefined;
  let cell: Cell = { text: "", x: 0, end: 0 };
  const finish = () => {
    if (line === undefined) return;
    const cells = line.cells
      .map((one) => ({ ...one, text: cleanLine(one.text) }))
      .filter(({ text }) => text !== "");
    if (cells.length > 0) lines.push({ ...line, cells, text: cells.map(({ text }) => text).join(" ") });
  };
  for (const run of runs) {
    const [, , c = 0, d = 0, x = 0, y = 0] = run.transform;
    if (run.str.trim() === "") {
      // A run of blanks says that there is a gap, never how wide: the places of its neighbours do.
      if (line !== undefined && run.str !== "" && Math.abs(y - line.y) < line.size / 2) cell.text += " ";
      continue;
    }
    const size = Math.hypot(c, d) || run.height || 1;
    if (
      line === undefined ||
      Math.abs(y - line.y) > Math.min(size, line.size) / 2 ||
      x < line.x - line.size
    ) {
      finish();
      cell = { text: run.str, x, end: x + run.width };
      line = { text: "", cells: [cell], x, end: x + run.width, y, size };
      continue;
    }
    const gap = x - line.end;
    if (gap > 1.8 * size) {
      cell = { text: run.str, x, end: x + run.width };
      line.cells.push(cell);
    } else {
      cell.text += gap > 0.15 * size ? ` ${run.str}` : run.str;
      cell.end = Math.max(cell.end, x + run.width);
    }
    line.end = Math.max(line.end, x + run.width);
    line.size = Math.max(line.size, size);
  }
  finish();
  return lines;
}

/** Lines to blocks of page `page`. `bodySize` is the size of its ordinary type: a larger line is a heading. */
export function pageBlocks(lines: Line[], bodySize: number, page: number): Block[] {
  const spacing = usualSpacing(lines);
  const right = rightEdge(lines);
  const blocks: Block[] = [];
  for (let from = 0; from < lines.length; ) {
    let to = from + 1;
    while (to < lines.length && continues(lines[to - 1], lines[to], spacing, right, bodySize)) to++;
    blocks.push(blockOf(lines.slice(from, to), bodySize, page));
    from = to;
  }
  return blocks.filter((block) => block.text !== "");
}

function continues(
  above: Line | undefined,
  line: Line | undefined,
  spacing: number,
  right: number,
  bodySize: number,
): boolean {
  if (above === undefined || line === undefined) return false;
  const drop = above.y - line.y;
  // Upwards is a new column; a wide gap, in units of the page's own spacing, is a new paragraph.
  if (drop < 0 || drop / above.size > spacing * 1.3) return false;
  if (Math.abs(above.size - line.size) > 0.08 * above.size) return false;
  if (isTabular(above) !== isTabular(line)) return false;
  if (isTabular(line) || isLarge(line, bodySize)) return true;
  if (BULLET.test(line.text)) return true;
  const short = above.end < right - 6 * above.size;
  if (NUMBERED.test(line.text) && (short || /[.;:]$/.test(above.text))) return false;
  const indented = line.x > above.x + 0.9 * line.size && !NUMBERED.test(above.text);
  return !(short && (/[.:!?]["”’)]?$/.test(above.text) || indented));
}

function blockOf(lines: Line[], bodySize: number, page: number): Block {
  const [first] = lines;
  if (first === undefined) return { kind: "paragraph", text: "", page };
  if (lines.length > 1 && lines.every(isTabular)) {
    return { kind: "table", text: tableText(lines), page };
  }
  const text = joinLines(lines.map((line) => line.text));
  if (isLarge(first, bodySize) && text.length < 200) {
    const ratio = first.size / bodySize;
    return { kind: "heading", level: ratio > 1.55 ? 1 : ratio > 1.25 ? 2 : 3, text, page };
  }
  if (lines.filter((line) => BULLET.test(line.text)).length > 1)
    return { kind: "list", text: joinItems(lines), page };
  return { kind: "paragraph", text, page };
}

/**
 * Rows of cells. Cells that stand above one another are of one column, so that an empty one keeps its place; where two
 * cells of one row would be of one column, the rows are told without columns.
 */
function tableText(lines: Line[]): string {
  const columns: { x: number; end: number }[] = [];
  for (const { x, end } of lines.flatMap(({ cells }) => cells).sort((a, b) => a.x - b.x)) {
    const last = columns.at(-1);
    if (last === undefined || x >= last.end) columns.push({ x, end });
    else last.end = Math.max(last.end, end);
  }
  const place = ({ x }: Cell) => lastAt(columns, x);
  const crowded = lines.some(({ cells }) => new Set(cells.map(place)).size < cells.length);
  return lines
    .map(({ cells }) => {
      if (crowded) return cells.map(({ text }) => text).join(" | ");
      const row: string[] = [];
      for (const cell of cells) row[place(cell)] = cell.text;
      return Array.from(row, (text) => text ?? "").join(" | ");
    })
    .join("\n");
}

/** The last of the columns, which stand in order, that begins at `x` or before. */
function lastAt(columns: readonly { x: number }[], x: number): number {
  let from = 0;
  let to = columns.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((columns[middle]?.x ?? 0) <= x) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

/** Lines of a paragraph to one; a word that was hyphenated at the end of a line is put together again. */
export function joinLines(lines: string[]): string {
  // Looking at the end of all that is joined already would take the square of a page.
  const parts: string[] = [];
  for (const line of lines) {
    const before = parts.at(-1);
    if (before === undefined || before === "") parts.push(line);
    else if (/\p{Ll}[-\u2010]$/u.test(before.slice(-3)) && /^\p{Ll}/u.test(line)) {
      parts[parts.length - 1] = before.slice(0, -1);
      parts.push(line);
    } else parts.push(" ", line);
  }
  return parts.join("");
}

function joinItems(lines: Line[]): string {
  const items: string[][] = [];
  for (const { text } of lines) {
    const last = items.at(-1);
    if (last === undefined || BULLET.test(text)) items.push([text]);
    else last.push(text);
  }
  return items.map(joinLines).join("\n");
}

const isLarge = (line: Line, bodySize: number) => bodySize > 0 && line.size > 1.12 * bodySize;

function isTabular(line: Line): boolean {
  return line.cells.length > 2 || (line.cells.length === 2 && !MARKER.test(line.cells[0]?.text ?? ""));
}

/** The median distance of lines on the page, in units of their size. */
function usualSpacing(lines: Line[]): number {
  const drops: number[] = [];
  for (let i = 1; i < lines.length; i++) {
    const above = lines[i - 1];
    const line = lines[i];
    if (above === undefined || line === undefined) continue;
    const drop = (above.y - line.y) / above.size;
    if (drop > 0.8 && drop < 2.2) drops.push(drop);
  }
  return drops.sort((a, b) => a - b)[Math.floor(drops.length / 3)] ?? 1.3;
}

function rightEdge(lines: Line[]): number {
  const ends = lines.map((line) => line.end).sort((a, b) => a - b);
  return ends[Math.floor(ends.length * 0.9)] ?? 0;
}
