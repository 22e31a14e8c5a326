import { sql } from "kysely";
import { record, redacted } from "../../../kernel/audit.ts";
import { later } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { allows } from "../../../kernel/permissions.ts";
import { loadDocument } from "../documents/access.ts";
import { cleanName } from "../documents/names.ts";
import { checkPlace } from "../documents/upload.ts";
import { takeNumbers } from "../index/numbers.ts";
import { checkRoom } from "../storage/quotas.ts";
import {
  MOST_UNSENT,
  MOST_UPLOADS,
  UNSENT_LASTS,
  type Upload,
  type UploadRow,
  uploadNameCell,
  uploadView,
} from "./view.ts";

export interface NewUpload {
  readonly name: string;
  readonly bytes: number;
  readonly folder: string | null;
  readonly visibility?: "private" | "tenant" | undefined;
  /** A document that one may write: the file becomes a new version of it. */
  readonly document?: string | undefined;
}

/**
 * Begins an upload in pieces. Its bytes are set aside until it ends, and count at its sender meanwhile, also where the
 * document that it is for is somebody else's: theirs is asked again at the end. Throws `quota`, and what adding the file
 * itself would throw for its place.
 */
export async function beginUpload(ctx: Ctx, given: NewUpload): Promise<Upload> {
  return unit(ctx, async (inner) => {
    await takeNumbers(inner, "document", 1);
    const me = memberOf(inner);
    const { folder, visibility = "private", document = null } = given;
    const owner = document === null ? me : await ownerOfDocument(inner, document);
    if (document === null) await checkPlace(inner, { folder, visibility });
    const add = { documents: document === null ? 1 : 0, bytes: given.bytes };
    await checkRoom(inner, { ...add, owner: me });
    if (owner !== me) await checkRoom(inner, { ...add, owner });
    await checkUnfinished(inner, given.bytes);
    const id = newId();
    const keys = await keysOf(inner);
    const now = inner.clock();
    await write(
      inner,
      db.insertInto("upload").values({
        tenant_id: tenantOf(inner).id,
        upload_id: id,
        member_id: me,
        name: keys.seal(uploadNameCell(id), cleanName(given.name)),
        bytes: given.bytes,
        folder_id: document === null ? folder : null,
        document_id: document,
        visibility,
        created_at: now,
        expires_at: later(now, UNSENT_LASTS),
      }),
    );
    record(inner, {
      event: "upload.begun",
      resource: { type: "upload", id },
      changes: { name: [null, redacted], bytes: [null, given.bytes], document: [null, document] },
    });
    return uploadView(keys, await loadUpload(inner, id));
  });
}

/** Throws `quota` when the acting member has begun too many, or has too much set aside that they have not sent. */
async function checkUnfinished(ctx: Ctx, bytes: number): Promise<void> {
  const open = await readOne(
    ctx,
    sql<{ n: number; unsent: string }>`
      select count(*)::int as n, coalesce(sum(bytes - received), 0)::text as unsent from upload
        where member_id = ${memberOf(ctx)} and expires_at > ${ctx.clock()}`,
  );
  if ((open?.n ?? 0) >= MOST_UPLOADS)
    throw appError("quota", {
      message: `You have ${MOST_UPLOADS} uploads that are not finished. Finish or cancel some first.`,
    });
  if (Number(open?.unsent ?? 0) + bytes > MOST_UNSENT)
    throw appError("quota", {
      message: `You have begun uploads of which more than ${MOST_UNSENT / 1024 ** 2} MB are missing. Send some of them, or cancel them, first.`,
    });
}

async function ownerOfDocument(ctx: Ctx, document: string): Promise<string> {
  if (!allows(standingOf(ctx), "document.add-version")) throw appError("forbidden");
  return (await loadDocument(ctx, document, "write")).owner_id;
}

/** One's own uploads that are not finished, the newest first. */
export async function listUploads(ctx: Ctx): Promise<Upload[]> {
  const [rows] = await read(
    ctx,
    sql<UploadRow>`
      select upload.* from upload where ${ownUploads(ctx)}
        order by upload.created_at desc, upload.upload_id desc limit ${MOST_UPLOADS}`,
  );
  const keys = await keysOf(ctx);
  return rows.map((row) => uploadView(keys, row));
}

export async function getUpload(ctx: Ctx, id: string): Promise<Upload> {
  return uploadView(await keysOf(ctx), await loadUpload(ctx, id));
}

/** One's own upload; anybody else's, and one whose time is over, is `not_found`. Locks it in a unit of work. */
export async function loadUpload(ctx: Ctx, id: string): Promise<UploadRow> {
  const row = await readOne(
    ctx,
    sql<UploadRow>`
      select upload.* from upload where upload.upload_id = ${id} and ${ownUploads(ctx)}
        ${ctx.tx ? sql`for no key update` : sql``}`,
  );
  if (!row) throw appError("not_found");
  return row;
}

// A key that is bound to a folder finds what is to go there.
const ownUploads = (ctx: Ctx) => sql<boolean>`
  (upload.tenant_id = ${tenantOf(ctx).id} and upload.member_id = ${memberOf(ctx)} and upload.expires_at > ${ctx.clock()}
   and (kernel.current_key() is null or kernel.is_in_reach_of_key(coalesce(upload.folder_id,
     (select d.folder_id from document d where d.tenant_id = upload.tenant_id and d.document_id = upload.document_id)))))`;
