import type { Bytes } from "./bytes.ts";
import { backupFailure } from "./failure.ts";

// POSIX.1-1988 "ustar", the part of it that FORMAT.md names: regular files, names of at most 100 bytes, no links, no
// extensions. Every tar program reads it; this one reads nothing else.

const BLOCK = 512;
const LONGEST_NAME = 100;
/** Eleven octal digits. */
const MOST_BYTES = 0o77777777777;
const NAME = /^[a-zA-Z0-9_.-]+(\/[a-zA-Z0-9_.-]+)*$/;

export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
}

/** The header of a file of so many bytes. `at` is the backup's own time: an archive tells nothing of its files' times. */
export function tarHeader({ name, bytes }: TarEntry, at: Date): Buffer {
  if (!NAME.test(name) || name.length > LONGEST_NAME) throw new TypeError(`No name for an entry: ${name}`);
  if (bytes > MOST_BYTES)
    throw backupFailure("unsupported", `A file of ${bytes} bytes is too large for an archive.`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, digits: number) =>
    header.write(`${value.toString(8).padStart(digits, "0")}\0`, offset, "latin1");
  header.write(name, 0, "latin1");
  octal(0o600, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(bytes, 124, 11);
  octal(Math.floor(at.getTime() / 1000), 136, 11);
  header.write("        0", 148, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** Zeros up to the next block. */
export const tarPadding = (bytes: number): Buffer => Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);

/** Two blocks of zeros end an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * BLOCK);

/** The next header, or null at the archive's end, after which nothing comes. Anything but `tarHeader`'s bytes is `damaged`. */
export async function readTarHeader(
  bytes: Bytes,
  at: Date | null,
): Promise<(TarEntry & { at: Date }) | null> {
  const block = Buffer.from(await bytes.take(BLOCK));
  if (block.length < BLOCK) throw cutOff();
  if (block.every((byte) => byte === 0)) {
    const second = await bytes.take(BLOCK);
    if (second.length < BLOCK || !second.every((byte) => byte === 0)) throw malformed();
    if ((await bytes.some(1)).length > 0) throw malformed();
    return null;
  }
  const name = block.toString("latin1", 0, LONGEST_NAME).replace(/\0.*$/s, "");
  const size = Number.parseInt(block.toString("latin1", 124, 135), 8);
  const time = new Date(Number.parseInt(block.toString("latin1", 136, 147), 8) * 1000);
  if (!NAME.test(name) || name.split("/").some((part) => /^\.+$/.test(part)) || !Number.isSafeInteger(size))
    throw malformed();
  if (
    Number.isNaN(time.getTime()) ||
    (at !== null && Math.floor(at.getTime() / 1000) * 1000 !== time.getTime())
  )
    throw malformed();
  if (!tarHeader({ name, bytes: size }, time).equals(block)) throw malformed();
  return { name, bytes: size, at: time };
}

/** An entry's content, and then its padding. */
export async function* readTarContent(bytes: Bytes, entry: TarEntry): AsyncGenerator<Buffer> {
  for (let left = entry.bytes; left > 0; ) {
    const piece = await bytes.some(left);
    if (piece.length === 0) throw cutOff();
    left -= piece.length;
    yield piece;
  }
  const padding = tarPadding(entry.bytes).length;
  const found = await bytes.take(padding);
  if (found.length < padding) throw cutOff();
  if (!found.every((byte) => byte === 0)) throw malformed();
}

const cutOff = () => backupFailure("damaged", "This backup ends in the middle.");
const malformed = () => backupFailure("damaged", "This backup holds something that no backup has.");
