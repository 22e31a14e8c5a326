import type { Report } from "./blocks.ts";
import { cleanLine } from "./text.ts";

const PIECE = 6000;
/** A row that may hold names of columns is looked for among so many rows of each region. */
const LOOKED_AT = 20;
const LONGEST_NAME = 80;
const MOST_COLUMNS = 16_384;

/** How many characters may still be told as "Name: value"; what comes after has the names once for each piece. */
export type LabelRoom = { left: number };
export const labelRoom = (): LabelRoom => ({ left: 4_000_000 });

/** What a file knows of a row beyond its words: that it holds the columns' names, that all of it is set in bold. */
export type RowTraits = { header?: boolean; strong?: boolean };

export type SheetWriter = {
  /** Cells by column from 0; an empty row parts two regions. */
  row(cells: readonly string[], traits?: RowTraits): void;
  end(): void;
};

/**
 * Writes a sheet row by row so that each row can be understood without the ones above: "Name: Lena | Amount: 5" where
 * the columns have names, "Lena | 5" where they have none. Names are a row that the file marks (`traits.header`), or the
 * first row of text above rows that fit below it. Very long sheets go over to rows below a repeated row of names, so
 * that they stay within what is read from one document. Nothing but one piece and one row is held.
 */
export function sheetWriter(
  report: Pick<Report, "block">,
  page: number | null,
  room: LabelRoom = labelRoom(),
): SheetWriter {
  let names: string[] | null = null;
  /** A row that may turn out to hold names, and whether it was all bold. */
  let pending: { cells: string[]; strong: boolean } | null = null;
  let looked = 0;
  let lines: string[] = [];
  let size = 0;
  let repeated = false;

  function flush(): void {
    if (lines.length > 0)
      report.block({
        kind: "table",
        ...(repeated ? { header: true as const } : {}),
        text: lines.join("\n"),
        page,
      });
    lines = [];
    size = 0;
    repeated = false;
  }
  function write(line: string): void {
    lines.push(line);
    size += line.length + 1;
    if (size > PIECE) flush();
  }
  function plain(cells: string[]): void {
    write(cells.filter((text) => text !== "").join(" | "));
  }
  function below(cells: string[]): void {
    const filled = cells.filter((text) => text !== "").length;
    if (names === null || (filled === 1 && names.length > 2)) plain(cells);
    else if (room.left > 0) {
      if (repeated) flush();
      const line = labelled(names, cells);
      room.left -= line.length;
      write(line);
    } else {
      if (!repeated) {
        flush();
        repeated = true;
        write(names.join(" | "));
      }
      write(cells.join(" | "));
    }
  }
  function settle(next: string[] | null, strong: boolean): void {
    if (pending === null) return;
    const { cells } = pending;
    const isHeader =
      next !== null &&
      fits(cells, next) &&
      (speaks(cells, next) || (pending.strong && !strong) || wide(cells));
    pending = null;
    if (isHeader) become(cells);
    else below(cells);
  }
  /** Wide tables of nothing but text have names in their first row far more often than not; two columns may be a form. */
  const wide = (cells: string[]) => names === null && cells.filter((text) => text !== "").length > 2;
  function become(cells: string[]): void {
    if (repeated) flush();
    names = cells;
    looked = LOOKED_AT;
    plain(cells);
  }

  function row(raw: readonly string[], { header = false, strong = false }: RowTraits = {}): void {
    const cells = cleaned(raw);
    if (cells.length === 0) {
      settle(null, strong);
      looked = 0;
      return;
    }
    settle(cells, strong);
    if (header) become(cells);
    else if (looked++ < LOOKED_AT && mayName(cells)) pending = { cells, strong };
    else {
      // Rows of values have begun: no names follow before the next empty row.
      if (cells.filter((text) => text !== "").length > 1) looked = LOOKED_AT;
      below(cells);
    }
  }
  return {
    row,
    end() {
      settle(null, false);
      flush();
    },
  };
}

function labelled(names: string[], cells: string[]): string {
  const parts: string[] = [];
  cells.forEach((text, column) => {
    const name = names[column] ?? "";
    if (text !== "") parts.push(name === "" ? text : `${name.replace(/\s*[:：]$/, "")}: ${text}`);
  });
  return parts.join(" | ");
}

const PLAIN = /^[!-~]+(?: [!-~]+)*$/;

function cleaned(raw: readonly string[]): string[] {
  const cells: string[] = [];
  for (let column = 0; column < Math.min(raw.length, MOST_COLUMNS); column++) {
    const text = raw[column] ?? "";
    if (text === "") continue;
    const clean = PLAIN.test(text) ? text : cleanLine(text);
    if (clean === "") continue;
    // Blanks come in only where a later cell needs them.
    while (cells.length < column) cells.push("");
    cells.push(clean);
  }
  return cells;
}

const VALUE =
  /^(?:[-+−(]?\p{Sc}?\s?\d[\d.,'’\s]*(?:e[+-]?\d+)?\s?(?:%|\p{Sc}|[A-Z]{3})?\)?|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*|\d{1,2}:\d\d.*|TRUE|FALSE)$/iu;
const YEAR = /^(?:19|20)\d\d$/;

/** Two or more short words or years, all different. */
function mayName(cells: string[]): boolean {
  const filled = cells.filter((text) => text !== "");
  return (
    filled.length >= 2 &&
    new Set(filled).size === filled.length &&
    filled.every((text) => text.length <= LONGEST_NAME && (YEAR.test(text) || !VALUE.test(text))) &&
    filled.some((text) => !YEAR.test(text))
  );
}

/** Every cell of the row stands below a name. */
function fits(names: string[], cells: string[]): boolean {
  return cells.every((text, column) => text === "" || (names[column] ?? "") !== "");
}

/** Some column changes from a word to a value: the word was its name. */
function speaks(names: string[], cells: string[]): boolean {
  return cells.some((text, column) => VALUE.test(text) && !VALUE.test(names[column] ?? "1"));
}
