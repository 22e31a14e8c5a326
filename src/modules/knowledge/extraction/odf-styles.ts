import { numeral } from "./docx-numbering.ts";
import type { OdfPackage } from "./odf-package.ts";
import type { Attributes } from "./xml.ts";

type Style = {
  parent?: string;
  title: boolean;
  outline?: number;
  list?: string;
  hidden?: boolean;
  bold?: boolean;
};
type Level = { format: string | null; prefix: string; suffix: string; start: number; shown: number };

export type OdfStyles = {
  isTitle(name: string | undefined): boolean;
  /** The level that paragraphs of the style have as headings, from 1; null for body text. */
  outline(name: string | undefined): number | null;
  list(name: string | undefined): string | undefined;
  hidden(name: string | undefined): boolean;
  bold(name: string | undefined): boolean;
  /** What stands before an item, by the counts of its list's levels from the outermost: "2.1", "-" for a bullet. */
  mark(list: string | undefined, counts: readonly number[]): string;
  start(list: string | undefined, level: number): number;
  /** How many slides or sheets the content has: they are counted before they are told. */
  pages: number;
};

/** The name of the list that numbers headings. */
export const OUTLINE = "\0outline";
const DEEPEST = 20;
const MOST_LEVELS = 10;

/**
 * Reads the styles of both files, of all families: their names differ where it matters (ODF 1.3 part 3, 16). Pages are
 * the elements `page` that stand directly in `body`; without these names the body is not looked at.
 */
export async function readOdfStyles(pack: OdfPackage, body?: string, page?: string): Promise<OdfStyles> {
  const styles = new Map<string, Style>();
  const lists = new Map<string, Level[]>();
  let style: Style | undefined;
  let levels: Level[] | undefined;

  function beginStyle(attribute: Attributes): void {
    const name = attribute("style:name") ?? "";
    style = { title: /^title$/i.test(name) };
    const parent = attribute("style:parent-style-name");
    if (parent !== undefined) style.parent = parent;
    const outline = Number(attribute("style:default-outline-level") ?? "");
    if (outline >= 1) style.outline = outline;
    const list = attribute("style:list-style-name");
    if (list !== undefined) style.list = list;
    styles.set(name, style);
  }
  function beginLevel(name: string, attribute: Attributes): void {
    const at = Number(attribute("text:level")) - 1;
    if (levels === undefined || !(at >= 0 && at < MOST_LEVELS)) return;
    levels[at] = {
      format: name.endsWith("bullet") ? null : (attribute("style:num-format") ?? ""),
      prefix: attribute("style:num-prefix") ?? "",
      suffix: attribute("style:num-suffix") ?? "",
      start: Math.min(Math.max(Math.trunc(Number(attribute("text:start-value") ?? 1)) || 0, 0), 1_000_000),
      shown: Math.min(Math.max(Number(attribute("text:display-levels") ?? 1) || 1, 1), MOST_LEVELS),
    };
  }
  function open(name: string, attribute: Attributes): void {
    if (name === "style:style") beginStyle(attribute);
    else if (name === "text:list-style" || name === "text:outline-style") {
      levels = [];
      lists.set(name === "text:outline-style" ? OUTLINE : (attribute("style:name") ?? ""), levels);
    } else if (/^text:(?:list|outline)-level-style/.test(name)) beginLevel(name, attribute);
    else if (style === undefined) return;
    else if (name === "style:text-properties") {
      if (attribute("text:display") === "none") style.hidden = true;
      const weight = attribute("fo:font-weight");
      if (weight !== undefined) style.bold = weight === "bold" || Number(weight) >= 600;
    } else if (name === "style:table-properties" && attribute("table:display") === "false")
      style.hidden = true;
    else if (name === "style:drawing-page-properties" && attribute("presentation:visibility") === "hidden")
      style.hidden = true;
  }
  function close(name: string): void {
    if (name === "style:style") style = undefined;
    else if (name === "text:list-style" || name === "text:outline-style") levels = undefined;
  }
  await pack.read("styles.xml", { open, close });
  let pages = 0;
  let inBody = false;
  const path: string[] = [];
  await pack.read("content.xml", {
    open(name, attribute) {
      inBody ||= name === "office:body";
      if (!inBody) open(name, attribute);
      else if (name === page && path.at(-1) === body) pages++;
      path.push(name);
    },
    close(name) {
      path.pop();
      if (!inBody) close(name);
    },
    done: () => inBody && page === undefined,
  });

  function inherited<T>(name: string | undefined, look: (style: Style) => T | undefined): T | undefined {
    for (let depth = 0, at = name; at !== undefined && depth < DEEPEST; depth++) {
      const found = styles.get(at);
      if (found === undefined) return undefined;
      const value = look(found);
      if (value !== undefined) return value;
      at = found.parent;
    }
    return undefined;
  }
  function mark(list: string | undefined, counts: readonly number[]): string {
    const all = lists.get(list ?? "");
    const own = all?.[counts.length - 1];
    if (own === undefined) return list === OUTLINE ? "" : "-";
    if (own.format === null) return "-";
    if (own.format === "") return "";
    const numbers: string[] = [];
    for (let level = Math.max(0, counts.length - own.shown); level < counts.length; level++) {
      const format = all?.[level]?.format;
      if (format) numbers.push(numeral(counts[level] ?? 1, FORMATS[format] ?? "decimal"));
    }
    return `${own.prefix}${numbers.join(".")}${own.suffix}`;
  }
  return {
    // Programs that write little leave it undefined: its name is known to all.
    isTitle: (name) => name === "Title" || inherited(name, ({ title }) => title || undefined) === true,
    outline: (name) => inherited(name, ({ outline }) => outline) ?? null,
    list: (name) => inherited(name, ({ list }) => list),
    hidden: (name) => inherited(name, ({ hidden }) => hidden) === true,
    bold: (name) => inherited(name, ({ bold }) => bold) === true,
    mark,
    start: (list, level) => lists.get(list ?? "")?.[level]?.start ?? 1,
    pages,
  };
}

const FORMATS: Record<string, string> = {
  a: "lowerLetter",
  A: "upperLetter",
  i: "lowerRoman",
  I: "upperRoman",
};
