import { atOnce, type Steps } from "../gently.ts";
import type { Block } from "./blocks.ts";

/** A passage: `no` counts from 0, `page` from 1; `heading` is the path of headings above it ("Lease › 4 Term"). */
export type Passage = { no: number; page: number | null; heading: string | null; text: string };

const MOST_WORDS = 220;
/** From here on a passage ends with its paragraph. */
const ENOUGH_WORDS = 140;
/** From here on a heading, or a paragraph that does not fit whole, begins the next one. */
const FEW_WORDS = 80;
const LONGEST_WORD = 1000;
const LONGEST_HEADING = 300;

/** A row of a table stays whole up to here, and a header row is repeated up to there. */
const MOST_ROW_WORDS = 600;
const MOST_HEADER_WORDS = 60;

/** A part of a block that is not cut; `glue` is what stands between it and the part before it, `above` what a passage repeats that begins with it. */
type Part = { text: string; words: number; glue: string; above?: { text: string; words: number } };

/** The passage that is being filled. */
type Open = { page: number | null; heading: string | null; texts: string[]; words: number; hasBody: boolean };
const NOTHING = { page: null, heading: null, words: 0, hasBody: false };

/**
 * Cuts a document into passages of about 120 to 220 words that in order are its whole text: nothing lost, nothing doubled.
 * Cuts fall between paragraphs where they can, else between sentences or lines, else between words; never is a passage on
 * two pages. A heading stands with what follows it.
 */
export function chunk(blocks: Block[]): Passage[] {
  return atOnce(chunkSteps(blocks));
}

/** The same in steps of a block each. */
export function* chunkSteps(blocks: Block[]): Steps<Passage[]> {
  const passages: Passage[] = [];
  const headings: { level: number; text: string }[] = [];
  let open: Open = { ...NOTHING, texts: [] };

  function close(): void {
    const { page, heading, texts } = open;
    if (texts.length > 0) passages.push({ no: passages.length, page, heading, text: texts.join("") });
    open = { ...NOTHING, texts: [] };
  }
  function add(part: Part, block: Block): void {
    if (open.texts.length === 0) {
      Object.assign(open, { page: block.page, heading: pathOf(headings) });
      if (part.above !== undefined) open.texts.push(`${part.above.text}\n`);
      open.words += part.above?.words ?? 0;
    } else open.texts.push(part.glue);
    open.texts.push(part.text);
    open.words += part.words;
    open.hasBody ||= block.kind !== "heading";
  }

  for (const block of blocks) {
    const words = countWords(block.text);
    if (open.texts.length > 0 && endsBefore(open, block, words)) close();
    if (block.kind === "heading") {
      while ((headings.at(-1)?.level ?? 0) >= (block.level ?? 1)) headings.pop();
      // A path is cut there anyway, and would be put together from all of it for each passage.
      headings.push({ level: block.level ?? 1, text: block.text.slice(0, LONGEST_HEADING) });
      // Headings in a row belong to what follows them all.
      if (!open.hasBody) open.heading = pathOf(headings);
    }
    for (const part of partsOf(block, words, MOST_WORDS - open.words)) {
      const monstrous = part.words > MOST_WORDS && !open.hasBody;
      if (open.words + part.words > MOST_WORDS && !monstrous) close();
      add(part, block);
    }
    yield;
  }
  close();
  return passages;
}

function endsBefore(
  open: { page: number | null; words: number; hasBody: boolean },
  block: Block,
  words: number,
): boolean {
  if (open.page !== block.page) return true;
  if (!open.hasBody) return false;
  if (open.words >= ENOUGH_WORDS) return true;
  return open.words >= FEW_WORDS && (block.kind === "heading" || open.words + words > MOST_WORDS);
}

function pathOf(headings: { text: string }[]): string | null {
  const path = headings.map(({ text }) => text.replaceAll("\n", " ")).join(" › ");
  return path === ""
    ? null
    : path.length > LONGEST_HEADING
      ? `${path.slice(0, LONGEST_HEADING - 1).toWellFormed()}…`
      : path;
}

/** A block whole where it fits into `room` words, else in parts: by lines, sentences, words, and at last by force. */
function partsOf(block: Block, words: number, room: number): Part[] {
  if (words <= room) return [{ text: block.text, words, glue: "\n\n" }];
  if (block.kind === "table") return rowsOf(block);
  const parts = block.text
    .split("\n")
    .flatMap((line) => sentences(line).map((part, index) => (index === 0 ? { ...part, glue: "\n" } : part)));
  return parts.map((part, index) => (index === 0 ? { ...part, glue: "\n\n" } : part));
}

/**
 * The rows of a table, whole but for monstrous ones; each knows the header row, which a passage that it begins repeats.
 * The header row itself stays with the first row below it.
 */
function rowsOf({ text, header }: Block): Part[] {
  const [first = "", ...rest] = text.split("\n");
  const size = countWords(first);
  const above = header && size <= MOST_HEADER_WORDS ? { text: first, words: size } : undefined;
  const lines = above === undefined ? [first, ...rest] : rest;
  const parts = lines.flatMap((line): Part[] => {
    const words = countWords(line);
    const whole = words <= MOST_ROW_WORDS ? [{ text: line, words, glue: "\n" }] : sentences(line);
    return whole.map((part, index) => ({
      ...part,
      ...(index === 0 ? { glue: "\n" } : {}),
      ...(above === undefined ? {} : { above }),
    }));
  });
  const [begin, ...others] = parts;
  if (begin === undefined) return [{ text: first, words: size, glue: "\n\n" }];
  if (above === undefined) return [{ ...begin, glue: "\n\n" }, ...others];
  return [{ text: `${first}\n${begin.text}`, words: size + begin.words, glue: "\n\n" }, ...others];
}

/** Sentences of a line; one of over 220 words is cut after these. */
function sentences(line: string): Part[] {
  const parts: Part[] = [];
  const words = line.split(" ");
  let current: string[] = [];
  let count = 0;
  let glue = " ";
  const finish = () => {
    if (current.length > 0) parts.push({ text: current.join(" "), words: count, glue });
    current = [];
    count = 0;
    glue = " ";
  };
  words.forEach((word, index) => {
    const size = wordsIn(word);
    if (size > MOST_WORDS || word.length > LONGEST_WORD) {
      finish();
      for (const text of pieces(word)) {
        parts.push({ text, words: wordsIn(text), glue });
        glue = "";
      }
      glue = " ";
      return;
    }
    if (count + size > MOST_WORDS) finish();
    current.push(word);
    count += size;
    if (endsSentence(word, words[index + 1])) finish();
  });
  finish();
  return parts;
}

const SENTENCE_END = /[.!?…]["'”’»)\]]{0,3}$/;
const SENTENCE_START = /^["'“‘«([]{0,3}[\p{Lu}\p{N}]/u;
const ABBREVIATION =
  /^[("“]?(?:\p{Lu}|Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Art|Sec|Fig|vs|e\.g|i\.e|ca|approx|Ltd|Inc|Co)\.$/u;

function endsSentence(word: string, next: string | undefined): boolean {
  return (
    next !== undefined && SENTENCE_END.test(word) && SENTENCE_START.test(next) && !ABBREVIATION.test(word)
  );
}

/** A word without end: cut after marks of Chinese and Japanese sentences where there are any, never inside a character. */
function* pieces(word: string): Generator<string> {
  const most = DENSE.test(word) ? MOST_WORDS * 2 - 40 : LONGEST_WORD;
  for (let from = 0; from < word.length; ) {
    let to = Math.min(from + most, word.length);
    if (to < word.length) {
      const mark = Math.max(...["。", "！", "？", "、"].map((sign) => word.lastIndexOf(sign, to - 1)));
      if (mark >= from + most / 2) to = mark + 1;
      else if (/[\uDC00-\uDFFF]/.test(word.charAt(to))) to--;
    }
    yield word.slice(from, to);
    from = to;
  }
}

// Scripts that put no blanks between words: two characters make about one.
const DENSE = /[\u0E00-\u0E7F\u3040-\u30FF\u3400-\u9FFF\uF900-\uFAFF]/;

function countWords(text: string): number {
  let count = 0;
  for (const line of text.split("\n")) for (const word of line.split(" ")) count += wordsIn(word);
  return count;
}

function wordsIn(word: string): number {
  if (word.length < 4) return word === "" ? 0 : 1;
  return Math.ceil(word.length / (DENSE.test(word) ? 2 : 40));
}
