/** A block of a passage: `start` counts from the passage's beginning. Of a table, its rows with their cells. */
export type Piece = {
  kind: "text" | "table" | "code";
  start: number;
  text: string;
};

/** Blocks between empty lines. Rows of a table are lines whose cells a stroke parts; code keeps its indentation. */
export function piecesOf(text: string): Piece[] {
  return [...text.matchAll(/[^\n]+(?:\n[^\n]+)*/g)].map((match) => ({
    start: match.index,
    text: match[0],
    kind: kindOf(match[0]),
  }));
}

const STROKE = " | ";

function kindOf(block: string): Piece["kind"] {
  const lines = block.split("\n");
  // Extraction keeps blanks at the beginning of a line in code alone.
  if (lines.some((line) => /^ {2}/.test(line))) return "code";
  const strokes = lines.map((line) => line.split(STROKE).length - 1);
  const rows = strokes.filter((count) => count > 0).length;
  if (lines.length === 1) return (strokes[0] ?? 0) > 1 ? "table" : "text";
  // A cell may hold a line break of its own, and a cut table begin within a row.
  return rows >= 2 && rows >= lines.length * 0.6 ? "table" : "text";
}

/** A cell as a part of its block's text. */
export type Cell = { start: number; end: number };

/** The rows of a table, each a line; a line without a stroke goes on in the last cell of the row before. */
export function rowsOf(block: string): Cell[][] {
  const rows: Cell[][] = [];
  let at = 0;
  for (const line of block.split("\n")) {
    const last = rows.at(-1)?.at(-1);
    if (!line.includes(STROKE) && last) last.end = at + line.length;
    else rows.push(cellsOf(line, at));
    at += line.length + 1;
  }
  return rows;
}

function cellsOf(line: string, offset: number): Cell[] {
  const cells: Cell[] = [];
  let at = 0;
  for (const cell of line.split(STROKE)) {
    cells.push({ start: offset + at, end: offset + at + cell.length });
    at += cell.length + STROKE.length;
  }
  return cells;
}

export type Labelled = { labels: Cell[]; rows: (Cell | null)[][] };

/**
 * Rows whose cells say their column ("Name: Ada | Amount: 3") as columns with a head; null where they do not. Empty
 * cells are left out of such rows.
 */
export function labelledOf(block: string, rows: Cell[][]): Labelled | null {
  const labels = new Map<string, Cell>();
  const split: Map<string, Cell>[] = [];
  for (const row of rows) {
    const cells = new Map<string, Cell>();
    for (const cell of row) {
      const [whole, label] = /^([^:\n]{1,80}): /.exec(block.slice(cell.start, cell.end)) ?? [];
      if (whole === undefined || label === undefined || cells.has(label)) return null;
      cells.set(label, { start: cell.start + whole.length, end: cell.end });
      if (!labels.has(label)) labels.set(label, { start: cell.start, end: cell.start + label.length });
    }
    split.push(cells);
  }
  if (rows.length < 2 || labels.size > 40) return null;
  return {
    labels: [...labels.values()],
    rows: split.map((cells) => [...labels.keys()].map((label) => cells.get(label) ?? null)),
  };
}

/** Whether the first row names the columns: it is full and has no figures, while some row below has. */
export function isHeaded(block: string, rows: Cell[][]): boolean {
  const [first, ...rest] = rows;
  if (!first || rest.length === 0) return false;
  const words = (cell: Cell) => block.slice(cell.start, cell.end);
  return (
    first.length === Math.max(...rows.map((row) => row.length)) &&
    first.every((cell) => /\p{L}/u.test(words(cell)) && !/\d/.test(words(cell))) &&
    rest.some((row) => row.some((cell) => /\d/.test(words(cell))))
  );
}
