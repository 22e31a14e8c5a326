import { Readable } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { type Entry, fromBufferPromise, getFileNameLowLevel } from "yauzl";
import { extractionFailure, isExtractionFailure } from "./failure.ts";

const MB = 1024 * 1024;
const LONGEST_NAME = 300;
const LOCAL_HEADER = 30;
/** Deflate cannot pack better than 1032 to 1; what people write stays far below this. Small parts may. */
const MOST_RATIO = 250;
const RATIO_COUNTS_FROM = 16 * MB;

/**
 * What may still be unpacked. One budget serves a zip and all zips within it (`openZip(inner, outer.budget)`), so that
 * nesting wins nothing: `inflated` and `entries` are what is left of the whole, `entry` the most bytes of any one.
 */
export type ZipBudget = { inflated: number; entries: number; entry: number };

/** A member. `name` is clean and relative, made for showing and comparing only: nothing here ever was a path. */
export type ZipEntry = { name: string; folder: boolean; bytes: number; packed: number; locked: boolean };

export type Zip = {
  entries: ZipEntry[];
  budget: ZipBudget;
  /** Inflates one member piece by piece; `each` is called synchronously with every piece. */
  inflate(entry: ZipEntry, each: (piece: Buffer) => void): Promise<void>;
  /** The same as one piece of at most `most` bytes (default: what the budget gives one member). */
  read(entry: ZipEntry, most?: number): Promise<Buffer>;
};

export const zipBudget = (): ZipBudget => ({ inflated: 512 * MB, entries: 10_000, entry: 300 * MB });

/**
 * Opens a zip held in memory. Nothing is inflated but what is asked for, and that against the budget before and while
 * it is inflated. Throws ExtractionFailure: `damaged` (truncated, garbled, wrong checksum), `password_protected`
 * (an encrypted member is asked for, or the directory itself is encrypted), `too_large_inflated` (too many members,
 * members that overlap or unpack to more than they say or may), `unsupported_format` (a member packed in an unusual way).
 */
export async function openZip(bytes: Uint8Array, budget: ZipBudget = zipBudget()): Promise<Zip> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known = new Map<ZipEntry, Entry>();
  // Names stay bytes: one with "../" in it must not make the others unreadable, and sizes are checked below.
  const zip = await translated(
    fromBufferPromise(buffer, { lazyEntries: true, decodeStrings: false, validateEntrySizes: false }),
  );
  if (zip.entryCount > budget.entries) throw extractionFailure("too_large_inflated");
  budget.entries -= zip.entryCount;
  const all = zip.eachEntry();
  for (;;) {
    const next = await translated(all.next());
    if (next.done) break;
    known.set(described(next.value), next.value);
  }
  refuseOverlaps(buffer, [...known.values()]);

  async function inflate(entry: ZipEntry, each: (piece: Buffer) => void): Promise<void> {
    const raw = known.get(entry);
    if (raw === undefined) throw new Error("an entry of another zip");
    if (entry.locked) throw extractionFailure("password_protected");
    if (!raw.canDecodeFileData()) throw extractionFailure("unsupported_format");
    const most = Math.min(budget.inflated, budget.entry);
    if (entry.bytes > most || swollen(entry.bytes, entry.packed))
      throw extractionFailure("too_large_inflated");
    let size = 0;
    let sum = 0;
    const { fileDataStart: from } = await translated(zip.readLocalFileHeaderPromise(raw, { minimal: true }));
    const stream = unpacked(buffer.subarray(from, from + entry.packed), raw.isCompressed());
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        size += piece.length;
        // More than it said is how a bomb passes for a small file.
        if (size > entry.bytes || size > most) throw extractionFailure("too_large_inflated");
        sum = crc32(piece, sum);
        each(piece);
      }
    } catch (error) {
      throw codeOf(error) ? extractionFailure("damaged", error) : error;
    } finally {
      stream.destroy();
      budget.inflated -= size;
    }
    if (size !== entry.bytes || sum !== raw.crc32) throw extractionFailure("damaged");
  }

  async function read(entry: ZipEntry, most = budget.entry): Promise<Buffer> {
    if (entry.bytes > most) throw extractionFailure("too_large_inflated");
    const pieces: Buffer[] = [];
    await inflate(entry, (piece) => pieces.push(piece));
    return Buffer.concat(pieces);
  }

  return { entries: [...known.keys()], budget, inflate, read };
}

/**
 * The files of a package by their names in small letters. Two of one name are `damaged`: they would show one text to us
 * and another to the program that a person opens the package with.
 */
export function membersOf(zip: Zip): Map<string, ZipEntry> {
  const members = new Map<string, ZipEntry>();
  for (const entry of zip.entries) {
    if (entry.folder) continue;
    const name = entry.name.toLowerCase();
    if (members.has(name)) throw extractionFailure("damaged");
    members.set(name, entry);
  }
  return members;
}

/** Without the package's own streams: they use pipe(), which makes standard output, our answer, one that may refuse. */
function unpacked(packed: Buffer, isCompressed: boolean): Readable {
  if (!isCompressed) return Readable.from(packed.length > 0 ? [packed] : []);
  const stream = createInflateRaw({ chunkSize: 64 * 1024 });
  stream.end(packed);
  return stream;
}

function described(raw: Entry): ZipEntry {
  const name = nameOf(raw);
  return {
    name: cleanName(name),
    folder: /[\\/]$/.test(name),
    bytes: raw.uncompressedSize,
    packed: raw.compressedSize,
    locked: raw.isEncrypted(),
  };
}

function nameOf(raw: Entry): string {
  // The package's types know only decoded names.
  const bytes = raw.fileNameRaw;
  try {
    // Many programs write UTF-8 without saying so.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return getFileNameLowLevel(raw.generalPurposeBitFlag, bytes, raw.extraFields, false);
  }
}

/** Slashes between parts; no drive, no "..", nothing that cannot be seen, at most 300 characters of its end. */
function cleanName(raw: string): string {
  const parts = raw
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFD]/gu, "")
    .replaceAll("\\", "/")
    .split("/")
    .map((part) => part.trim())
    .filter((part, index) => part !== "" && !/^\.+$/.test(part) && !(index === 0 && /^[a-z]:$/i.test(part)));
  return parts.join("/").slice(-LONGEST_NAME).toWellFormed() || "unnamed";
}

/** Members that share bytes exist only to unpack to more than anyone sent. */
function refuseOverlaps(buffer: Buffer, entries: Entry[]): void {
  const places = entries
    .map(({ relativeOffsetOfLocalHeader: from, compressedSize }) => {
      if (from + LOCAL_HEADER > buffer.length) throw extractionFailure("damaged");
      const named = buffer.readUInt16LE(from + 26) + buffer.readUInt16LE(from + 28);
      return { from, to: from + LOCAL_HEADER + named + compressedSize };
    })
    .sort((a, b) => a.from - b.from);
  let before = 0;
  for (const { from, to } of places) {
    if (from < before) throw extractionFailure("too_large_inflated");
    if (to > buffer.length) throw extractionFailure("damaged");
    before = to;
  }
}

function swollen(bytes: number, packed: number): boolean {
  return bytes > RATIO_COUNTS_FROM && bytes > packed * MOST_RATIO;
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const locked = error instanceof Error && /encrypt/i.test(error.message);
    throw extractionFailure(locked ? "password_protected" : "damaged", error);
  }
}

/** Errors of the unpacking itself; those that `each` throws pass as they are. */
function codeOf(error: unknown): boolean {
  return (
    !isExtractionFailure(error) &&
    error instanceof Error &&
    /^(?:Z_|ERR_)/.test(String("code" in error && error.code))
  );
}
