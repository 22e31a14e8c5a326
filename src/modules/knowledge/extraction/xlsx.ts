import type { Block, Report } from "./blocks.ts";
import { flow } from "./office-flow.ts";
import { openPackage, type Package, type Relation } from "./ooxml.ts";
import { drawnWords } from "./ooxml-drawings.ts";
import { labelRoom, sheetWriter } from "./sheet-rows.ts";
import { cleanLine } from "./text.ts";
import { readBook, type Sheet, stringEvents } from "./xlsx-book.ts";
import { cellRoom, rowOf, writeSheet } from "./xlsx-sheet.ts";
import type { ZipBudget } from "./zip.ts";

/**
 * A SpreadsheetML workbook (ECMA-376 part 1, 18) to blocks: each sheet its name as heading, its rows (sheet-rows.ts),
 * then the words of its text boxes and comments; `page` is the sheet's number. Hidden sheets are read and say so.
 */
export async function extractXlsx(bytes: Uint8Array, report: Report, budget?: ZipBudget): Promise<void> {
  const pack = await openPackage(bytes, budget);
  const book = await readBook(pack);
  if (book.sheets.length > 0) report.pages(book.sheets.length);
  if (pack.title !== "") report.title(pack.title);
  const cells = cellRoom();
  const labels = labelRoom();
  for (const [index, sheet] of book.sheets.entries()) {
    const page = index + 1;
    const named = headed(report, sheet, page);
    const relations = sheet.part === undefined ? [] : await pack.relations(sheet.part);
    await readHeaders(pack, relations, sheet);
    const writer = sheetWriter(named, page, labels);
    await writeSheet(pack, book, sheet, cells, writer);
    writer.end();
    const take = flow(named, page);
    for (const text of await besides(pack, relations)) take({ kind: "paragraph", text });
  }
}

/** The sheet's name above its first block; an empty sheet is not worth one. */
export function headed(
  report: Report,
  { name, hidden }: Pick<Sheet, "name" | "hidden">,
  page: number,
): Pick<Report, "block"> {
  let told = false;
  const heading = `${name || `Sheet ${page}`}${hidden ? " (hidden sheet)" : ""}`;
  return {
    block(block: Block) {
      if (!told) report.block({ kind: "heading", level: 1, text: heading, page });
      told = true;
      report.block(block);
    },
  };
}

/** Tables of a sheet know which of their rows holds the names (18.5.1.2). */
async function readHeaders(pack: Package, relations: Relation[], sheet: Sheet): Promise<void> {
  for (const { type, target } of relations) {
    if (type !== "table") continue;
    await pack.read(target, {
      open(name, attribute) {
        const row = rowOf((attribute("ref") ?? "").split(":")[0] ?? "");
        if (name === "s:table" && attribute("headerRowCount") !== "0" && row > 0) sheet.headers.add(row);
      },
    });
  }
}

/** What is written on a sheet but in none of its cells. */
async function besides(pack: Package, relations: Relation[]): Promise<string[]> {
  const texts: string[] = [];
  const threads = relations.filter(({ type }) => type === "threadedComment");
  for (const { type, target } of relations) {
    if (type === "drawing") {
      const charts = (await pack.relations(target)).filter((each) => each.type === "chart");
      for (const part of [target, ...charts.map((each) => each.target)])
        texts.push(await drawnWords(pack, part));
    }
    // Threads are kept a second time as plain comments for older programs.
    else if (type === "comments" && threads.length === 0) texts.push(...(await comments(pack, target)));
  }
  for (const { target } of threads) texts.push(...(await threadWords(pack, target)));
  return texts;
}

async function comments(pack: Package, part: string): Promise<string[]> {
  const texts: string[] = [];
  let place = "";
  const words = stringEvents("s:comment", (text) => {
    if (text.trim() !== "") texts.push(`Comment: ${place ? `${place}: ` : ""}${cleanLine(text)}`);
  });
  await pack.read(part, {
    ...words,
    open(name, attribute) {
      if (name === "s:comment") place = cleanLine(attribute("ref") ?? "");
      words.open?.(name, attribute);
    },
  });
  return texts;
}

async function threadWords(pack: Package, part: string): Promise<string[]> {
  const texts: string[] = [];
  let place = "";
  let text: string | null = null;
  await pack.read(part, {
    open(name, attribute) {
      if (name === "threaded:threadedComment") place = cleanLine(attribute("ref") ?? "");
      else if (name === "threaded:text") text = "";
    },
    close(name) {
      if (name !== "threaded:text" || text === null) return;
      if (text.trim() !== "") texts.push(`Comment: ${place ? `${place}: ` : ""}${cleanLine(text)}`);
      text = null;
    },
    text(piece) {
      if (text !== null) text += piece;
    },
  });
  return texts;
}
