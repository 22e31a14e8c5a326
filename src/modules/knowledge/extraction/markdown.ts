import { fromMarkdown } from "mdast-util-from-markdown";
import type { Block, Report } from "./blocks.ts";
import { decodeText } from "./encodings.ts";
import { htmlBlocks } from "./html.ts";
import { cleanCode, cleanLine, cleanLines } from "./text.ts";

type Node = ReturnType<typeof fromMarkdown>["children"][number];
type List = Extract<Node, { type: "list" }>;

// The parser's time grows with the square of depth (100,000 quote marks: 39 s), of the length of one paragraph (5 MB: 8 s)
// and of the items of a list (10,000: a minute), so all are bounded before it sees the source, and its whole time, too.
const DEEPEST = 32;
const SECTION = 8 * 1024;
const LONGEST_SECTION = 64 * 1024;
const MOST_MARKS = 1500;
const MOST_OPENINGS = 200;
const MICROSECONDS = 30_000_000;
const CONTAINER_MARKS = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])))+/gm;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
/** A line that may follow the rest of a document without being part of what stands above it. */
const BEGINS = /^(?:[-+*][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t])/;
// Without blanks, which are taken out before: with them it could be tried in too many ways.
const TABLE_RULE = /^>*\|?:?-+:?(?:\|:?-+:?)*\|?$/;

/** Markdown (CommonMark, and tables) to blocks; links become their text, raw HTML is read as HTML. The title is the first heading of level 1. */
export function extractMarkdown(bytes: Uint8Array, report: Report): void {
  const source = decodeText(bytes).replace(CONTAINER_MARKS, shallow);
  let titled = false;
  const emit = (block: Block) => {
    if (block.text === "") return;
    report.block(block);
    if (titled || block.kind !== "heading" || block.level !== 1) return;
    titled = true;
    report.title(block.text);
  };
  const labels = labelsOf(source);
  const start = process.cpuUsage();
  for (const section of sections(source)) {
    const late = process.cpuUsage(start).user > MICROSECONDS;
    if (late || section.length > LONGEST_SECTION || isKnotted(section))
      emit({ kind: "paragraph", text: cleanLines(section), page: null });
    else for (const node of fromMarkdown(section).children) emitNode(node, { source: section, labels }, emit);
  }
}

type Around = { source: string; labels: ReadonlySet<string> };

const DEFINITION = /^ {0,3}\[([^\]\n]{1,200})\]:/gm;
const REFERENCE = /\[([^\][]{1,300})\]\[([^\][]{0,200})\]/g;
const labelOf = (words: string) => words.trim().replace(/\s+/g, " ").toLowerCase();

/** What links are referred to by: their addresses may stand in another section than their words. */
const labelsOf = (source: string): ReadonlySet<string> =>
  new Set(Array.from(source.matchAll(DEFINITION), ([, words = ""]) => labelOf(words)));

function shallow(marks: string): string {
  let seen = 0;
  return marks.length <= DEEPEST
    ? marks
    : marks.replace(/>|[-+*]|\d{1,9}[.)]/g, (mark) => (++seen > DEEPEST ? " " : mark)).trimEnd();
}

/** Cuts a long source where a blank line is followed by a line at the margin, or before an item or a heading there, never inside a fence. */
function* sections(source: string): Generator<string> {
  if (source.length <= SECTION) return yield source;
  let lines: string[] = [];
  let size = 0;
  let fence = "";
  let afterBlank = false;
  for (const line of source.split(/\r\n?|\n/)) {
    if (size > SECTION && fence === "" && (afterBlank ? /^\S/ : BEGINS).test(line)) {
      yield lines.join("\n");
      lines = [];
      size = 0;
    }
    const mark = FENCE.exec(line)?.[1];
    if (mark !== undefined && fence === "") fence = mark;
    else if (mark?.startsWith(fence)) fence = "";
    lines.push(line);
    size += line.length + 1;
    afterBlank = line.trim() === "";
  }
  yield lines.join("\n");
}

/** Emphasis that never closes is matched in the square of its marks (15,000 in one paragraph: over a minute). */
function isKnotted(section: string): boolean {
  // Each of these that nobody closes is looked for to the end.
  if ((section.match(/<[!?]/g)?.length ?? 0) > MOST_OPENINGS) return true;
  return section.split(/\n[ \t]*\n/).some((run) => (run.match(/[*_[]/g)?.length ?? 0) > MOST_MARKS);
}

function emitNode(node: Node, around: Around, emit: (block: Block) => void): void {
  if (node.type === "heading")
    emit({
      kind: "heading",
      level: node.depth,
      text: cleanLine(inlineText(node, around.labels)),
      page: null,
    });
  else if (node.type === "paragraph") emit(paragraph(node, around));
  else if (node.type === "list")
    emit({ kind: "list", text: cleanLines(listLines(node, around).join("\n")), page: null });
  else if (node.type === "code") emit({ kind: "code", text: cleanCode(node.value), page: null });
  else if (node.type === "html") htmlBlocks(node.value, emit);
  else if (node.type === "blockquote") for (const child of node.children) emitNode(child, around, emit);
}

function paragraph(node: Extract<Node, { type: "paragraph" }>, { source, labels }: Around): Block {
  const raw = source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0);
  const rows = raw.split("\n");
  if (rows.length > 1 && rows[0]?.includes("|") && TABLE_RULE.test((rows[1] ?? "").replace(/[ \t]+/g, ""))) {
    const lines = rows.filter((_, row) => row !== 1).map((row) => tableLine(row, labels));
    return { kind: "table", header: true, text: cleanLines(lines.join("\n")), page: null };
  }
  return { kind: "paragraph", text: cleanLines(inlineText(node, labels)), page: null };
}

// What the parser would make something of, which costs a thousand times what looking for it does.
const MARKED = /[\\`*_[\]<>&]|^(?:[#+~-]|\d{1,9}[.)])/;

function tableLine(row: string, labels: Around["labels"]): string {
  const cells = row
    .replace(/[ \t]+/g, " ")
    .replace(/^[ >]*\|?/, "")
    .trimEnd()
    .replace(/\|$/, "")
    .split(/(?<!\\)\|/);
  return cells
    .map((cell) => {
      const text = cell.trim();
      if (!MARKED.test(text)) return cleanLine(text);
      return cleanLine(inlineText(fromMarkdown(text.replaceAll("\\|", "|")), labels));
    })
    .join(" | ");
}

function listLines(list: List, around: Around): string[] {
  const first = list.start ?? 1;
  return list.children.flatMap((item, index) => {
    const [head = "", ...rest] = itemLines(item, around);
    return [`${list.ordered ? `${first + index}.` : "-"} ${head}`, ...rest];
  });
}

function itemLines(item: List["children"][number], around: Around): string[] {
  const lines: string[] = [];
  for (const child of item.children) {
    if (child.type === "list") for (const line of listLines(child, around)) lines.push(line);
    else emitNode(child, around, (block) => lines.push(block.text));
  }
  return lines;
}

/** The text that a reader sees: breaks are breaks, soft breaks are blanks, HTML inside a line is stripped of its tags. */
function inlineText(node: Node | ReturnType<typeof fromMarkdown>, labels: Around["labels"]): string {
  if (node.type === "text")
    return node.value
      .replace(/\n/g, " ")
      .replace(REFERENCE, (all, words: string, label: string) =>
        labels.has(labelOf(label || words)) ? words : all,
      );
  if (node.type === "break") return "\n";
  if (node.type === "html") return /^<br\b/i.test(node.value) ? "\n" : "";
  if ("children" in node) return node.children.map((child) => inlineText(child, labels)).join("");
  return "value" in node ? node.value : node.type === "image" ? (node.alt ?? "") : "";
}
