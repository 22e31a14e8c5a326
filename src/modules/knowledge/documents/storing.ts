import type { Readable } from "node:stream";
import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { type AppError, appError, isAppError } from "../../../kernel/errors.ts";
import type { StoredFile } from "../../../kernel/files/file-store.ts";
import { type Kind, refusalWords, SNIFF_BYTES, sniffKind } from "../extraction/sniff.ts";

export const MOST_BYTES = 50 * 1024 * 1024;

/** A file that is in the store, and of which no row tells yet. */
export interface KeptFile {
  readonly name: string;
  readonly kind: Kind;
  readonly stored: StoredFile;
}

/**
 * Stores a file with flat memory and gives it to `add`, which writes the rows that name it; when that fails, it is
 * removed again. `checked` is asked once the first bytes are there, so that what cannot be kept is not written first.
 * Throws `invalid_input` for an empty one, `unsupported_format`, `too_large`, `disk_full`.
 */
export async function storeFile<T>(
  ctx: Ctx,
  { name, source }: { name: string; source: AsyncIterator<Buffer> },
  checked: (head: Buffer) => Promise<unknown>,
  add: (file: KeptFile) => Promise<T>,
): Promise<T> {
  const head = await firstBytes(source);
  const kind = kindOf(head, name);
  await checked(head);
  const { files } = ctx.system;
  const stored = await files.put(await keysOf(ctx), joined(head, source), { maxBytes: MOST_BYTES });
  try {
    return await add({ name, kind, stored });
  } catch (error) {
    // A connection that broke may have broken after the commit: then the file is needed, else it is swept.
    if (!isAppError(error) || error.code !== "unavailable") await files.remove(stored.name);
    throw error;
  }
}

/** Throws `invalid_input`, `unsupported_format`. */
export function kindOf(head: Buffer, name: string): Kind {
  if (head.length === 0) throw appError("invalid_input", { message: "The file is empty." });
  const kind = sniffKind(head, name);
  if (kind === null) throw appError("unsupported_format", { message: refusalWords(head, name) });
  return kind;
}

export const piecesOf = (stream: Readable): AsyncIterator<Buffer> =>
  stream.iterator({ destroyOnReturn: false });

export async function firstBytes(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  const head: Buffer[] = [];
  for (let size = 0; size < SNIFF_BYTES; ) {
    const { value, done } = await pieces.next();
    if (done) break;
    head.push(value);
    size += value.length;
  }
  return Buffer.concat(head);
}

export async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** What is said of a file that was not taken, whatever the reason. */
export function refusalOf(error: unknown): AppError {
  if (isAppError(error)) return error;
  const { code } = error as { code?: unknown };
  if (code === "too_large") return appError("too_large", { cause: error });
  // 53100: the database's disk.
  if (code === "ENOSPC" || code === "EDQUOT" || code === "53100")
    return appError("disk_full", { cause: error });
  return appError("internal", { cause: error });
}
