import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { enter, read, unit, write } from "../../../kernel/database/unit.ts";
import { appError, isAppError } from "../../../kernel/errors.ts";
import { allows } from "../../../kernel/permissions.ts";
import { getDocument } from "../documents/service.ts";
import { refusalOf, storeFile } from "../documents/storing.ts";
import { removeLater } from "../documents/telling.ts";
import { addDocument } from "../documents/upload.ts";
import type { Document } from "../documents/view.ts";
import { addVersion } from "../versions/adding.ts";
import { loadUpload } from "./service.ts";
import { openUploadName } from "./view.ts";

/**
 * Makes a document, or a new version of one, of all pieces: one stored file, with flat memory; then the rows, and the
 * upload's end, in one unit of work. A crash before that leaves the upload as it was. Throws `wrong_state` when pieces
 * are missing, and as adding the file itself would.
 */
export async function finishUpload(ctx: Ctx, id: string): Promise<Document> {
  await enter(ctx);
  const row = await loadUpload(ctx, id);
  if (Number(row.received) < Number(row.bytes))
    throw appError("wrong_state", {
      message: `It is not whole: the next piece begins at ${Number(row.received)}.`,
    });
  const name = openUploadName(await keysOf(ctx), row);
  const pieces = await filesOf(ctx, id);
  const source = contentOf(ctx, pieces);
  try {
    return await storeFile(
      ctx,
      { name, source },
      async () => {},
      (file) =>
        unit(ctx, async (inner) => {
          const found = await loadUpload(inner, id);
          // Before its own bytes are counted as a document's.
          await write(inner, db.deleteFrom("upload").where("upload_id", "=", id));
          removeLater(inner, pieces);
          if (found.document_id === null)
            return addDocument(inner, file, { folder: found.folder_id, visibility: found.visibility });
          if (!allows(standingOf(inner), "document.add-version")) throw appError("forbidden");
          await addVersion(inner, found.document_id, file);
          return getDocument(inner, found.document_id);
        }),
    );
  } catch (error) {
    // Finished or given up by another request: its pieces are gone for that reason.
    if (!isAppError(error)) await loadUpload(ctx, id);
    throw refusalOf(error);
  } finally {
    await source.return(undefined);
  }
}

async function* contentOf(ctx: Ctx, files: readonly string[]): AsyncGenerator<Buffer, undefined> {
  const keys = await keysOf(ctx);
  for (const name of files) yield* (await ctx.system.files.open(keys, name)) as AsyncIterable<Buffer>;
}

/** Gives up an upload of one's own. */
export async function cancelUpload(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await loadUpload(inner, id);
    removeLater(inner, await filesOf(inner, id));
    await write(inner, db.deleteFrom("upload").where("upload_id", "=", id));
    record(inner, { event: "upload.cancelled", resource: { type: "upload", id } });
  });
}

async function filesOf(ctx: Ctx, id: string): Promise<string[]> {
  const [rows] = await read(
    ctx,
    db.selectFrom("upload_piece").select("file").where("upload_id", "=", id).orderBy("starts_at"),
  );
  return rows.map((row) => row.file);
}

const AT_ONCE = 100;

/** Removes uploads whose time is over, some at a time; false when there is none. */
export function dropExpired(ctx: Ctx): Promise<boolean> {
  return unit(ctx, async (inner) => {
    const tenantId = tenantOf(inner).id;
    const [rows] = await read(
      inner,
      sql<{ id: string }>`
        select upload_id as id from upload where tenant_id = ${tenantId} and expires_at <= ${inner.clock()}
          order by upload_id limit ${AT_ONCE} for update`,
    );
    const ids = rows.map((row) => row.id);
    if (ids.length === 0) return false;
    const [files] = await read(
      inner,
      sql<{ file: string }>`
        select file from upload_piece where tenant_id = ${tenantId} and upload_id = any(${ids}::uuid[])`,
    );
    await write(
      inner,
      sql`delete from upload where tenant_id = ${tenantId} and upload_id = any(${ids}::uuid[])`,
    );
    removeLater(
      inner,
      files.map((row) => row.file),
    );
    return true;
  });
}
