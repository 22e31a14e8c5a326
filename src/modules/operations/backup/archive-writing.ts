import { createHash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { constants, createZstdCompress } from "node:zlib";
import { encryptFor } from "./age.ts";
import { inBatches } from "./bytes.ts";
import { type Manifest, type Opening, printManifest, printOpening } from "./contents.ts";
import { tarEnd, tarHeader, tarPadding } from "./tar.ts";

const BATCH = 1024 * 1024;
/** Zstandard's own default, and what a backup of this kind is compared with. */
const LEVEL = 3;
/** A table is cut into entries of this length, since tar must know one's length before its first byte. */
export const PIECE_BYTES = 1024 * 1024;

/** What goes into an archive: a table's rows as they come, or a file of known length. */
export type Part =
  | { readonly table: string; readonly rows: AsyncGenerator<Buffer, number> }
  | { readonly file: string; readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }
  | { readonly gone: string };

export interface Written {
  readonly manifest: Manifest;
}

/**
 * An archive as it is stored: tar, in zstd, in age. Yields ciphertext only; nothing leaves here before it is encrypted.
 * `written` is called once everything has been, with what the last entry says.
 */
export function writeArchive(options: {
  readonly opening: Opening;
  readonly recipients: readonly string[];
  readonly parts: AsyncIterable<Part>;
  /** Asked for when all parts are through. */
  readonly checkpoint: string | null;
  /** Signs what the last entry says; left out, nobody has. */
  readonly sign?: (opening: Opening, manifest: Manifest) => string;
  readonly written: (written: Written) => void;
}): AsyncGenerator<Buffer> {
  if (options.recipients.length === 0) throw new TypeError("An archive needs a recipient.");
  const compress = createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    chunkSize: BATCH,
  });
  const plain = Readable.from(inBatches(entries(options), BATCH), { objectMode: true, highWaterMark: 4 });
  // An error of the parts destroys the compressor, whose reader below then throws it.
  const compressed = pipeline(plain, compress, () => {});
  return inBatches(encryptFor(options.recipients, compressed), BATCH);
}

async function* entries({
  opening,
  parts,
  checkpoint,
  sign,
  written,
}: Parameters<typeof writeArchive>[0]): AsyncGenerator<Buffer> {
  const at = new Date(opening.at);
  const text = function* (name: string, content: string) {
    const bytes = Buffer.from(content);
    yield tarHeader({ name, bytes: bytes.length }, at);
    yield bytes;
    yield tarPadding(bytes.length);
  };
  const said = printOpening(opening);
  yield* text("vouchsafe-backup.json", said);

  const tables: Manifest["tables"] = [];
  const sums: string[] = [];
  const gone: string[] = [];
  let fileBytes = 0;
  for await (const part of parts) {
    if ("table" in part) tables.push(yield* table(part, at));
    else if ("gone" in part) gone.push(part.gone);
    else {
      const sha256 = yield* file(part, at);
      sums.push(sumLine(sha256, part.file));
      fileBytes += part.bytes;
    }
  }
  const sumsText = sums.join("");
  yield* text("SHA256SUMS", sumsText);
  const unsigned: Manifest = {
    opening: hex(said),
    tables,
    files: { count: sums.length, bytes: fileBytes, sha256: hex(sumsText), gone },
    checkpoint,
    signed: null,
  };
  const manifest = { ...unsigned, signed: sign?.(opening, unsigned) ?? null };
  yield* text("manifest.json", printManifest(manifest));
  yield tarEnd;
  written({ manifest });
}

/** As `sha256sum -c` reads it. */
export const sumLine = (sha256: string, path: string): string => `${sha256}  ${path}\n`;
/** The place of a table's pieces, numbered from 1. */
export const pieceName = (table: string, number: number): string =>
  `tables/${table}/${String(number).padStart(6, "0")}`;

async function* table(
  { table: name, rows }: Extract<Part, { table: string }>,
  at: Date,
): AsyncGenerator<Buffer, Manifest["tables"][number]> {
  const hash = createHash("sha256");
  let bytes = 0;
  let pieces = 0;
  for (;;) {
    const { done, value } = await rows.next();
    if (done) return { name, rows: value, bytes, sha256: hash.digest("hex") };
    hash.update(value);
    bytes += value.length;
    pieces += 1;
    yield tarHeader({ name: pieceName(name, pieces), bytes: value.length }, at);
    yield value;
    const padding = tarPadding(value.length);
    if (padding.length > 0) yield padding;
  }
}

async function* file(
  { file: name, bytes, content }: Extract<Part, { file: string }>,
  at: Date,
): AsyncGenerator<Buffer, string> {
  const hash = createHash("sha256");
  yield tarHeader({ name, bytes }, at);
  let seen = 0;
  for await (const piece of content) {
    hash.update(piece);
    seen += piece.length;
    if (seen > bytes) break;
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  }
  // Files never change once written: another length means that this one is broken.
  if (seen !== bytes) throw new Error("a stored file has another length than it said");
  yield tarPadding(bytes);
  return hash.digest("hex");
}

const hex = (text: string): string => createHash("sha256").update(text).digest("hex");
