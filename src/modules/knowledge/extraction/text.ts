import { extractionFailure } from "./failure.ts";

const BLANKS = /[^\S\n]+/g;
const AROUND_BREAKS = / ?\n ?/g;
const BLANK_LINES = /\n{2,}/g;

// Out: controls, lone surrogates, non-characters, and what a reader cannot see but a model would read (tag
// characters, bidirectional overrides, zero-width marks). ZWJ and ZWNJ (200C, 200D) stay: some scripts need them.
const UNSEEN =
  /[[\p{Cc}--[\n\t]]\p{Cs}\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\uFFFE\uFFFF\u{E0000}-\u{E007F}]/gv;
const FORM_FEEDS = /\r\n?|[\f\v\u0085\u2028\u2029]/g;

/** NFC, without control characters, lone surrogates and invisible marks; blanks folded to one space, line breaks kept single. */
export function cleanLines(raw: string): string {
  return visible(raw).replace(BLANKS, " ").replace(AROUND_BREAKS, "\n").replace(BLANK_LINES, "\n").trim();
}

/** The same on one line. */
export function cleanLine(raw: string): string {
  return visible(raw).replace(/\s+/g, " ").trim();
}

/** The same for code: indentation and blank lines stay, trailing blanks go. */
export function cleanCode(raw: string): string {
  return visible(raw)
    .replaceAll("\t", "    ")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/^\n+|\n+$/g, "");
}

function visible(raw: string): string {
  return raw.replace(FORM_FEEDS, "\n").replace(UNSEEN, "").normalize("NFC");
}

/**
 * Bytes to text: a byte order mark decides, then strict UTF-8, then `label` (what an HTML file says of itself), then
 * Windows-1252. Throws `unsupported_format` for what is not text.
 */
export function decodeText(bytes: Uint8Array, label?: string): string {
  const text = decode(bytes, label);
  if (looksBinary(text)) throw extractionFailure("unsupported_format");
  return text;
}

function decode(bytes: Uint8Array, label: string | undefined): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: an older encoding, or no text at all, which the count of control characters tells.
  }
  try {
    if (label !== undefined) return new TextDecoder(label).decode(bytes);
  } catch {
    // A label that no one knows says nothing.
  }
  return new TextDecoder("windows-1252").decode(bytes);
}

/** A NUL, or more than one control character in fifty: not something that a person wrote. */
export function looksBinary(text: string): boolean {
  let controls = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0) return true;
    if ((unit < 32 && (unit < 9 || unit > 13)) || (unit >= 127 && unit <= 159)) controls++;
  }
  return controls * 50 > text.length;
}
