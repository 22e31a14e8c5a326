import PostalMime, { type Address, type Attachment, type Email } from "postal-mime";
import type { Block, Report } from "./blocks.ts";
import { decodeText } from "./encodings.ts";
import { extractionFailure } from "./failure.ts";
import type { Room } from "./formats.ts";
import { htmlBlocks } from "./html.ts";
import { notePart, readPart } from "./parts.ts";
import { plainBlocks } from "./plain.ts";
import { cleanLine } from "./text.ts";
import { zipBudget } from "./zip.ts";

const MOST_ATTACHMENTS = 100;
/** Messages that are attached to messages: what was forwarded of what was forwarded. */
const DEEPEST = 3;
const MOST_ADDRESSES = 50;

/** A message (RFC 5322, MIME): its fields in lines, its text with what it quotes, and its attachments as sections. */
export async function extractEml(bytes: Uint8Array, report: Report, room: Room): Promise<void> {
  if (room.depth > DEEPEST) throw extractionFailure("unsupported_format");
  const mail = await PostalMime.parse(unflowed(inUtf8(bytes)), {
    forceRfc822Attachments: true,
    maxNestingDepth: 32,
  }).catch((error: unknown) => {
    throw error instanceof RangeError ? error : extractionFailure("damaged", error);
  });
  const emit = (block: Block) => report.block(block);
  const subject = cleanLine(mail.subject ?? "").slice(0, 500);
  if (subject !== "") {
    report.title(subject);
    emit({ kind: "heading", level: 1, text: subject, page: null });
  }
  const fields = fieldLines(mail);
  if (fields !== "") emit({ kind: "paragraph", text: fields, page: null });
  for (const block of bodyOf(mail)) emit(block);
  await readAttachments(mail.attachments, report, room);
  if (subject + fields === "") throw extractionFailure("damaged");
}

function fieldLines(mail: Email): string {
  const fields: [string, string][] = [
    ["From", addresses(mail.from ? [mail.from] : [])],
    ["To", addresses(mail.to ?? [])],
    ["Cc", addresses(mail.cc ?? [])],
    ["Date", cleanLine(mail.date ?? "").replace(/T(\d\d:\d\d):\d\d(?:\.\d+)?Z$/, " $1 UTC")],
  ];
  return fields.flatMap(([name, value]) => (value === "" ? [] : [`${name}: ${value}`])).join("\n");
}

function addresses(list: readonly Address[]): string {
  const all = list.flatMap((entry) => entry.group ?? [entry]);
  const shown = all.slice(0, MOST_ADDRESSES).map(({ name, address }) => {
    const words = cleanLine(name);
    return words === "" || words === address
      ? cleanLine(address ?? "")
      : `${words} <${cleanLine(address ?? "")}>`;
  });
  const more = all.length > MOST_ADDRESSES ? [`and ${all.length - MOST_ADDRESSES} more`] : [];
  return [...shown, ...more].filter((words) => words !== "").join(", ");
}

/** The text that was written, or the page where the text beside it is only a remark that there is one. */
function bodyOf(mail: Email): Block[] {
  const plain: Block[] = [];
  const page: Block[] = [];
  plainBlocks(mail.text ?? "", (block) => plain.push(block));
  if (mail.html !== undefined) htmlBlocks(mail.html, (block) => page.push(block));
  // Headings of a newsletter go below the subject.
  const lower = ({ level, ...block }: Block) =>
    block.kind === "heading" ? { ...block, level: Math.min(6, (level ?? 1) + 1) } : block;
  const size = (blocks: Block[]) => blocks.reduce((sum, { text }) => sum + text.length, 0);
  return (size(page) > 3 * size(plain) ? page : plain).map(lower);
}

async function readAttachments(
  attachments: readonly Attachment[],
  report: Report,
  room: Room,
): Promise<void> {
  // One budget for all that is packed in any of them.
  const shared = { ...room, budget: room.budget ?? zipBudget() };
  for (const [index, attachment] of attachments.entries()) {
    const { content, mimeType, related, filename } = attachment;
    // Logos and the like, which are part of the page.
    if (mimeType.startsWith("image/") && (related || filename === null)) continue;
    const name =
      cleanLine(filename ?? "")
        .replace(/^.*[\\/]/, "")
        .slice(-200)
        .toWellFormed() || `Attachment ${index + 1}${endingOf(mimeType)}`;
    if (index >= MOST_ATTACHMENTS)
      return notePart(name, `not read, like all after the first ${MOST_ATTACHMENTS}`, report);
    const bytes = typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
    const outcome = await readPart({ name, bytes }, 2, report, shared);
    if (outcome !== "read") notePart(name, outcome.refused, report);
  }
}

const endings: Readonly<Record<string, string>> = {
  "message/rfc822": ".eml",
  "text/html": ".html",
  "text/csv": ".csv",
  "text/markdown": ".md",
};
const endingOf = (mimeType: string): string => endings[mimeType] ?? "";

const NAMED = /charset\s*=\s*["']?(?!us-ascii|utf-?8)[\w-]/i;
const BINARY = /^content-transfer-encoding:\s*binary/im;

/** A message from before charsets were named is turned into UTF-8, which is what its reader takes it for. */
function inUtf8(bytes: Uint8Array): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const latin = view.toString("latin1");
  if (!/[\x80-\xff]/.test(latin) || NAMED.test(latin) || BINARY.test(latin)) return bytes;
  try {
    return Buffer.from(decodeText(bytes));
  } catch {
    return bytes;
  }
}

const FLOWED_UP_TO = 256 * 1024;
const FLOWED = /format\s*=\s*"?(?=flowed)/gi;

/** In a long message, lines that a program wrapped stay as they are: putting them together takes the square of their number. */
function unflowed(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= FLOWED_UP_TO) return bytes;
  const view = Buffer.from(bytes);
  for (const { index, 0: found } of view.toString("latin1").matchAll(FLOWED))
    view.write("broken", index + found.length, "latin1");
  return view;
}
