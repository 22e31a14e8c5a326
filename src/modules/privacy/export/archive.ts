import { createHash } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { ZipFile } from "yazl";

/** What lies in an archive, for its manifest. */
export interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Archive {
  /** Bytes of the ZIP (ZIP64 where it is needed), as entries are asked for. Ends with an error when one of them fails. */
  readonly stream: Readable;
  /** An entry; its content is asked for when its turn has come, one after the other. */
  add(path: string, at: Date, content: () => AsyncIterable<string | Uint8Array>, compress?: boolean): void;
  /** Entries whose content has been written. */
  readonly written: readonly Entry[];
  end(): void;
}

export function openArchive(): Archive {
  const zip = new ZipFile();
  const written: Entry[] = [];
  const stream = new PassThrough();
  zip.outputStream.pipe(stream);
  zip.on("error", (error: Error) => void stream.destroy(error));
  return {
    stream,
    written,
    add(path, at, content, compress = true) {
      zip.addReadStreamLazy(path, { mtime: at, compress, mode: 0o100644 }, (give) => {
        const source = Readable.from(measured(path, content(), written));
        // The library listens to none of its sources: an error that nobody hears ends the process.
        source.on("error", (error) => void stream.destroy(error));
        give(null, source);
      });
    },
    end: () => zip.end(),
  };
}

async function* measured(
  path: string,
  content: AsyncIterable<string | Uint8Array>,
  written: Entry[],
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of content) {
    const buffer = typeof piece === "string" ? Buffer.from(piece) : Buffer.from(piece);
    hash.update(buffer);
    bytes += buffer.length;
    if (buffer.length > 0) yield buffer;
  }
  written.push({ path, bytes, sha256: hash.digest("hex") });
}
