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

function blocksOf(group: string[]): Block[] {
  const [first = "", second, ...rest] = group;
  if (second !== undefined && UNDERLINE.test(second) && first.length < 120) {
    const level = second.trim().startsWith("=") ? 1 : 2;
    const heading: Block = { kind: "heading", level, text: cleanLine(first), page: null };
    return rest.length > 0 ? [heading, ...blocksOf(rest)] : [heading];
  }
  if (second === undefined && UNDERLINE.test(first)) return [];
  if (isCapitals(first)) {
    const heading: Block = { kind: "heading", level: 2, text: cleanLine(first), page: null };
    return group.length > 1 ? [heading, ...blocksOf(group.slice(1))] : [heading];
  }
  if (group.filter((line) => BULLET.test(line)).length > 1) {
    return [{ kind: "list", text: cleanLines(joinContinuations(group)), page: null }];
  }
  // Lines that a program wrapped are long but for the last; short ones (addresses, timetables) were broken by a person.
  const wrapped = group.slice(0, -1).every((line) => line.trim().length > 50);
  return [
    {
      kind: "paragraph",
      text: wrapped ? cleanLine(group.join(" ")) : cleanLines(group.join("\n")),
      page: null,
    },
  ];
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
