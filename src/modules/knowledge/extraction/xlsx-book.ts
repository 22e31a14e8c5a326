import { extractionFailure } from "./failure.ts";
import type { Package } from "./ooxml.ts";
import { cleanLine } from "./text.ts";
import { numberFormat, type ShowNumber } from "./xlsx-formats.ts";
import type { XmlEvents } from "./xml.ts";

const MOST_SHEETS = 10_000;
const MOST_STRINGS = 60_000_000;
const MOST_STYLES = 100_000;

export type Sheet = { name: string; part: string | undefined; hidden: boolean; headers: Set<number> };

/** How cells of a style look. */
export type Look = { show: ShowNumber; bold: boolean };

export type Book = { sheets: Sheet[]; strings: string[]; look(style: number): Look };

/** Reads what all sheets of a workbook share (ECMA-376 part 1, 18.2, 18.4, 18.8). */
export async function readBook(pack: Package): Promise<Book> {
  const relations = await pack.relations(pack.main);
  const targets = new Map(relations.map(({ id, target }) => [id, target]));
  const part = (type: string) => relations.find((each) => each.type === type)?.target;
  const sheets: Sheet[] = [];
  let from1904 = false;
  let defined: { sheet: number; text: string } | undefined;
  await pack.read(pack.main, {
    open(name, attribute) {
      if (name === "s:workbookPr") from1904 = /^(?:1|true)$/.test(attribute("date1904") ?? "");
      else if (name === "s:sheet") {
        if (sheets.length >= MOST_SHEETS) throw extractionFailure("too_large_inflated");
        sheets.push({
          name: cleanLine(attribute("name") ?? ""),
          part: targets.get(attribute("r:id") ?? ""),
          hidden: /^(?:hidden|veryHidden)$/.test(attribute("state") ?? ""),
          headers: new Set(),
        });
      } else if (
        name === "s:definedName" &&
        /^_xlnm\.(?:_FilterDatabase|Print_Titles)$/.test(attribute("name") ?? "")
      )
        defined = { sheet: Number(attribute("localSheetId") ?? -1), text: "" };
    },
    close(name) {
      if (name !== "s:definedName" || defined === undefined) return;
      // 'Rent 2024'!$A$3:$D$90 (a filter below its names), or $A:$B,'Rent 2024'!$1:$3 (rows printed on each page).
      const [, first, last] = /\$?[A-Z]*\$(\d{1,7}):\$?([A-Z]*)\$\d{1,7}$/.exec(defined.text) ?? [];
      const row = last === "" ? /\$(\d{1,7})$/.exec(defined.text)?.[1] : first;
      if (row !== undefined) sheets[defined.sheet]?.headers.add(Number(row));
      defined = undefined;
    },
    text(text) {
      if (defined !== undefined) defined.text = (defined.text + text).slice(0, 1000);
    },
  });
  const strings = await readStrings(pack, part("sharedStrings"));
  const looks = await readLooks(pack, part("styles"), from1904);
  const unstyled: Look = { show: numberFormat(0, undefined, from1904), bold: false };
  return { sheets, strings, look: (style) => looks[style] ?? looks[0] ?? unstyled };
}

async function readStrings(pack: Package, part: string | undefined): Promise<string[]> {
  const strings: string[] = [];
  let size = 0;
  await pack.read(
    part,
    stringEvents("s:si", (text) => {
      size += text.length + 8;
      if (size > MOST_STRINGS) throw extractionFailure("too_large_inflated");
      strings.push(text);
    }),
  );
  return strings;
}

/** The text of each `element`: plain or rich, without the reading aids of East Asian ones (18.4.8, 18.4.6). */
export function stringEvents(element: string, take: (text: string) => void): XmlEvents {
  let text = "";
  let inText = false;
  let aids = 0;
  return {
    open(name) {
      if (name === "s:t") inText = aids === 0;
      else if (name === "s:rPh") aids++;
    },
    close(name) {
      if (name === "s:t") inText = false;
      else if (name === "s:rPh") aids--;
      else if (name === element) {
        take(unescaped(text));
        text = "";
      }
    },
    text(piece) {
      if (inText) text += piece;
    },
  };
}

/** Characters that XML cannot hold are written as _x000D_ (22.4.2.4). */
export function unescaped(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replace(/_x([0-9a-f]{4})_/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

async function readLooks(pack: Package, part: string | undefined, from1904: boolean): Promise<Look[]> {
  const codes = new Map<number, string>();
  const shows = new Map<number, ShowNumber>();
  const bold: boolean[] = [];
  const looks: Look[] = [];
  let inFonts = false;
  let inCells = false;
  const show = (id: number) => {
    const known = shows.get(id) ?? numberFormat(id, codes.get(id), from1904);
    shows.set(id, known);
    return known;
  };
  await pack.read(part, {
    open(name, attribute) {
      if (name === "s:numFmt") codes.set(Number(attribute("numFmtId")), attribute("formatCode") ?? "");
      else if (name === "s:fonts") inFonts = true;
      else if (name === "s:cellXfs") inCells = true;
      else if (name === "s:font" && inFonts) bold.push(false);
      else if (name === "s:b" && inFonts && bold.length > 0)
        bold[bold.length - 1] = !/^(?:0|false)$/.test(attribute("val") ?? "1");
      else if (name === "s:xf" && inCells && looks.length < MOST_STYLES)
        looks.push({
          show: show(Number(attribute("numFmtId") ?? 0)),
          bold: bold[Number(attribute("fontId") ?? 0)] ?? false,
        });
    },
    close(name) {
      if (name === "s:fonts") inFonts = false;
      else if (name === "s:cellXfs") inCells = false;
    },
  });
  return looks;
}
