import { type OdfStyles, OUTLINE } from "./odf-styles.ts";
import { type Piece, wordsOfPieces } from "./office-flow.ts";
import type { Attributes, XmlEvents } from "./xml.ts";

const LONGEST_REPEATED = 200;
const MOST_BLANKS = 100;
const MOST_REPEATED = 100;
const MOST_COLUMNS = 1024;

// What deleted changes keep, reading aids above characters, and the sign of a note, which is numbered here.
const SKIPPED = new Set([
  "text:tracked-changes",
  "text:ruby-text",
  "text:note-citation",
  "office:forms",
  "office:scripts",
]);

type Paragraph = {
  text: string[];
  level: number | null;
  style: string | undefined;
  item: string | null;
  boxes: Piece[];
};
type Place = { take(piece: Piece): void };
type List = { style: string | undefined; count: number; item: string | null };
type Cell = { pieces: Piece[]; repeated: number; rows: number; covered: boolean };
type Table = {
  row: string[];
  only: Piece[] | null;
  column: number;
  above: Map<number, { text: string; rows: number }>;
  wide: boolean;
};

/**
 * The events of an OpenDocument text (also that of frames, notes, headers) to pieces in reading order. Left out are
 * tracked deletions and text that is hidden by its style or section; text boxes follow the paragraph that they are
 * anchored in, notes and comments the paragraph or table that refers to them. ODF 1.3 part 3, 5 to 9.
 */
export function odfStory(styles: OdfStyles, take: (piece: Piece) => void): XmlEvents {
  const places: Place[] = [{ take }];
  const paragraphs: Paragraph[] = [];
  let lists: List[] = [];
  const outerLists: List[][] = [];
  const tables: Table[] = [];
  const cells: Cell[] = [];
  const spans: boolean[] = [];
  const asides: { kind: "note" | "comment"; pieces: Piece[] }[] = [];
  const outline: number[] = [];
  const notes: Piece[] = [];
  let noted = 0;
  let hidden = 0;
  let skipped = 0;
  /** Where the count of a list stood, for lists that go on. */
  const ended = new Map<string, number>();

  const place = () => places.at(-1) ?? { take };
  const isTop = () => places.length === 1 && tables.length === 0;

  function beginParagraph(name: string, attribute: Attributes): void {
    const style = attribute("text:style-name");
    const isHeading = name === "text:h";
    const level = isHeading ? Number(attribute("text:outline-level") ?? 1) || 1 : styles.outline(style);
    const list = lists.at(-1);
    const item = list?.item ?? null;
    if (list !== undefined) list.item = "";
    const isUnnumbered = attribute("text:is-list-header") === "true";
    const title = level === null && styles.isTitle(style);
    paragraphs.push({
      text: [],
      level: title ? 1 : level,
      style,
      item:
        isHeading && !isUnnumbered && level !== null && (item === null || item === "")
          ? numbered(level)
          : item,
      boxes: [],
    });
    if (styles.hidden(style)) hidden++;
  }
  function numbered(level: number): string {
    const at = Math.min(Math.max(level, 1), 10);
    while (outline.length < at)
      outline.push(styles.start(OUTLINE, outline.length) - (outline.length < at - 1 ? 0 : 1));
    outline.length = at;
    outline[at - 1] = (outline[at - 1] ?? 0) + 1;
    return styles.mark(OUTLINE, outline);
  }
  function endParagraph(): void {
    const paragraph = paragraphs.pop();
    if (paragraph === undefined) return;
    const { item, level, style } = paragraph;
    const text = paragraph.text.join("");
    const marked = item ? `${item} ${text}` : text;
    if (text.trim() === "") place().take({ kind: "paragraph", text: "" });
    else if (level !== null)
      place().take({ kind: "heading", level, text: marked, isTitle: styles.isTitle(style) });
    else place().take({ kind: item === null ? "paragraph" : "item", text: marked });
    for (const piece of paragraph.boxes) place().take(piece);
    if (styles.hidden(style)) hidden--;
    if (isTop()) endNotes();
  }
  function endNotes(): void {
    for (const piece of notes.splice(0)) take(piece);
  }
  function say(text: string): void {
    if (hidden === 0) paragraphs.at(-1)?.text.push(text);
  }

  /** Text of its own in the midst of other text: its lists are its own too. */
  function enter(to: Place): void {
    places.push(to);
    outerLists.push(lists);
    lists = [];
  }
  function leave(): void {
    if (places.length > 1) places.pop();
    lists = outerLists.pop() ?? [];
  }

  function beginList(attribute: Attributes): void {
    const outer = lists.at(-1);
    const style = attribute("text:style-name") ?? outer?.style;
    const goesOn =
      attribute("text:continue-numbering") === "true" || attribute("text:continue-list") !== undefined;
    const before = goesOn ? ended.get(style ?? "") : undefined;
    lists.push({ style, count: before ?? styles.start(style, lists.length) - 1, item: null });
  }
  function beginItem(name: string, attribute: Attributes): void {
    const list = lists.at(-1);
    if (list === undefined) return;
    if (name === "text:list-header") {
      list.item = "";
      return;
    }
    const from = Number(attribute("text:start-value") ?? Number.NaN);
    list.count = Number.isInteger(from) ? from : list.count + 1;
    list.item = styles.mark(
      list.style,
      lists.map(({ count }) => count),
    );
  }

  function endCell(): void {
    const cell = cells.pop();
    const table = tables.at(-1);
    leave();
    if (cell === undefined || table === undefined) return;
    const above = table.above.get(table.column);
    let text = wordsOfPieces(cell.pieces);
    if (cell.covered && above !== undefined && above.rows > 0) {
      text = above.text;
      if (--above.rows === 0) table.above.delete(table.column);
    } else if (cell.rows > 1)
      table.above.set(table.column, {
        text: text.length > LONGEST_REPEATED ? "" : text,
        rows: cell.rows - 1,
      });
    if (!cell.covered) table.only = table.row.length === 0 ? cell.pieces : null;
    const times =
      text.trim() === "" ? Math.min(cell.repeated, MOST_COLUMNS) : Math.min(cell.repeated, MOST_REPEATED);
    // Cells that a wider one covers are no cells to a reader.
    if (!cell.covered || above !== undefined)
      for (let count = 0; count < times && table.row.length < MOST_COLUMNS; count++) table.row.push(text);
    table.column += Math.min(cell.repeated, MOST_COLUMNS);
  }
  function endRow(): void {
    const table = tables.at(-1);
    if (table === undefined) return;
    // As in docx-story.ts: a box around text, or a title above the columns.
    table.wide ||= table.row.length > 1;
    if (table.only !== null && !table.wide) for (const piece of table.only) place().take(piece);
    else if (table.row.some((text) => text.trim() !== "")) place().take({ kind: "row", cells: table.row });
    Object.assign(table, { row: [], only: null, column: 0 });
  }

  function open(name: string, attribute: Attributes): void {
    if (
      skipped > 0 ||
      SKIPPED.has(name) ||
      (name === "text:section" && attribute("text:display") === "none") ||
      // The person who wrote a comment and when, in words: not part of it.
      (name !== "text:p" && name.startsWith("dc:"))
    ) {
      skipped++;
      return;
    }
    switch (name) {
      case "text:p":
      case "text:h":
        beginParagraph(name, attribute);
        return;
      case "text:span": {
        const isHidden = styles.hidden(attribute("text:style-name"));
        spans.push(isHidden);
        if (isHidden) hidden++;
        return;
      }
      case "text:s":
        say(" ".repeat(Math.min(Math.max(Number(attribute("text:c") ?? 1) || 1, 1), MOST_BLANKS)));
        return;
      case "text:tab":
        say("\t");
        return;
      case "text:line-break":
        say("\n");
        return;
      case "text:list":
        beginList(attribute);
        return;
      case "text:list-item":
      case "text:list-header":
        beginItem(name, attribute);
        return;
      case "text:note":
        noted++;
        say(` [${noted}]`);
        beginAside("note");
        return;
      case "office:annotation":
        beginAside("comment");
        return;
      case "draw:text-box":
      case "draw:custom-shape": {
        const boxes = paragraphs.at(-1)?.boxes;
        const outer = place();
        enter({ take: (piece) => (boxes ? boxes.push(piece) : outer.take(piece)) });
        return;
      }
      case "table:table":
        tables.push({ row: [], only: null, column: 0, above: new Map(), wide: false });
        return;
      case "table:table-cell":
      case "table:covered-table-cell": {
        const count = (of: string) => Math.max(Number(attribute(`table:number-${of}`) ?? 1) || 1, 1);
        const cell: Cell = {
          pieces: [],
          repeated: count("columns-repeated"),
          rows: Math.min(count("rows-spanned"), 10_000),
          covered: name === "table:covered-table-cell",
        };
        cells.push(cell);
        enter({ take: (piece) => cell.pieces.push(piece) });
      }
    }
  }
  function beginAside(kind: "note" | "comment"): void {
    const pieces: Piece[] = [];
    asides.push({ kind, pieces });
    enter({ take: (piece) => pieces.push(piece) });
  }
  function endAside(): void {
    const aside = asides.pop();
    leave();
    const words = wordsOfPieces(aside?.pieces ?? []);
    if (aside === undefined || words.trim() === "" || hidden > 0) return;
    notes.push({
      kind: "paragraph",
      text: aside.kind === "note" ? `[${noted}] ${words}` : `Comment: ${words}`,
    });
    if (paragraphs.length === 0 && isTop()) endNotes();
  }
  function close(name: string): void {
    if (skipped > 0) {
      skipped--;
      return;
    }
    if (name === "text:p" || name === "text:h") endParagraph();
    else if (name === "text:span") {
      if (spans.pop() === true) hidden--;
    } else if (name === "text:list") {
      const list = lists.pop();
      if (list !== undefined && ended.size < 10_000) ended.set(list.style ?? "", list.count);
    } else if (name === "text:list-item" || name === "text:list-header") {
      const list = lists.at(-1);
      if (list !== undefined) list.item = null;
    } else if (name === "text:note" || name === "office:annotation") endAside();
    else if (name === "draw:text-box" || name === "draw:custom-shape") leave();
    else if (name === "table:table-cell" || name === "table:covered-table-cell") endCell();
    else if (name === "table:table-row") endRow();
    else if (name === "table:table") {
      tables.pop();
      place().take({ kind: "table end" });
      if (isTop()) endNotes();
    }
  }
  return {
    open,
    close,
    text(text) {
      // Line breaks of the file are blanks; only elements make lines.
      if (skipped === 0 && paragraphs.length > 0) say(text.replace(/[\t\r\n]+/g, " "));
    },
  };
}
