import type { Readable } from "node:stream";
import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { enter, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { allows } from "../../../kernel/permissions.ts";
import { loadFolder } from "../folders/access.ts";
import { isShared, OUTSIDE } from "../folders/moving.ts";
import { takeNumbers } from "../index/numbers.ts";
import { shareWithAll } from "../sharing/shares.ts";
import { checkRoom } from "../storage/quotas.ts";
import { addVersion, insertVersion } from "../versions/adding.ts";
import { loadDocument } from "./access.ts";
import { cleanName } from "./names.ts";
import { getDocument } from "./service.ts";
import { type KeptFile, piecesOf, refusalOf, storeFile } from "./storing.ts";
import { tellOfDocuments } from "./telling.ts";
import { type Document, nameCell } from "./view.ts";

// Where it was before others told of documents, too.
export { documentsTopic } from "./telling.ts";

export interface NewFile {
  /** As its sender calls it. */
  readonly name: string;
  readonly stream: Readable;
  /** Shared with the whole workspace, to read, from the first moment. */
  readonly visibility?: "private" | "tenant";
  /** The folder that it goes into; without one to its owner's top. */
  readonly folder?: string | null;
}

export interface Uploaded {
  readonly items: Document[];
  readonly refused: { readonly name: string; readonly code: string; readonly message: string }[];
}

/**
 * Takes files one after the other, each with flat memory and a unit of work of its own. One that is refused (kind,
 * size, empty, no room) is named in `refused` and does not stop the others; lost rights and a broken connection do.
 */
export async function uploadDocuments(ctx: Ctx, uploads: AsyncIterable<NewFile>): Promise<Uploaded> {
  // Nobody streams a byte to the disk before the database has said that they may.
  await enter(ctx);
  const items: Document[] = [];
  const refused: Uploaded["refused"] = [];
  for await (const { name: given, stream, visibility = "private", folder = null } of uploads) {
    const name = cleanName(given);
    try {
      const place = { visibility, folder };
      await checkPlace(ctx, place);
      items.push(await uploadDocument(ctx, { name, stream }, place));
    } catch (error) {
      if (stream.errored) throw error;
      const refusal = refusalOf(error);
      if ([401, 403, 404].includes(refusal.status)) throw refusal;
      // Nothing taken and the database away, or too much at once: the whole request may be sent again.
      if (["unavailable", "busy"].includes(refusal.code) && items.length === 0) throw refusal;
      if (refusal.status >= 500) ctx.log.error({ err: error }, "an upload failed");
      refused.push({ name, code: refusal.code, message: refusal.message });
    }
    // The next part comes only once this one has been read to its end.
    stream.resume();
  }
  if (items.length + refused.length === 0) {
    throw appError("bad_request", { message: "Send one or more files, in parts named file." });
  }
  return { items, refused };
}

/** Takes one file as a new version of a document that one may write. Throws as `uploadDocuments` and `addVersion`. */
export async function uploadVersion(
  ctx: Ctx,
  documentId: string,
  uploads: AsyncIterable<Pick<NewFile, "name" | "stream">>,
): Promise<Document> {
  await enter(ctx);
  const { owner_id: owner, state: _, ...row } = await loadDocument(ctx, documentId, "read");
  if (owner !== memberOf(ctx) && row.reached !== "write") throw appError("forbidden");
  let added: Document | null = null;
  for await (const { name: given, stream } of uploads) {
    if (added) throw appError("bad_request", { message: "Send one file at a time." });
    const pieces = piecesOf(stream);
    try {
      added = await storeFile(
        ctx,
        { name: cleanName(given), source: pieces },
        (head) => checkRoom(ctx, { documents: 0, bytes: head.length, owner }),
        (file) =>
          unit(ctx, async (inner) => {
            await addVersion(inner, documentId, file);
            return getDocument(inner, documentId);
          }),
      );
    } catch (error) {
      if (stream.errored) throw error;
      throw refusalOf(error);
    } finally {
      await pieces.return?.();
    }
    stream.resume();
  }
  if (!added) throw appError("bad_request", { message: "Send one file, in a part named file." });
  return added;
}

export interface NewPlace {
  readonly visibility: "private" | "tenant";
  readonly folder: string | null;
}

/**
 * Whether a file may go where it is to go: into a folder that one may write, and where others see it only with the
 * right to share. Asked before its bytes are taken, and again, behind the folder's lock, when it is added.
 */
export async function checkPlace(ctx: Ctx, { visibility, folder }: NewPlace): Promise<void> {
  const { folderId } = standingOf(ctx);
  if (folder === null && folderId !== null) throw appError("forbidden", { message: OUTSIDE });
  // In a unit of work the row is locked; outside of one it is only looked at.
  if (folder !== null) {
    const { owner_id, reached } = await loadFolder(ctx, folder, ctx.tx ? "write" : "read");
    if (owner_id !== memberOf(ctx) && reached !== "write") throw appError("forbidden");
  }
  const shares = visibility !== "private" || (folder !== null && (await isShared(ctx, folder)));
  if (shares && !allows(standingOf(ctx), "document.share"))
    throw appError("forbidden", { message: "Others would see it there, and you may not share documents." });
}

async function uploadDocument(
  ctx: Ctx,
  { name, stream }: { name: string; stream: Readable },
  place: NewPlace,
): Promise<Document> {
  const pieces = piecesOf(stream);
  try {
    return await storeFile(
      ctx,
      { name, source: pieces },
      // Asked again, exactly, when it is added.
      (head) => checkRoom(ctx, { documents: 1, bytes: head.length, owner: memberOf(ctx) }),
      (file) => unit(ctx, (inner) => addDocument(inner, file, place)),
    );
  } finally {
    await pieces.return?.();
  }
}

/** Adds a stored file as a document, in the open unit of work. */
export async function addDocument(ctx: Ctx, file: KeptFile, place: NewPlace): Promise<Document> {
  const { stored, kind } = file;
  const keys = await keysOf(ctx);
  const memberId = memberOf(ctx);
  const id = newId();
  const now = ctx.clock();
  const no = await takeNumbers(ctx, "document", 1);
  const { waiting } = await checkRoom(ctx, { documents: 1, bytes: stored.bytes, owner: memberId });
  await checkPlace(ctx, place);
  await write(
    ctx,
    db.insertInto("document").values({
      tenant_id: tenantOf(ctx).id,
      document_id: id,
      document_no: no,
      // The first version goes by the document's own id.
      version_id: id,
      owner_id: memberId,
      folder_id: place.folder,
      name: keys.seal(nameCell(id), file.name),
      kind,
      bytes: stored.bytes,
      file: stored.name,
      content_hash: stored.sha256Keyed,
      state: "received",
      created_at: now,
      updated_at: now,
    }),
  );
  await insertVersion(ctx, { ...file, id, documentId: id, no: 1 });
  if (place.visibility === "tenant") await shareWithAll(ctx, id);
  record(ctx, {
    event: "document.uploaded",
    resource: { type: "document", id },
    changes: {
      name: [null, redacted],
      bytes: [null, stored.bytes],
      folder: [null, place.folder],
      visibility: [null, place.visibility],
    },
  });
  await ctx.system.jobs.enqueue(ctx, "knowledge.read-document", id, waiting);
  tellOfDocuments(ctx);
  return getDocument(ctx, id);
}
