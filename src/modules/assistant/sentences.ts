import type { Grammar } from "./languages/grammar.ts";

/**
 * One quotable piece of a text: `text.slice(start, end)`, trimmed. `intro` is the offset range of the line that
 * a list item or a table row belongs to ("The tenant pays:", the head of the table), when there is one.
 */
export type Sentence = {
  start: number;
  end: number;
  kind: "prose" | "item" | "row" | "heading";
  intro: { start: number; end: number } | null;
};

/**
 * Splits a passage into sentences, list items, table rows and headings, in order, none overlapping.
 * Lines that a page's width broke are put together again. Linear in the length of the text; never throws.
 */
export function splitSentences(text: string, grammar: Grammar): Sentence[] {
  const found: Sentence[] = [];
  let intro: Sentence["intro"] = null;
  let tableHead: Sentence["intro"] = null;
  for (const block of blocksOf(text)) {
    if (block.kind === "row") {
      found.push({ ...block, intro: tableHead });
      tableHead ??= { start: block.start, end: block.end };
      continue;
    }
    tableHead = null;
    if (block.kind === "item") {
      for (const range of proseOf(text, block, grammar)) found.push({ ...range, kind: "item", intro });
      continue;
    }
    const sentences = block.kind === "heading" ? [block] : proseOf(text, block, grammar);
    for (const range of sentences)
      found.push({ start: range.start, end: range.end, kind: block.kind, intro: null });
    const last = sentences.at(-1);
    intro =
      last && /[:：]$/.test(text.slice(last.start, last.end)) ? { start: last.start, end: last.end } : null;
  }
  return found;
}

type Range = { start: number; end: number };
type Block = Range & { kind: Sentence["kind"] };

const itemStart = /^(?:[-*•‣◦▪–—·]\s+|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s+)/;
const rule = /^[\s|:+=_-]*$/;
const rowShape = /^\|.*\||\S\s*\|\s*\S.*|\S\t+\S|\S {3,}\S/;
const wrapWidth = 55;

/** Lines put together into paragraphs and items; rows of tables and short lines without an end stay alone. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const line of linesOf(text)) {
    const content = text.slice(line.start, line.end);
    if (rule.test(content)) {
      // A rule between the rows of a table does not end it, and is no row.
      open = null;
      continue;
    }
    if (rowShape.test(content)) {
      blocks.push({ ...line, kind: "row" });
      open = null;
    } else if (itemStart.test(content)) {
      open = { ...line, kind: "item" };
      blocks.push(open);
    } else if (
      open &&
      continues(text.slice(Math.max(open.start, open.end - 2 * wrapWidth), open.end), content)
    ) {
      open.end = line.end;
    } else {
      open = { ...line, kind: "prose" };
      blocks.push(open);
    }
  }
  for (const block of blocks)
    if (block.kind === "prose" && isHeading(text.slice(block.start, block.end))) block.kind = "heading";
  return blocks;
}

function linesOf(text: string): Range[] {
  return [...text.matchAll(/[^\r\n\u2028\u2029\f]+/g)].flatMap((match) => {
    const trimmed = trim(text, { start: match.index, end: match.index + match[0].length });
    // A blank line is a line with nothing in it: it ends a paragraph.
    const blankBefore = /\n[^\S\n]*\r?\n[^\S\n]*$/.test(
      text.slice(Math.max(0, match.index - 8), match.index),
    );
    const blank = { start: match.index, end: match.index };
    return trimmed === null ? [blank] : blankBefore ? [blank, trimmed] : [trimmed];
  });
}

/** Whether a line goes on with the paragraph that ends in `before`. */
function continues(before: string, line: string): boolean {
  if (/[:：]$/.test(before)) return false;
  if (/^\p{Ll}/u.test(line)) return true;
  const lastLine = before.slice(before.lastIndexOf("\n") + 1);
  return lastLine.length >= wrapWidth;
}

function isHeading(content: string): boolean {
  if (/^#{1,6}\s/.test(content)) return true;
  return (
    content.length <= 80 && !/[.!?…:;,。！？]["'”’»)\]]*$/.test(content) && content.split(/\s+/).length <= 10
  );
}

/** Sentences of a paragraph. */
function proseOf(text: string, block: Range, grammar: Grammar): Range[] {
  const content = text.slice(block.start, block.end);
  const found: Range[] = [];
  let from = 0;
  for (const match of content.matchAll(/[.!?…]{1,8}(?:["'”’»)\]]|\s»){0,4}(?=\s)|[。！？]+[」』”]?/g)) {
    const end = match.index + match[0].length;
    if (!endsSentence(content, from, match.index, end, grammar)) continue;
    const range = trim(text, { start: block.start + from, end: block.start + end });
    if (range) found.push(range);
    from = end;
  }
  const rest = trim(text, { start: block.start + from, end: block.end });
  return rest ? [...found, rest] : found;
}

function endsSentence(content: string, from: number, dot: number, end: number, grammar: Grammar): boolean {
  const after = /^\s+["'“‘«„([¿¡]*(\S?)/u.exec(content.slice(end, end + 12))?.[1] ?? "";
  if (content[dot] !== "." || content[dot + 1] === ".") return !/\p{Ll}/u.test(after);
  if (/\p{Ll}/u.test(after)) return false;
  const word = /(\S*)$/.exec(content.slice(Math.max(from, dot - 24), dot))?.[1] ?? "";
  // "l'art. 5": what stands before an apostrophe is another word.
  const bare = word.replace(/^(?:\p{L}{1,4}['’]|["'“‘«„([])+/u, "").toLowerCase();
  // "3." is the third, in a language that writes it so.
  if (grammar.ordinals && /^\d{1,2}$/.test(bare)) return false;
  // One letter is an initial or a mark ("J. Smith", "a. the roof").
  if (/^\p{L}$/u.test(bare)) return false;
  if (grammar.abbreviations.has(bare)) return grammar.beforeNumber.has(bare) && !/\d/.test(after);
  // "e.g.", "U.K.": letters with dots inside.
  if (/^(?:\p{L}\.)+\p{L}$/u.test(bare)) return !/^(?:e\.g|i\.e)$/.test(bare) && /\p{Lu}/u.test(after);
  // "1." that begins the sentence is its number.
  return !(/^\(?\d{1,3}(?:\.\d+)*$/.test(bare) && content.slice(from, dot).trim() === word);
}

function trim(text: string, range: Range): Range | null {
  const content = text.slice(range.start, range.end);
  const start = range.start + (content.length - content.trimStart().length);
  const end = range.end - (content.length - content.trimEnd().length);
  return start < end ? { start, end } : null;
}
