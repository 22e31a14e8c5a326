import type { Numbering } from "./docx-numbering.ts";
import { isOn, type Styles } from "./docx-styles.ts";
import { type Piece, wordsOfPieces } from "./office-flow.ts";
import type { Attributes, XmlEvents } from "./xml.ts";

// A merged cell's words stand in each of its rows, so that every row can be understood; not whole pages of them.
const LONGEST_REPEATED = 200;
const DEEPEST_FIELD = 32;

export type Surroundings = {
  styles: Styles;
  numbering: Numbering;
  /** The words of a note or comment that the text refers to; undefined where there is none. */
  note(kind: "footnote" | "endnote" | "comment", id: string): string | undefined;
  /** The words of a chart or diagram that stands in the text, by its relation. */
  drawn(id: string): string | undefined;
};

type Paragraph = {
  text: string[];
  style?: string | undefined;
  outline?: number;
  numbering?: string;
  level?: number;
  /** Inside a run, and whether its text is seen. */
  run: "none" | "seen" | "hidden";
  inProperties: boolean;
  markDeleted: boolean;
  boxes: Piece[];
};

type Cell = { pieces: Piece[]; span: number; merge: "none" | "begins" | "goes on" };
type Table = {
  row: string[];
  only: Piece[] | null;
  column: number;
  above: Map<number, string>;
  deleted: boolean;
  wide: boolean;
};

/** Where finished pieces go: the document, a text box, or a cell. */
type Place = { take(piece: Piece): void; carried: string };

/**
 * The events of a story (body, header, note, comment: ECMA-376 17.2) to pieces in reading order. Left out: what tracked
 * changes deleted or moved away, hidden text (unseen by the reader of the document, so unread by us), codes of fields,
 * the second telling of mc:AlternateContent, phonetic guides. Text boxes follow the paragraph that they are anchored in,
 * notes and comments the paragraph or table that refers to them.
 */
export function story(around: Surroundings, take: (piece: Piece) => void): XmlEvents {
  const places: Place[] = [{ take, carried: "" }];
  const paragraphs: Paragraph[] = [];
  const tables: Table[] = [];
  const cells: Cell[] = [];
  /** Fields that are open; whether their result has begun. */
  let fields: boolean[] = [];
  const alternatives: boolean[] = [];
  const notes: Piece[] = [];
  let noted = 0;
  let skipped = 0;
  let inText = false;
  let inRowProperties = false;

  const place = () => places.at(-1) ?? { take, carried: "" };
  const isTop = () => places.length === 1 && tables.length === 0;

  function beginParagraph(): void {
    const text = place().carried === "" ? [] : [place().carried];
    place().carried = "";
    paragraphs.push({ text, run: "none", inProperties: false, markDeleted: false, boxes: [] });
  }

  function endParagraph(): void {
    const paragraph = paragraphs.pop();
    if (paragraph === undefined) return;
    // An instruction does not go on in the next paragraph; an unfinished one must not swallow the rest.
    if (paragraphs.length === 0) fields = fields.filter((hasResult) => hasResult);
    const text = paragraph.text.join("");
    if (paragraph.markDeleted) place().carried = text;
    else place().take(pieceOf(paragraph, text));
    for (const piece of paragraph.boxes) place().take(piece);
    if (isTop()) endNotes();
  }

  function pieceOf(paragraph: Paragraph, text: string): Piece {
    if (text.trim() === "") return { kind: "paragraph", text: "" };
    const inherited = around.styles.numbering(paragraph.style);
    const numbering = paragraph.numbering ?? inherited?.numbering;
    const mark =
      numbering === undefined || numbering === "0"
        ? ""
        : around.numbering.mark(numbering, paragraph.level ?? inherited?.level, paragraph.style);
    const marked = mark === "" ? text : `${mark} ${text}`;
    const outline = paragraph.outline ?? (around.styles.heading(paragraph.style) ?? 10) - 1;
    if (outline >= 0 && outline < 9) {
      const isTitle = around.styles.isTitle(paragraph.style);
      return { kind: "heading", level: outline + 1, text: marked, isTitle };
    }
    return { kind: mark === "" ? "paragraph" : "item", text: marked };
  }

  function endNotes(): void {
    for (const piece of notes.splice(0)) take(piece);
  }

  function refer(kind: "footnote" | "endnote" | "comment", attribute: Attributes): void {
    const words = around.note(kind, attribute("w:id") ?? "");
    if (words === undefined || words.trim() === "") return;
    if (kind === "comment") {
      notes.push({ kind: "paragraph", text: `Comment: ${words}` });
      return;
    }
    noted++;
    say(` [${noted}]`);
    notes.push({ kind: "paragraph", text: `[${noted}] ${words}` });
  }

  function say(text: string): void {
    const paragraph = paragraphs.at(-1);
    if (paragraph?.run === "seen" && fields.every((hasResult) => hasResult)) paragraph.text.push(text);
  }

  function endRow(): void {
    const table = tables.at(-1);
    if (table === undefined) return;
    if (!table.deleted) {
      // A table of one cell a row is a box around text; a first row of one cell is a title above the columns.
      table.wide ||= table.row.length > 1;
      if (table.only !== null && !table.wide) for (const piece of table.only) place().take(piece);
      else if (table.row.some((text) => text.trim() !== "")) place().take({ kind: "row", cells: table.row });
    }
    Object.assign(table, { row: [], only: null, column: 0, deleted: false });
  }

  function endCell(): void {
    const cell = cells.pop();
    const table = tables.at(-1);
    places.pop();
    if (cell === undefined || table === undefined) return;
    let text = wordsOfPieces(cell.pieces);
    if (cell.merge === "goes on") text = table.above.get(table.column) ?? "";
    if (cell.merge === "begins") table.above.set(table.column, text.length > LONGEST_REPEATED ? "" : text);
    else if (cell.merge === "none") table.above.delete(table.column);
    table.only = table.row.length === 0 ? cell.pieces : null;
    table.row.push(text);
    table.column += cell.span;
  }

  function open(name: string, attribute: Attributes): void {
    if (skipped > 0 || SKIPPED.test(name) || (name === "mc:Fallback" && alternatives.at(-1) === true)) {
      skipped++;
      return;
    }
    const paragraph = paragraphs.at(-1);
    switch (name) {
      case "w:p":
        beginParagraph();
        return;
      case "w:t":
      case "m:t":
        // Formulas have runs of their own.
        if (name === "m:t" && paragraph?.run === "none") paragraph.run = "seen";
        inText = true;
        return;
      case "w:tbl":
        tables.push({ row: [], only: null, column: 0, above: new Map(), deleted: false, wide: false });
        return;
      case "w:trPr":
        inRowProperties = true;
        return;
      case "w:del": {
        const table = tables.at(-1);
        if (inRowProperties && table) table.deleted = true;
        else if (paragraph?.inProperties && paragraph.run === "none") paragraph.markDeleted = true;
        else if (paragraph !== undefined && !paragraph.inProperties) skipped++;
        return;
      }
      case "w:tc": {
        const cell: Cell = { pieces: [], span: 1, merge: "none" };
        cells.push(cell);
        places.push({ take: (piece) => cell.pieces.push(piece), carried: "" });
        return;
      }
      case "w:gridSpan": {
        const cell = cells.at(-1);
        if (cell) cell.span = Math.min(Math.max(Number(attribute("w:val")) || 1, 1), 63);
        return;
      }
      case "w:vMerge": {
        const cell = cells.at(-1);
        if (cell) cell.merge = attribute("w:val") === "restart" ? "begins" : "goes on";
        return;
      }
      case "w:txbxContent": {
        const boxes = paragraph?.boxes;
        places.push({ take: (piece) => (boxes ? boxes.push(piece) : take(piece)), carried: "" });
        return;
      }
      case "c:chart":
      case "dgm:relIds": {
        const text = around.drawn(attribute(name === "c:chart" ? "r:id" : "r:dm") ?? "");
        if (text) paragraph?.boxes.push({ kind: "paragraph", text });
        return;
      }
      case "mc:AlternateContent":
        alternatives.push(false);
        return;
      case "mc:Choice":
        if (alternatives.length > 0) alternatives[alternatives.length - 1] = true;
        return;
    }
    if (paragraph !== undefined) within(paragraph, name, attribute);
  }

  /** What stands in a paragraph: its properties, and its runs. */
  function within(paragraph: Paragraph, name: string, attribute: Attributes): void {
    const value = attribute("w:val");
    if (name === "w:pPr") paragraph.inProperties = true;
    else if (name === "w:r") paragraph.run = around.styles.hidden(paragraph.style) ? "hidden" : "seen";
    else if (paragraph.run !== "none") {
      if (name === "w:vanish") paragraph.run = isOn(value) ? "hidden" : "seen";
      else if (name === "w:rStyle") {
        if (around.styles.hidden(value)) paragraph.run = "hidden";
      } else if (name === "w:tab" || name === "w:ptab") say("\t");
      else if (name === "w:br" || name === "w:cr") say("\n");
      else if (name === "w:noBreakHyphen") say("-");
      else if (name === "w:footnoteReference") refer("footnote", attribute);
      else if (name === "w:endnoteReference") refer("endnote", attribute);
      else if (name === "w:commentReference") refer("comment", attribute);
      else if (name === "w:fldChar") field(attribute("w:fldCharType"));
    } else if (!paragraph.inProperties) return;
    else if (name === "w:pStyle") paragraph.style = value;
    else if (name === "w:outlineLvl") paragraph.outline = Number(value);
    else if (name === "w:numId" && value !== undefined) paragraph.numbering = value;
    else if (name === "w:ilvl") paragraph.level = Number(value);
  }

  function field(type: string | undefined): void {
    if (type === "begin") {
      if (fields.length < DEEPEST_FIELD) fields.push(false);
    } else if (type === "separate" && fields.length > 0) fields[fields.length - 1] = true;
    else if (type === "end") fields.pop();
  }

  function close(name: string): void {
    if (skipped > 0) {
      skipped--;
      return;
    }
    const paragraph = paragraphs.at(-1);
    if (name === "w:t" || name === "m:t") inText = false;
    else if (name === "w:p") endParagraph();
    else if (name === "w:pPr" && paragraph) paragraph.inProperties = false;
    else if (name === "w:r" && paragraph) paragraph.run = "none";
    else if (name === "w:tc") endCell();
    else if (name === "w:tr") endRow();
    else if (name === "w:trPr") inRowProperties = false;
    else if (name === "w:txbxContent") places.pop();
    else if (name === "mc:AlternateContent") alternatives.pop();
    else if (name === "w:tbl") {
      tables.pop();
      place().take({ kind: "table end" });
      if (isTop()) endNotes();
    }
  }

  return {
    open,
    close,
    text(text) {
      if (inText && skipped === 0) say(text);
    },
  };
}

// Moved away, former properties, and the reading aids above characters.
const SKIPPED = /^w:(?:moveFrom|rt|\w+PrChange|\w+GridChange|numberingChange)$/;
