import { binaryWords, isOle, type Look, oleLook, zipLook } from "./sniff-binary.ts";
import { looksBinary, wideEncodingOf } from "./text.ts";

export const kinds = [
  "pdf",
  "docx",
  "pptx",
  "xlsx",
  "odt",
  "odp",
  "ods",
  "rtf",
  "html",
  "markdown",
  "text",
  "csv",
  "eml",
  "zip",
] as const;
export type Kind = (typeof kinds)[number];

/** The kinds that are zips: which of them a file is, its first bytes do not always tell, but its reader does. */
export const zipKinds: ReadonlySet<Kind> = new Set(["docx", "pptx", "xlsx", "odt", "odp", "ods", "zip"]);

/** How many of a file's first bytes `sniffKind` wants to see. */
export const SNIFF_BYTES = 4096;

/**
 * The kind of a file from its first bytes (`SNIFF_BYTES` of them, or all of a shorter one). The content decides; the
 * name only chooses between the kinds of text, and where a zip's beginning does not tell which format it is. Null is
 * `unsupported_format`, and `refusalWords` says what the file seems to be.
 */
export function sniffKind(firstBytes: Uint8Array, name: string): Kind | null {
  const look = lookAt(firstBytes, name);
  return "kind" in look ? look.kind : null;
}

/** Why a file is refused whose `sniffKind` is null, in words for its owner, saying what to do. */
export function refusalWords(firstBytes: Uint8Array, name: string): string {
  const look = lookAt(firstBytes, name);
  return "refused" in look ? look.refused : "";
}

const MARKDOWN = /\.(md|markdown|mdown|mkd)$/i;
const HTML = /\.(html?|xhtml)$/i;
const CSV = /\.(csv|tsv|tab)$/i;
// A name that promises a format which the content does not keep: neither is to be trusted.
const NOT_TEXT =
  /\.(pdf|docx?|docm|xlsx?|xlsm|pptx?|pptm|od[tsp]|rtf|zip|gz|7z|rar|png|jpe?g|gif|svg|webp|heic|tiff?|bmp|exe|dll|msg|pages|numbers|key|epub|mp[34]|wav)$/i;
const HTML_START = /^<(?:!doctype\s+html|html|head|body|title|meta)[\s>]/i;
const HTML_TAG = /<\/?(?:p|div|h[1-6]|table|ul|ol|li|span|section|article|br)[\s/>]/i;
const SVG_START = /^(?:<!doctype\s+svg[^>]{0,300}>\s*)?<svg[\s>]/i;

function lookAt(firstBytes: Uint8Array, name: string): Look {
  const head = firstBytes.subarray(0, SNIFF_BYTES);
  const latin = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  if (["PK\x03\x04", "PK\x05\x06", "PK\x07\x08"].some((sign) => latin.startsWith(sign)))
    return zipLook(latin, name);
  if (isOle(head)) return oleLook(name);
  if (latin.startsWith("{\\rtf")) return { kind: "rtf" };
  if (latin.slice(0, 1024).includes("%PDF-")) return { kind: "pdf" };
  const words = binaryWords(latin);
  if (words !== null) return { refused: words };
  const text = textOf(head, latin);
  if (text === null) return { refused: `This file holds no text that can be read. ${READ}` };
  const start = withoutPreamble(text);
  if (SVG_START.test(start)) return { refused: `This is a picture (SVG). ${READ}` };
  if (HTML_START.test(start)) return { kind: "html" };
  if (isMessage(text, /\.(eml|mht|mhtml)$/i.test(name))) return { kind: "eml" };
  const promised = NOT_TEXT.exec(name)?.[0];
  // What many programs call a workbook: rows with tabs between the cells.
  if (/^\.xls$/i.test(promised ?? "") && /^[^\n\t]*\t[^\n]*\n[^\n\t]*\t/.test(text)) return { kind: "csv" };
  if (promised !== undefined)
    return {
      refused: `Its name ends in ${promised.toLowerCase()}, but it holds plain text. If that is what it should be, give it the ending .txt; else it is damaged.`,
    };
  if (HTML.test(name) && (HTML_TAG.test(text) || text.trim() === "")) return { kind: "html" };
  if (CSV.test(name)) return { kind: "csv" };
  return { kind: MARKDOWN.test(name) ? "markdown" : "text" };
}

const READ =
  "Documents, tables, presentations, e-mails and text can be read; pictures and recordings cannot.";

function textOf(head: Uint8Array, latin: string): string | null {
  const wide = wideEncodingOf(head);
  if (wide !== null) {
    const text = wide.decode(head);
    return looksBinary(text) ? null : text;
  }
  const text = latin.replace(/^\xef\xbb\xbf/, "");
  // In the bytes of UTF-8, 0x80-0x9F are parts of letters, and ESC switches Japanese mail (ISO-2022-JP) over.
  const letters = text
    .replace(/[\x80-\x9f]/g, " ")
    .replaceAll("\x1b$", " ")
    .replaceAll("\x1b(", " ");
  return looksBinary(letters) ? null : text;
}

/** Skips blanks, comments and XML declarations, each once: a pattern that may try again would be a door for the hostile. */
function withoutPreamble(text: string): string {
  let rest = text.trimStart();
  for (;;) {
    const closing = rest.startsWith("<!--") ? "-->" : rest.startsWith("<?xml") ? ">" : null;
    const end = closing === null ? -1 : rest.indexOf(closing, 4);
    if (closing === null || end === -1) return rest;
    rest = rest.slice(end + closing.length).trimStart();
  }
}

const FIELD = /^([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]*\S?/;
const OF_MAIL = /^(?:from|to|cc|date|subject|sender|reply-to)$/i;
// Which people do not write by hand above a text of their own.
const OF_TRANSPORT =
  /^(?:received|message-id|mime-version|return-path|delivered-to|dkim-signature|content-type)$/i;

/** An e-mail (RFC 5322) begins with fields, one a line, some of them folded; by its name one such field will do. */
function isMessage(text: string, named: boolean): boolean {
  let mail = 0;
  let transport = 0;
  for (const [index, line] of text.split(/\r?\n/, 200).entries()) {
    if (line === "") break;
    if (/^[ \t]/.test(line) || (index === 0 && line.startsWith("From "))) continue;
    const field = FIELD.exec(line)?.[1];
    if (field === undefined) break;
    if (OF_MAIL.test(field)) mail++;
    else if (OF_TRANSPORT.test(field)) transport++;
  }
  return named ? mail + transport > 0 : mail > 1 && transport > 0;
}
