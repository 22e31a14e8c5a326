import { fromMarkdown } from "mdast-util-from-markdown";
import type { Block, Report } from "./blocks.ts";
import { decodeText } from "./encodings.ts";
import { htmlBlocks } from "./html.ts";
import { cleanCode, cleanLine, cleanLines } from "./text.ts";

type Node = ReturnType<typeof fromMarkdown>["children"][number];
type List = Extract<Node, { type: "list" }>;

// The parser's time grows with the square of depth (100,000 quote marks: 39 s) and of the length of one paragraph
// (5 MB: 8 s), so both are bounded before it sees the source.
const DEEPEST = 32;
const SECTION = 64 * 1024;
const MOST_MARKS = 4000;
const CONTAINER_MARKS = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])))+/gm;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const TABLE_RULE = /^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

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
  for (const section of sections(source)) {
    if (section.length > 2 * SECTION || isKnotted(section))
      emit({ kind: "paragraph", text: cleanLines(section), page: null });
    else for (const node of fromMarkdown(section).children) emitNode(node, section, emit);
  }
}

function shallow(marks: string): string {
  let seen = 0;
  return marks.length <= DEEPEST
    ? marks
    : marks.replace(/>|[-+*]|\d{1,9}[.)]/g, (mark) => (++seen > DEEPEST ? " " : mark)).trimEnd();
}

/** Cuts a long source where a blank line is followed by a line at the margin, never inside a fence. */
function* sections(source: string): Generator<string> {
  if (source.length <= SECTION) return yield source;
  let lines: string[] = [];
  let size = 0;
  let fence = "";
  let afterBlank = false;
  for (const line of source.split(/\r\n?|\n/)) {
    if (size > SECTION && afterBlank && fence === "" && /^\S/.test(line)) {
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
  return section.split(/\n[ \t]*\n/).some((run) => (run.match(/[*_[]/g)?.length ?? 0) > MOST_MARKS);
}

function emitNode(node: Node, source: string, emit: (block: Block) => void): void {
  if (node.type === "heading")
    emit({ kind: "heading", level: node.depth, text: cleanLine(inlineText(node)), page: null });
  else if (node.type === "paragraph") emit(paragraph(node, source));
  else if (node.type === "list")
    emit({ kind: "list", text: cleanLines(listLines(node, source).join("\n")), page: null });
  else if (node.type === "code") emit({ kind: "code", text: cleanCode(node.value), page: null });
  else if (node.type === "html") htmlBlocks(node.value, emit);
  else if (node.type === "blockquote") for (const child of node.children) emitNode(child, source, emit);
}

function paragraph(node: Extract<Node, { type: "paragraph" }>, source: string): Block {
  const raw = source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0);
  const rows = raw.split("\n");
  if (rows.length > 1 && rows[0]?.includes("|") && TABLE_RULE.test(rows[1] ?? "")) {
    const lines = rows.filter((_, row) => row !== 1).map(tableLine);
    return { kind: "table", header: true, text: cleanLines(lines.join("\n")), page: null };
  }
  return { kind: "paragraph", text: cleanLines(inlineText(node)), page: null };
}

function tableLine(row: string): string {
  const cells = row.replace(/^[ \t>]*\|?|\|?[ \t]*$/g, "").split(/(?<!\\)\|/);
  return cells
    .map((cell) => cleanLine(inlineText(fromMarkdown(cell.replaceAll("\\|", "|").trim()))))
    .join(" | ");
}

function listLines(list: List, source: string): string[] {
  const first = list.start ?? 1;
  return list.children.flatMap((item, index) => {
    const [head = "", ...rest] = itemLines(item, source);
    return [`${list.ordered ? `${first + index}.` : "-"} ${head}`, ...rest];
  });
}

function itemLines(item: List["children"][number], source: string): string[] {
  const lines: string[] = [];
  for (const child of item.children) {
    if (child.type === "list") lines.push(...listLines(child, source));
    else emitNode(child, source, (block) => lines.push(block.text));
  }
  return lines;
}

/** The text that a reader sees: breaks are breaks, soft breaks are blanks, HTML inside a line is stripped of its tags. */
function inlineText(node: Node | ReturnType<typeof fromMarkdown>): string {
  if (node.type === "text") return node.value.replace(/\n/g, " ");
  if (node.type === "break") return "\n";
  if (node.type === "html") return /^<br\b/i.test(node.value) ? "\n" : "";
  if ("children" in node) return node.children.map(inlineText).join("");
  return "value" in node ? node.value : node.type === "image" ? (node.alt ?? "") : "";
}
