import { inflateSync } from "node:zlib";
import { extractionFailure } from "./failure.ts";

const MB = 1024 * 1024;
const ONE_STREAM = 64 * MB;
const ALL_STREAMS = 512 * MB;
const DICTIONARY = 2048;

/**
 * Unpacks every Flate stream but pictures (these are not decoded for their text) once, bounded and thrown away, before
 * the parser may: throws `too_large_inflated` when one gives over 64 MB or all together over 512 MB. Filters behind
 * filters are not followed: there the memory limit of the process holds.
 */
export function checkInflatedSize(bytes: Uint8Array): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let total = 0;
  for (let at = file.indexOf("stream"); at !== -1; at = file.indexOf("stream", at + 6)) {
    if (file[at - 1] === 0x64) continue; // the "d" of endstream
    const dictionary = file.toString("latin1", Math.max(0, at - DICTIONARY), at);
    const own = dictionary.slice(dictionary.lastIndexOf(" obj") + 1);
    if (!/\/(?:FlateDecode|Fl)\b/.test(own) || /\/Subtype\s*\/Image\b/.test(own)) continue;
    const start = at + 6 + (file[at + 6] === 0x0d ? (file[at + 7] === 0x0a ? 2 : 1) : 1);
    total += inflatedBytes(file.subarray(start));
    if (total > ALL_STREAMS) throw extractionFailure("too_large_inflated");
  }
}

function inflatedBytes(packed: Buffer): number {
  try {
    return inflateSync(packed, { maxOutputLength: ONE_STREAM }).byteLength;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw extractionFailure("too_large_inflated");
    }
    return 0; // Not Flate after all, or broken: the parser says so.
  }
}
