import { looksBinary } from "./text.ts";

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

/** How many of a file's first bytes `sniffKind` wants to see. */
export const SNIFF_BYTES = 4096;

const MARKDOWN = /\.(md|markdown|mdown|mkd)$/i;
const HTML = /\.(html?|xhtml)$/i;
// A name that promises a format which the content does not keep: neither is to be trusted.
const NOT_TEXT =
  /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|zip|gz|7z|rar|png|jpe?g|gif|webp|heic|tiff?|bmp|exe|dll|msg|pages|numbers|key|epub|mp[34]|wav)$/i;
const HTML_START = /^<(?:!doctype\s+html|html|head|body|title|meta)[\s>]/i;
const HTML_TAG = /<\/?(?:p|div|h[1-6]|table|ul|ol|li|span|section|article|br)[\s/>]/i;

/**
 * The kind of a file from its first bytes (`SNIFF_BYTES` of them, or all of a shorter one); the name only chooses between
 * the kinds of text. Null is `unsupported_format`: archives, pictures, office files, anything binary, and a file
 * whose name promises another format than its content.
 */
export function sniffKind(firstBytes: Uint8Array, name: string): Kind | null {
  const head = firstBytes.subarray(0, SNIFF_BYTES);
  const latin = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  if (latin.slice(0, 1024).includes("%PDF-")) return "pdf";
  if (NOT_TEXT.test(name) || /^(?:\{\\rtf|%!PS)/.test(latin)) return null;
  const text = textOf(head, latin);
  if (text === null) return null;
  if (
    HTML_START.test(withoutPreamble(text)) ||
    (HTML.test(name) && (HTML_TAG.test(text) || text.trim() === ""))
  )
    return "html";
  return MARKDOWN.test(name) ? "markdown" : "text";
}

function textOf(head: Uint8Array, latin: string): string | null {
  const utf16 = latin.startsWith("\xff\xfe") ? "utf-16le" : latin.startsWith("\xfe\xff") ? "utf-16be" : null;
  const text = utf16 ? new TextDecoder(utf16).decode(head) : latin.replace(/^\xef\xbb\xbf/, "");
  // In the bytes of UTF-8, 0x80-0x9F are parts of letters; only the controls of ASCII count here.
  return looksBinary(utf16 ? text : text.replace(/[\x80-\x9f]/g, " ")) ? null : text;
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
