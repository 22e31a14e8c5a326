import type { Secret } from "../../../../kernel/secret.ts";
import type { NoteSigner } from "../../audit/log/note.ts";
import { readArchive } from "../../backup/archive-reading.ts";
import { type Part, writeArchive } from "../../backup/archive-writing.ts";
import type { Manifest, Opening } from "../../backup/contents.ts";
import { folderPlace } from "../../backup/places.ts";
import { signManifest } from "../../backup/signing.ts";

/** What a hostile operator makes of an archive of their own. */
export interface Forgery {
  readonly opening?: (opening: Opening) => Opening;
  /** Of a table's rows, as binary COPY. */
  readonly table?: (name: string, rows: Buffer) => Buffer;
  /** What stands in a column of every row of a table. */
  readonly column?: readonly [table: string, column: string, value: Buffer];
  readonly rename?: readonly [from: string, to: string];
  /** null: it is left out. */
  readonly file?: (path: string, content: Buffer) => NamedContent | null;
  readonly more?: readonly NamedContent[];
}

interface NamedContent {
  readonly path: string;
  readonly content: Buffer;
}

export interface Genuine {
  readonly folder: string;
  readonly name: string;
  readonly identity: Secret;
  readonly recipient: string;
  /** Whose signature it gets. */
  readonly signer: NoteSigner;
}

/** The same archive with something changed, counted, summed up and signed again. Small ones: all of it is in memory. */
export async function forgeArchive(
  { folder, name, identity, recipient, signer }: Genuine,
  { opening = (said) => said, table = (_, rows) => rows, column, rename, file = named, more = [] }: Forgery,
): Promise<Buffer> {
  const tables: { name: string; rows: Buffer }[] = [];
  const files: NamedContent[] = [];
  const { manifest, opening: said } = await readArchive(await folderPlace(folder).get(name), [identity], {
    async table(given, rows) {
      const shown = rename?.[0] === given ? rename[1] : given;
      tables.push({ name: shown, rows: table(given, await gather(rows)) });
      return null;
    },
    async file(path, content) {
      const made = file(path, await gather(content));
      if (made) files.push(made);
    },
  });
  async function* parts(): AsyncGenerator<Part> {
    for (const [at, one] of tables.entries()) {
      const columns = said.tables.find(({ name: of }) => of === column?.[0])?.columns ?? [];
      const place = columns.findIndex(({ name: of }) => of === column?.[1]);
      const rows = column && one.name === column[0] ? withField(one.rows, place, column[2]) : one.rows;
      yield { table: one.name, rows: counted(rows, manifest.tables[at]?.rows ?? 0) };
    }
    for (const { path, content } of [...files, ...more])
      yield { file: path, bytes: content.length, content: once(content) };
  }
  return gather(
    writeArchive({
      opening: opening(said),
      recipients: [recipient],
      parts: parts(),
      checkpoint: manifest.checkpoint,
      sign: (of: Opening, unsigned: Manifest) => signManifest(of, unsigned, signer),
      written: () => {},
    }),
  );
}

/** Each row of a binary COPY with another value at a place. A header of 19 bytes, and rows until the count of fields is -1. */
function withField(rows: Buffer, place: number, value: Buffer): Buffer {
  const made = [rows.subarray(0, 19)];
  let at = 19;
  for (let count = rows.readInt16BE(at); count !== -1; count = rows.readInt16BE(at)) {
    made.push(rows.subarray(at, at + 2));
    at += 2;
    for (let i = 0; i < count; i += 1) {
      const end = at + 4 + Math.max(0, rows.readInt32BE(at));
      const length = Buffer.alloc(4);
      length.writeInt32BE(value.length);
      made.push(...(i === place ? [length, value] : [rows.subarray(at, end)]));
      at = end;
    }
  }
  return Buffer.concat([...made, rows.subarray(at)]);
}

/** A moment as binary COPY has it: microseconds since 2000. */
export function rawTime(time: number): Buffer {
  const raw = Buffer.alloc(8);
  raw.writeBigInt64BE((BigInt(time) - BigInt(Date.UTC(2000, 0))) * 1000n);
  return raw;
}

const named = (path: string, content: Buffer): NamedContent => ({ path, content });

/** Bytes for bytes: of another length, a row would have no end. */
export const replaced = (bytes: Buffer, from: string, to: string): Buffer =>
  Buffer.from(bytes.toString("latin1").replaceAll(from, to), "latin1");

/** An id as its 16 bytes, for {@link replaced}. */
export const rawId = (id: string): string => Buffer.from(id.replaceAll("-", ""), "hex").toString("latin1");

export async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

export async function* once(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}

async function* counted(content: Buffer, rows: number): AsyncGenerator<Buffer, number> {
  yield content;
  return rows;
}
