import type { Readable } from "node:stream";
import { sql } from "kysely";
import { later } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { enter, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError, isAppError } from "../../../kernel/errors.ts";
import type { StoredFile } from "../../../kernel/files/file-store.ts";
import { firstBytes, joined, kindOf, piecesOf, refusalOf } from "../documents/storing.ts";
import { loadUpload } from "./service.ts";
import {
  openUploadName,
  PIECE_BYTES,
  UPLOAD_LASTS,
  type Upload,
  type UploadRow,
  uploadView,
} from "./view.ts";

export interface Piece {
  readonly offset: number;
  readonly stream: Readable;
}

/**
 * Takes the next piece. It is on the disk, encrypted, before it is answered for. The same piece again, at an offset that
 * was taken, is answered alike and kept once; any other offset is `wrong_offset`. All pieces but the last are full.
 */
export async function takePiece(ctx: Ctx, id: string, pieces: AsyncIterable<Piece>): Promise<Upload> {
  // Nobody streams a byte to the disk before the database has said that they may.
  await enter(ctx);
  await loadUpload(ctx, id);
  let taken: Upload | null = null;
  for await (const piece of pieces) {
    if (taken) throw appError("bad_request", { message: "Send one piece at a time." });
    try {
      taken = await storePiece(ctx, id, piece);
    } catch (error) {
      if (piece.stream.errored) throw error;
      throw refusalOf(error);
    } finally {
      piece.stream.resume();
    }
  }
  if (!taken) throw appError("bad_request", { message: "Send one piece, in a part named file." });
  return taken;
}

async function storePiece(ctx: Ctx, id: string, { offset, stream }: Piece): Promise<Upload> {
  const row = await loadUpload(ctx, id);
  // Looked at again, exactly, when it is added: here so that what cannot be taken is not written first.
  const whole = Number(row.bytes);
  if (offset > Number(row.received) || offset % PIECE_BYTES !== 0 || offset >= whole) throw wrongOffset(row);
  const expected = Math.min(PIECE_BYTES, whole - offset);
  const keys = await keysOf(ctx);
  const source = piecesOf(stream);
  const { files } = ctx.system;
  try {
    const head = await firstBytes(source);
    if (offset === 0) kindOf(head, openUploadName(keys, row));
    const stored = await files.put(keys, joined(head, source), { maxBytes: expected });
    let kept = false;
    try {
      if (stored.bytes !== expected)
        throw appError("invalid_input", {
          fields: { file: `A piece here has ${expected} bytes, and this one ${stored.bytes}.` },
        });
      const added = await addPiece(ctx, id, offset, stored);
      kept = added.kept;
      return added.upload;
    } catch (error) {
      // The commit may have got through.
      kept = isAppError(error) && error.code === "unavailable";
      throw error;
    } finally {
      if (!kept) await files.remove(stored.name);
    }
  } finally {
    await source.return?.();
  }
}

/** `kept`: whether this very file is the piece now, and not one that came before with the same content. */
async function addPiece(
  ctx: Ctx,
  id: string,
  offset: number,
  stored: StoredFile,
): Promise<{ upload: Upload; kept: boolean }> {
  return unit(ctx, async (inner) => {
    const row = await loadUpload(inner, id);
    const keys = await keysOf(inner);
    const received = Number(row.received);
    if (offset !== received) {
      const before = await readOne(
        inner,
        db
          .selectFrom("upload_piece")
          .select("content_hash")
          .where("upload_id", "=", id)
          .where("starts_at", "=", offset),
      );
      if (!before?.content_hash.equals(stored.sha256Keyed)) throw wrongOffset(row);
      return { upload: uploadView(keys, row), kept: false };
    }
    await write(
      inner,
      db.insertInto("upload_piece").values({
        tenant_id: tenantOf(inner).id,
        upload_id: id,
        starts_at: offset,
        bytes: stored.bytes,
        file: stored.name,
        content_hash: stored.sha256Keyed,
      }),
    );
    await write(
      inner,
      sql`update upload set received = ${received + stored.bytes},
                 expires_at = case when received = 0 then ${later(row.created_at, UPLOAD_LASTS)}::timestamptz else expires_at end
            where tenant_id = ${tenantOf(inner).id} and upload_id = ${id}`,
    );
    return { upload: uploadView(keys, await loadUpload(inner, id)), kept: true };
  });
}

const wrongOffset = (row: UploadRow) =>
  appError("wrong_offset", { message: `The next piece begins at ${Number(row.received)}. Send that one.` });
