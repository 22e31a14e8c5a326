import type { Package } from "./ooxml.ts";

type Level = { format: string; text: string; start: number; style?: string; legal?: boolean };
type List = { levels: Level[]; link?: string };

/** Counts as the reader of the document does: `mark` steps the list on and gives what stands before the paragraph. */
export type Numbering = {
  /** "4.2", "b)", "-" for any bullet, "" for none. `style` finds the level where the paragraph names none. */
  mark(numbering: string, level: number | undefined, style: string | undefined): string;
};

const MOST_LEVELS = 9;
const MOST_COUNT = 1_000_000;

/** Reads a numbering part. `listOf` gives the list of a style, for lists that are defined by a style's name. */
export async function readNumbering(
  pack: Package,
  part: string | undefined,
  listOf: (style: string) => string | undefined,
): Promise<Numbering> {
  const lists = new Map<string, List>();
  const uses = new Map<string, { list: string; starts: Map<number, number> }>();
  let list: List | undefined;
  let level: Level | undefined;
  let use: { list: string; starts: Map<number, number> } | undefined;
  let overridden = 0;
  await pack.read(part, {
    open(name, attribute) {
      const value = attribute("w:val") ?? "";
      if (name === "w:abstractNum") {
        list = { levels: [] };
        lists.set(attribute("w:abstractNumId") ?? "", list);
      } else if (name === "w:num") {
        use = { list: "", starts: new Map() };
        uses.set(attribute("w:numId") ?? "", use);
      } else if (name === "w:abstractNumId" && use !== undefined) use.list = value;
      else if (name === "w:lvlOverride") overridden = Number(attribute("w:ilvl"));
      else if (name === "w:startOverride") use?.starts.set(overridden, counted(value));
      else if (name === "w:numStyleLink" && list !== undefined) list.link = value;
      else if (name === "w:lvl" && list !== undefined) {
        level = { format: "decimal", text: "", start: 1 };
        const at = Number(attribute("w:ilvl"));
        if (at >= 0 && at < MOST_LEVELS) list.levels[at] = level;
      } else if (level === undefined) return;
      else if (name === "w:numFmt") level.format = value;
      else if (name === "w:lvlText") level.text = value.slice(0, 100);
      else if (name === "w:start") level.start = counted(value);
      else if (name === "w:pStyle") level.style = value;
      else if (name === "w:isLgl") level.legal = true;
    },
    close(name) {
      if (name === "w:abstractNum") list = undefined;
      else if (name === "w:num") use = undefined;
      else if (name === "w:lvl") level = undefined;
    },
  });

  const counters = new Map<List, (number | undefined)[]>();
  const begun = new Set<string>();
  function mark(numbering: string, given: number | undefined, style: string | undefined): string {
    const used = uses.get(numbering);
    let levels = used && lists.get(used.list);
    if (levels?.link !== undefined) levels = lists.get(uses.get(listOf(levels.link) ?? "")?.list ?? "");
    if (used === undefined || levels === undefined) return "";
    const named = levels.levels.findIndex((each) => style !== undefined && each?.style === style);
    const at = Math.min(Math.max(given ?? (named === -1 ? 0 : named), 0), MOST_LEVELS - 1);
    const own = levels.levels[at];
    if (own === undefined) return "";
    const counts = counters.get(levels) ?? [];
    counters.set(levels, counts);
    const restart = used.starts.get(at);
    if (restart !== undefined && !begun.has(`${numbering} ${at}`)) counts[at] = restart;
    else counts[at] = counts[at] === undefined ? own.start : counts[at] + 1;
    begun.add(`${numbering} ${at}`);
    counts.length = at + 1;
    if (own.format === "bullet") return "-";
    if (own.format === "none") return "";
    return own.text.replace(/%([1-9])/g, (_, digit: string) => {
      const index = Number(digit) - 1;
      const which = levels.levels[index];
      const count = counts[index] ?? which?.start ?? 1;
      return numeral(count, own.legal ? "decimal" : (which?.format ?? "decimal"));
    });
  }
  return { mark };
}

const counted = (value: string) => Math.min(Math.max(Math.trunc(Number(value)) || 0, 0), MOST_COUNT);

/** A count in one of the ways that ECMA-376 17.18.59 names (those that Latin script knows; else plain digits). */
export function numeral(count: number, format: string): string {
  if (/letter$/i.test(format) && count > 0) {
    const letter = String.fromCharCode(97 + ((count - 1) % 26)).repeat(Math.min(Math.ceil(count / 26), 10));
    return format.startsWith("upper") ? letter.toUpperCase() : letter;
  }
  if (/roman$/i.test(format) && count > 0 && count < 4000) {
    const roman = romanOf(count);
    return format.startsWith("upper") ? roman : roman.toLowerCase();
  }
  return format === "decimalZero" && count < 10 ? `0${count}` : String(count);
}

const ROMAN: [number, string][] = [
  [1000, "M"],
  [900, "CM"],
  [500, "D"],
  [400, "CD"],
  [100, "C"],
  [90, "XC"],
  [50, "L"],
  [40, "XL"],
  [10, "X"],
  [9, "IX"],
  [5, "V"],
  [4, "IV"],
  [1, "I"],
];

function romanOf(count: number): string {
  let rest = count;
  let text = "";
  for (const [value, letters] of ROMAN) for (; rest >= value; rest -= value) text += letters;
  return text;
}
