import { analyse } from "chardet";
import { extractionFailure } from "./failure.ts";
import { looksBinary, wideEncodingOf } from "./text.ts";

type Decoder = InstanceType<typeof TextDecoder>;

const SAMPLE = 64 * 1024;
// Below it a guess is noise, and most old files are Western European.
const SURE_ENOUGH = 20;

/**
 * Bytes to text: a byte order mark decides, then what is valid UTF-8, then `label` (what a file or its sender says of it),
 * then what its letters look like; Windows-1252 when they look like nothing. Throws `unsupported_format` for what is no text.
 */
export function decodeText(bytes: Uint8Array, label?: string): string {
  const text = decode(bytes, label);
  if (looksBinary(text)) throw extractionFailure("unsupported_format");
  return text;
}

function decode(bytes: Uint8Array, label: string | undefined): string {
  const wide = wideEncodingOf(bytes);
  if (wide !== null) return wide.decode(bytes);
  if (isJapaneseMail(bytes)) return new TextDecoder("iso-2022-jp").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: an older encoding, or no text at all, which the count of control characters tells.
  }
  const named = label === undefined ? null : decoderOf(label);
  if (named !== null) return named.decode(bytes);
  if (isMostlyUtf8(bytes)) return new TextDecoder("utf-8").decode(bytes);
  return guessed(bytes).decode(bytes);
}

/** The decoder of a label as the web knows them; null for one that no one knows, or that cannot be true here. */
export function decoderOf(label: string): Decoder | null {
  try {
    const decoder = new TextDecoder(label.trim());
    // The bytes were seen not to be any of these: whoever wrote the label was wrong.
    return /^utf-/.test(decoder.encoding) ? null : decoder;
  } catch {
    return null;
  }
}

/** Sequences that switch character sets (ISO-2022-JP, RFC 1468) are valid UTF-8 too, and nothing else has them. */
function isJapaneseMail(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (
    ["\x1b$B", "\x1b$@"].some((sign) => view.includes(sign, 0, "latin1")) && !view.some((byte) => byte > 127)
  );
}

/** One broken letter, or a text cut off inside one, does not make a file of UTF-8 something else. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 16 * SAMPLE);
  const text = new TextDecoder("utf-8").decode(sample);
  let broken = 0;
  let whole = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0xfffd) broken++;
    else if (unit > 127) whole++;
  }
  return whole > 20 * broken;
}

function guessed(bytes: Uint8Array): Decoder {
  const sample = sampleOf(bytes);
  const [best] = analyse(sample);
  const sure = best !== undefined && best.confidence >= SURE_ENOUGH;
  return (sure ? decoderOf(widest(best.name, sample)) : null) ?? new TextDecoder("windows-1252");
}

/** Of two encodings that differ in what only one of them has, the one that has it. */
function widest(name: string, sample: Uint8Array): string {
  if (name === "KOI8-R") return "koi8-u";
  if (name === "ISO-8859-8") return "windows-1255";
  // 0xA2: the capital alpha with an accent, which begins many a Greek sentence.
  if (name === "ISO-8859-7" && sample.some((byte) => (byte > 0x7f && byte < 0xa0) || byte === 0xa2))
    return "windows-1253";
  if (name === "ISO-8859-6" && sample.some((byte) => byte > 0x7f && byte < 0xa0)) return "windows-1256";
  return name;
}

/** Lines with letters beyond ASCII: a long file may begin with pages of plain numbers. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= SAMPLE) return bytes;
  const first = bytes.findIndex((byte) => byte > 127);
  const from = bytes.lastIndexOf(10, Math.max(first, 0)) + 1;
  return bytes.subarray(from, from + SAMPLE);
}
