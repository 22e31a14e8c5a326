import { z } from "zod";
import type { Extraction } from "./blocks.ts";
import { type ExtractionFailureCode, extractionFailure, extractionMessages } from "./failure.ts";
import { type Kind, kinds, zipKinds } from "./sniff.ts";

const LONGEST_LINE = 1024 * 1024;
const MOST_BLOCKS = 500_000;

// The text of a child that a document took over is still text: well-formed, and without control characters.
const CONTROL = /[\p{Cc}--\n]/v;
const Text = z
  .string()
  .max(65_536)
  .refine((text) => text.isWellFormed() && !CONTROL.test(text));
const Page = z.int().min(1).max(1_000_000);
const codes = Object.keys(extractionMessages) as [ExtractionFailureCode]; // as: keys of a closed object

const Answer = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("pages"), count: Page }),
  z.strictObject({ type: z.literal("title"), text: Text.max(300) }),
  z.strictObject({
    type: z.literal("block"),
    kind: z.enum(["heading", "paragraph", "list", "table", "code"]),
    level: z.int().min(1).max(6).optional(),
    header: z.literal(true).optional(),
    text: Text.min(1),
    page: Page.nullable(),
  }),
  z.strictObject({ type: z.literal("kind"), kind: z.enum(kinds) }),
  z.strictObject({ type: z.literal("pictures"), count: z.int().min(0).max(1_000_000) }),
  z.strictObject({ type: z.literal("language"), language: z.string().regex(/^[a-z]{2}$/) }),
  z.strictObject({ type: z.literal("failed"), code: z.enum(codes) }),
  z.strictObject({ type: z.literal("end") }),
]);

/** One line of the child's answer. */
export type Answer = z.infer<typeof Answer>;

/**
 * Collects a child's answers about a file of kind `kind`. `add` takes bytes as they come and throws the document's failure when the child reports
 * one, `extractor_crashed` when it says anything else than it may, `too_large_inflated` beyond `limit` bytes; `finish`
 * gives the whole, or null when the child never said that it had ended.
 */
export function resultReader(
  limit: number,
  kind: Kind,
): { add(chunk: Buffer): void; finish(): Extraction | null } {
  const result: Extraction = { kind, pages: null, title: null, language: null, pictures: null, blocks: [] };
  let rest: Buffer[] = [];
  let restBytes = 0;
  let total = 0;
  let ended = false;

  function add(chunk: Buffer): void {
    total += chunk.length;
    if (total > limit) throw extractionFailure("too_large_inflated");
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      take(Buffer.concat([...rest, chunk.subarray(from, at)]).toString("utf8"));
      rest = [];
      restBytes = 0;
      from = at + 1;
    }
    rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > LONGEST_LINE) throw extractionFailure("extractor_crashed");
  }

  function take(line: string): void {
    const answer = parse(line);
    if (answer.type === "failed") throw extractionFailure(answer.code);
    if (answer.type === "end") ended = true;
    else if (answer.type === "pages") result.pages = answer.count;
    else if (answer.type === "title") result.title ??= answer.text || null;
    else if (answer.type === "language") result.language = answer.language;
    else if (answer.type === "pictures") {
      if (answer.count > (result.pages ?? 0)) throw extractionFailure("extractor_crashed");
      result.pictures = answer.count;
    } else if (answer.type === "kind") {
      // What the first bytes did not tell: which of the formats that are zips. Nothing else is the child's to say.
      if (!zipKinds.has(kind) || !zipKinds.has(answer.kind)) throw extractionFailure("extractor_crashed");
      result.kind = answer.kind;
    } else {
      const { kind, level, header, text, page } = answer;
      const before = result.blocks.at(-1)?.page ?? 1;
      const inOrder = page === null ? result.pages === null : page >= before && page <= (result.pages ?? 0);
      if (!inOrder) throw extractionFailure("extractor_crashed");
      if (result.blocks.length >= MOST_BLOCKS) throw extractionFailure("too_large_inflated");
      result.blocks.push({
        kind,
        ...(level === undefined ? {} : { level }),
        ...(header === undefined ? {} : { header }),
        text,
        page,
      });
    }
  }

  function parse(line: string): Answer {
    if (ended) throw extractionFailure("extractor_crashed");
    try {
      return Answer.parse(JSON.parse(line));
    } catch (error) {
      throw extractionFailure("extractor_crashed", error);
    }
  }

  return { add, finish: () => (ended && restBytes === 0 ? result : null) };
}
