import type { Report } from "./blocks.ts";
import {
  type ExtractionFailureCode,
  extractionFailure,
  extractionMessages,
  failureCodeOf,
} from "./failure.ts";
import type { Room } from "./formats.ts";
import { notePart, type PartOutcome, readPart } from "./parts.ts";
import { SNIFF_BYTES, sniffKind } from "./sniff.ts";
import { cleanLine } from "./text.ts";
import { openZip, type Zip, type ZipEntry } from "./zip.ts";

const MOST_ENTRIES = 1000;
/** A zip in a zip is opened; one in that is not. */
const DEEPEST = 1;
const MOST_NAMED = 50;
// What systems put beside people's files.
const CLUTTER = /(?:^|\/)(?:__MACOSX\/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/i;
const MB = 1024 * 1024;

/** An archive: each of its files that can be read is a section under its path, in the order of the paths. */
export async function extractArchive(bytes: Uint8Array, report: Report, room: Room): Promise<void> {
  if (room.depth > DEEPEST) throw extractionFailure("unsupported_format");
  const zip = await openZip(bytes, room.budget);
  const order = new Intl.Collator("en", { numeric: true });
  const entries = zip.entries
    .filter(({ folder, name }) => !folder && !CLUTTER.test(name))
    .sort((a, b) => order.compare(a.name, b.name));
  if (entries.length === 0) throw extractionFailure("no_text");
  if (entries.length > MOST_ENTRIES) throw extractionFailure("too_large_inflated");
  const unread: string[] = [];
  const failed: { name: string; refused: string; code: ExtractionFailureCode }[] = [];
  for (const entry of entries) {
    const outcome = await readEntry(zip, entry, report, room);
    if (outcome === "read") continue;
    if (outcome.code === "unsupported_format") unread.push(entry.name);
    else failed.push({ name: entry.name, ...outcome });
  }
  // Nothing of it could be read: then the reason is the whole's.
  if (unread.length + failed.length === entries.length)
    throw extractionFailure(failed[0]?.code ?? "unsupported_format");
  if (unread.length + failed.length > 0)
    report.block({ kind: "heading", level: 1, text: "Files that were not read", page: null });
  for (const { name, refused } of failed.slice(0, MOST_NAMED)) notePart(name, refused, report);
  if (unread.length > 0) {
    const more = unread.length > MOST_NAMED ? ` and ${unread.length - MOST_NAMED} more` : "";
    const text = cleanLine(`[Not of a kind that is read: ${unread.slice(0, MOST_NAMED).join(", ")}${more}]`);
    report.block({ kind: "paragraph", text, page: null });
  }
}

async function readEntry(zip: Zip, entry: ZipEntry, report: Report, room: Room): Promise<PartOutcome> {
  const refusal = (code: ExtractionFailureCode) => ({ refused: extractionMessages[code], code });
  let bytes: Buffer;
  try {
    if (entry.bytes > MB && sniffKind(await firstBytes(zip, entry), entry.name) === null)
      return refusal("unsupported_format");
    bytes = await zip.read(entry);
  } catch (error) {
    return refusal(failureCodeOf(error));
  }
  return readPart({ name: entry.name, bytes }, 1, report, { ...room, budget: zip.budget });
}

const ENOUGH = Symbol("enough");

/** The beginning of a large file, so that a film need not be unpacked to see that it is one. */
async function firstBytes(zip: Zip, entry: ZipEntry): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    await zip.inflate(entry, (piece) => {
      pieces.push(piece);
      size += piece.length;
      if (size >= SNIFF_BYTES) throw ENOUGH;
    });
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  return Buffer.concat(pieces);
}
