import { createHash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import type { Secret } from "../../../kernel/secret.ts";
import { decryptWith } from "./age.ts";
import { pieceName, sumLine } from "./archive-writing.ts";
import { type Bytes, bytesOf } from "./bytes.ts";
import { type Manifest, type Opening, parseManifest, parseOpening } from "./contents.ts";
import { backupFailure } from "./failure.ts";
import { readTarContent, readTarHeader, type TarEntry } from "./tar.ts";

/** What is done with an archive's content while it goes by. What is left out is read and checked all the same. */
export interface Visitor {
  readonly opening?: (opening: Opening) => Promise<void> | void;
  /** Answers how many rows it has taken, which must be all of them; null when it has left them. */
  readonly table?: (name: string, rows: AsyncIterable<Buffer>) => Promise<number | null>;
  readonly file?: (path: string, content: AsyncIterable<Buffer>, bytes: number) => Promise<void>;
}

export interface ReadArchive {
  readonly opening: Opening;
  readonly manifest: Manifest;
}

const MOST_JSON = 64 * 1024 * 1024;

/** Which entries there may be beside tables. */
const ENTRIES: Readonly<Record<Opening["kind"], RegExp>> = {
  data: /^(files|audit)\/[^/]+$/,
  keys: /^keys\/[^/]+$/,
  tenant: /^(files|audit|keys)\/[^/]+$/,
};

/**
 * Reads an archive to its end and holds everything against what it says of itself. Only when this resolves was it
 * whole: a visitor that acts on the way must be able to undo. Throws `wrong_key`, `damaged`, `unsupported`.
 */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  identities: readonly Secret[],
  visitor: Visitor = {},
): Promise<ReadArchive> {
  // The first error is the one that counts: what comes after it in the chain only says that something ended.
  let first: unknown = null;
  const plain = keepError(decryptWith(identities, source), (error) => {
    first ??= error;
  });
  const decompress = createZstdDecompress();
  const bytes = bytesOf(
    pipeline(Readable.from(plain, { objectMode: true, highWaterMark: 4 }), decompress, () => {}),
  );
  try {
    return await readEntries(bytes, visitor);
  } catch (error) {
    const said = first ?? error;
    if ((said as { code?: string }).code?.startsWith("ZSTD_"))
      throw backupFailure("damaged", "This backup cannot be decompressed.", said);
    throw said;
  } finally {
    await bytes.close();
  }
}

async function* keepError(
  source: AsyncIterable<Buffer>,
  failed: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    failed(error);
    throw error;
  }
}

async function readEntries(bytes: Bytes, visitor: Visitor): Promise<ReadArchive> {
  const head = await readTarHeader(bytes, null);
  if (head?.name !== "vouchsafe-backup.json") throw damaged("does not begin as one");
  const said = await readText(bytes, head);
  const opening = parseOpening(said);
  const at = new Date(opening.at);
  await visitor.opening?.(opening);

  const tables: Manifest["tables"] = [];
  const sums = createHash("sha256");
  const files = { count: 0, bytes: 0 };
  let entry = await readTarHeader(bytes, at);
  while (entry && entry.name !== "SHA256SUMS") {
    const table = /^tables\/([^/]+)\/000001$/.exec(entry.name)?.[1];
    if (table) {
      const read = await readTable(bytes, table, entry, at, visitor);
      tables.push(read.table);
      entry = read.next;
      continue;
    }
    if (!ENTRIES[opening.kind].test(entry.name)) throw damaged("holds an entry of another kind");
    const hash = createHash("sha256");
    const content = hashed(readTarContent(bytes, entry), hash);
    await visitor.file?.(entry.name, content, entry.bytes);
    for await (const _ of content);
    sums.update(sumLine(hash.digest("hex"), entry.name));
    files.count += 1;
    files.bytes += entry.bytes;
    entry = await readTarHeader(bytes, at);
  }
  if (!entry) throw damaged("ends without saying what was in it");
  const listed = createHash("sha256");
  for await (const piece of readTarContent(bytes, entry)) listed.update(piece);
  const last = await readTarHeader(bytes, at);
  if (last?.name !== "manifest.json") throw damaged("ends without saying what was in it");
  const manifest = parseManifest(await readText(bytes, last));
  if ((await readTarHeader(bytes, at)) !== null) throw damaged("goes on after its end");

  const { gone } = manifest.files;
  const sha256 = sums.digest("hex");
  const expected: Manifest = {
    opening: hex(said),
    tables,
    files: { ...files, sha256, gone },
    checkpoint: manifest.checkpoint,
    signed: manifest.signed,
  };
  if (JSON.stringify(expected) !== JSON.stringify(manifest) || listed.digest("hex") !== sha256)
    throw damaged("does not hold what it says");
  if (tables.map((t) => t.name).join() !== opening.tables.map((t) => t.name).join())
    throw damaged("lacks a table");
  return { opening, manifest };
}

async function readTable(bytes: Bytes, name: string, first: TarEntry, at: Date, visitor: Visitor) {
  const hash = createHash("sha256");
  let length = 0;
  let next: (TarEntry & { at: Date }) | null = null;
  async function* pieces(): AsyncGenerator<Buffer> {
    let entry: TarEntry = first;
    for (let number = 1; ; number += 1) {
      for await (const piece of readTarContent(bytes, entry)) {
        hash.update(piece);
        length += piece.length;
        yield piece;
      }
      next = await readTarHeader(bytes, at);
      if (next?.name !== pieceName(name, number + 1)) return;
      entry = next;
    }
  }
  const rows = pieces();
  const counted = createCounter();
  const counting = counted.watch(rows);
  const loaded = await visitor.table?.(name, counting);
  for await (const _ of counting);
  if (typeof loaded === "number" && loaded !== counted.rows())
    throw backupFailure("damaged", `Of ${name}, ${loaded} rows of ${counted.rows()} could be loaded.`);
  return { table: { name, rows: counted.rows(), bytes: length, sha256: hash.digest("hex") }, next };
}

/**
 * Counts the rows of a binary COPY: a header of 19 bytes, then each row as the number of its fields and each field as its
 * length and bytes, then -1. Without this a manifest's count of rows would be somebody's word.
 */
function createCounter() {
  let rows = 0;
  let state: "header" | "row" | "field" | "value" | "end" = "header";
  let need = 19;
  let have = Buffer.alloc(0);
  let fields = 0;
  function see(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      if (state === "end") throw damaged("holds a table with something after its end");
      if (state === "value") {
        const taken = Math.min(need, piece.length - at);
        need -= taken;
        at += taken;
        if (need === 0) nextField();
        continue;
      }
      if (have.length === 0 && piece.length - at >= need) {
        const from = at;
        at += need;
        number(piece, from);
        continue;
      }
      const taken = Math.min(need - have.length, piece.length - at);
      have = Buffer.concat([have, piece.subarray(at, at + taken)]);
      at += taken;
      if (have.length === need) {
        const whole = have;
        have = Buffer.alloc(0);
        number(whole, 0);
      }
    }
  }
  function number(bytes: Buffer, at: number): void {
    if (state === "header") {
      if (bytes.toString("latin1", at, at + 11) !== "PGCOPY\n\xff\r\n\0")
        throw damaged("holds a table in another form");
      state = "row";
      need = 2;
    } else if (state === "row") {
      fields = bytes.readInt16BE(at);
      if (fields === -1) {
        state = "end";
        need = 1;
        return;
      }
      if (fields < 0) throw damaged("holds a row without an end");
      rows += 1;
      nextField();
    } else {
      const length = bytes.readInt32BE(at);
      if (length < -1) throw damaged("holds a value without an end");
      need = length;
      state = "value";
      if (length <= 0) nextField();
    }
  }
  function nextField(): void {
    state = fields === 0 ? "row" : "field";
    need = fields === 0 ? 2 : 4;
    fields -= 1;
  }
  return {
    rows: () => rows,
    async *watch(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const piece of source) {
        see(piece);
        yield piece;
      }
      if (state !== "end") throw damaged("holds a table without an end");
    },
  };
}

async function* hashed(
  source: AsyncIterable<Buffer>,
  hash: { update(bytes: Buffer): unknown },
): AsyncGenerator<Buffer> {
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
}

async function readText(bytes: Bytes, entry: TarEntry): Promise<string> {
  if (entry.bytes > MOST_JSON) throw damaged("says too much of itself");
  const pieces: Buffer[] = [];
  // Copied: what the source yields may be overwritten.
  for await (const piece of readTarContent(bytes, entry)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString("utf8");
}

const hex = (text: string): string => createHash("sha256").update(text).digest("hex");

const damaged = (how: string) => backupFailure("damaged", `This backup ${how}.`);
