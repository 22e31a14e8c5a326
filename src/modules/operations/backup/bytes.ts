/** Reads a stream of pieces of any length in the lengths that a format asks for. */
export interface Bytes {
  /** Exactly `length` bytes, or fewer where the stream ends before. A view: good until the next call. */
  take(length: number): Promise<Buffer>;
  /** Up to `length` bytes, at least one unless the stream has ended. Copies nothing. */
  some(length: number): Promise<Buffer>;
  /** Lets go of the source. */
  close(): Promise<void>;
}

export function bytesOf(source: AsyncIterable<Uint8Array>): Bytes {
  const pieces = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  const more = async (): Promise<boolean> => {
    while (!ended) {
      const { done, value } = await pieces.next();
      if (done) ended = true;
      else if (value.length > 0) {
        rest = Buffer.from(value.buffer, value.byteOffset, value.length);
        return true;
      }
    }
    return false;
  };
  const some = async (length: number): Promise<Buffer> => {
    if (rest.length === 0 && !(await more())) return rest;
    const taken = rest.subarray(0, length);
    rest = rest.subarray(taken.length);
    return taken;
  };
  return {
    some,
    async take(length) {
      const first = await some(length);
      if (first.length === length) return first;
      const whole = Buffer.allocUnsafe(length);
      first.copy(whole);
      let filled = first.length;
      while (filled < length) {
        const piece = await some(length - filled);
        if (piece.length === 0) break;
        piece.copy(whole, filled);
        filled += piece.length;
      }
      return whole.subarray(0, filled);
    },
    async close() {
      rest = Buffer.alloc(0);
      ended = true;
      await pieces.return?.();
    },
  };
}

/** The same bytes in pieces of one length, the last one shorter: each piece that goes to another thread costs a wait. */
export async function* inBatches(source: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Buffer> {
  let batch = Buffer.allocUnsafe(length);
  let used = 0;
  for await (let piece of source) {
    while (piece.length > 0) {
      const taken = Math.min(piece.length, length - used);
      batch.set(piece.subarray(0, taken), used);
      used += taken;
      piece = piece.subarray(taken);
      if (used < length) continue;
      yield batch;
      // The one before may still be in use.
      batch = Buffer.allocUnsafe(length);
      used = 0;
    }
  }
  if (used > 0) yield batch.subarray(0, used);
}
