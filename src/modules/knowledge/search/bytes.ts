/** Thrown by every parser of the index: the bytes are not what `buildSegment` wrote. `code` is "index_corrupt". */
export function corrupt(what: string): Error & { code: "index_corrupt" } {
  return Object.assign(new Error(`the search index is corrupt: ${what}`), { code: "index_corrupt" as const });
}

/** Appends `value` (0 to 2^32 - 1) as a little-endian base-128 varint. */
export function putVarint(out: number[], value: number): void {
  let rest = value;
  while (rest > 127) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
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

/** What is left must be padding. */
export function expectPadding(reader: Reader): void {
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

/** Appends zeros up to the size class of a cell: two classes a doubling from 16 bytes, eight from 1,024. */
export function padded(bytes: number[]): Buffer {
  const size = bytes.length <= 1024 ? sizeClass(bytes.length, 16, 2) : sizeClass(bytes.length, 1024, 8);
  const buffer = Buffer.alloc(size);
  buffer.set(bytes);
  return buffer;
}
