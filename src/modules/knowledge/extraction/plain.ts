import type { Block, Report } from "./blocks.ts";
import { decodeText } from "./encodings.ts";
import { cleanLine, cleanLines } from "./text.ts";

const BULLET = /^\s*(?:[-*+•–·]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S/;
const UNDERLINE = /^\s*(?:={3,}|-{3,}|~{3,})\s*$/;

/** Plain text: blank lines part paragraphs; a line in capitals or underlined is a heading; lines with bullets stay lines. */
export function extractPlain(bytes: Uint8Array, report: Report): void {
  plainBlocks(decodeText(bytes), (block) => report.block(block));
}

/** The blocks of a plain text, in order. */
export function plainBlocks(text: string, emit: (block: Block) => void): void {
  for (const group of paragraphsOf(text)) {
    for (const block of blocksOf(group)) if (block.text !== "") emit(block);
  }
}

function* paragraphsOf(text: string): Generator<string[]> {
  let group: string[] = [];
  for (const line of text.split(/\r\n?|\n|\f/)) {
    if (line.trim() !== "") {
      group.push(line);
      continue;
    }
    if (group.length > 0) yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function* blocksOf(group: string[]): Generator<Block> {
  let from = 0;
  for (; from < group.length; from++) {
    const first = group[from] ?? "";
    const second = group[from + 1];
    if (second !== undefined && first.length < 120 && UNDERLINE.test(second)) {
      yield heading(first, second.trim().startsWith("=") ? 1 : 2);
      from++;
    } else if (second === undefined && UNDERLINE.test(first)) return;
    else if (isCapitals(first)) yield heading(first, 2);
    else break;
  }
  if (from < group.length) yield bodyOf(group.slice(from));
}

const heading = (line: string, level: number): Block => ({
  kind: "heading",
  level,
  text: cleanLine(line),
  page: null,
});

function bodyOf(group: string[]): Block {
  let bullets = 0;
  for (const line of group) if (BULLET.test(line)) bullets++;
  if (bullets > 1) return { kind: "list", text: cleanLines(joinContinuations(group)), page: null };
  // Lines that a program wrapped are long but for the last; short ones (addresses, timetables) were broken by a person.
  const wrapped = group.slice(0, -1).every((line) => line.trim().length > 50);
  return {
    kind: "paragraph",
    text: wrapped ? cleanLine(group.join(" ")) : cleanLines(group.join("\n")),
    page: null,
  };
}

function isCapitals(line: string): boolean {
  const text = line.trim();
  return (
    text.length >= 3 &&
    text.length < 80 &&
    /\p{Lu}{2}/u.test(text) &&
    !/\p{Ll}/u.test(text) &&
    !/[.;,]$/.test(text)
  );
}

function joinContinuations(lines: string[]): string {
  let text = "";
  for (const line of lines) text += `${text === "" ? "" : BULLET.test(line) ? "\n" : " "}${line.trim()}`;
  return text;
}
