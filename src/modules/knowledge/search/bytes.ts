/** Thrown by every parser of the index: the bytes are not what a writer of the index wrote. `code` is "index_corrupt". */
export function corrupt(what: string): Error & { code: "index_corrupt" } {
  return Object.assign(new Error(`the search index is corrupt: ${what}`), { code: "index_corrupt" as const });
}

/** Bytes that are being written; grows as needed. */
export type Out = { bytes: Uint8Array; at: number };

export const newOut = (size = 64): Out => ({ bytes: new Uint8Array(size), at: 0 });

export const written = (out: Out): Uint8Array => out.bytes.subarray(0, out.at);

export function putByte(out: Out, value: number): void {
  if (out.at === out.bytes.length) grow(out, 1);
  out.bytes[out.at++] = value;
}

/** Appends `value` (0 to 2^32 - 1) as a little-endian base-128 varint. */
export function putVarint(out: Out, value: number): void {
  if (out.at + 5 > out.bytes.length) grow(out, 5);
  let rest = value;
  while (rest > 127) {
    out.bytes[out.at++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  out.bytes[out.at++] = rest;
}

export function putBytes(out: Out, bytes: Uint8Array): void {
  if (out.at + bytes.length > out.bytes.length) grow(out, bytes.length);
  out.bytes.set(bytes, out.at);
  out.at += bytes.length;
}

function grow(out: Out, by: number): void {
  const larger = new Uint8Array(Math.max(out.bytes.length * 2, out.at + by));
  larger.set(written(out));
  out.bytes = larger;
}

/** A reader that never leaves its bytes. */
export type Reader = { bytes: Uint8Array; at: number; end: number };

export const readerOf = (bytes: Uint8Array): Reader => ({ bytes, at: 0, end: bytes.length });

export function takeByte(reader: Reader): number {
  if (reader.at >= reader.end) throw corrupt("it ends too early");
  const byte = reader.bytes[reader.at] ?? 0;
  reader.at += 1;
  return byte;
}

/** Reads a varint of at most 32 bits, in its shortest form only, so that each value has one spelling. */
export function takeVarint(reader: Reader): number {
  const first = takeByte(reader);
  if (first < 128) return first;
  let value = first - 128;
  for (let scale = 128; ; scale *= 128) {
    const byte = takeByte(reader);
    value += (byte & 127) * scale;
    if (value > 0xffffffff) throw corrupt("a number is too large");
    if (byte < 128) {
      if (byte === 0) throw corrupt("a number is not in its shortest form");
      return value;
    }
    // The fifth byte holds the last four bits and cannot go on.
    if (scale >= 268435456) throw corrupt("a number is too long");
  }
}

/** A reader over the next `length` bytes; the given one moves behind them. */
export function takeSection(reader: Reader, length: number): Reader {
  if (length > reader.end - reader.at) throw corrupt("a section is longer than what holds it");
  const section = { bytes: reader.bytes, at: reader.at, end: reader.at + length };
  reader.at += length;
  return section;
}

export const sectionBytes = ({ bytes, at, end }: Reader): Uint8Array => bytes.subarray(at, end);

/** What is left must be padding, and no more of it than a writer adds. */
export function expectPadding(reader: Reader): void {
  if (paddedSize(reader.at) !== reader.end) throw corrupt("it is not of its size class");
  while (reader.at < reader.end) if (takeByte(reader) !== 0) throw corrupt("the padding is not zero");
}

export function expectEnd(reader: Reader): void {
  if (reader.at !== reader.end) throw corrupt("a section has bytes left over");
}

/**
 * The smallest size class that holds `size`: `minimum`, and then `steps` evenly spaced classes to each doubling,
 * so that a class says little more than an order of magnitude and costs at most a `steps`th.
 */
export function sizeClass(size: number, minimum: number, steps: number): number {
  if (size <= minimum) return minimum;
  const octave = minimum * 2 ** Math.floor(Math.log2((size - 1) / minimum));
  const step = Math.max(1, octave / steps);
  return octave + Math.ceil((size - octave) / step) * step;
}

/** The size class of a cell: two classes a doubling from 16 bytes, eight from 1,024. */
const paddedSize = (size: number): number =>
  size <= 1024 ? sizeClass(size, 16, 2) : sizeClass(size, 1024, 8);

/** A copy with zeros up to the size class. */
export function padded(out: Out): Buffer {
  const buffer = Buffer.alloc(paddedSize(out.at));
  buffer.set(written(out));
  return buffer;
}
