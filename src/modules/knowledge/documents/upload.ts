import type { Readable } from "node:stream";
import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { enter, unit, write } from "../../../kernel/database/unit.ts";
import { type AppError, appError, isAppError } from "../../../kernel/errors.ts";
import type { StoredFile } from "../../../kernel/files/file-store.ts";
import { newId } from "../../../kernel/ids.ts";
import { allows } from "../../../kernel/permissions.ts";
import { type Kind, SNIFF_BYTES, sniffKind } from "../extraction/sniff.ts";
import { loadFolder } from "../folders/access.ts";
import { isShared, OUTSIDE } from "../folders/moving.ts";
import { takeNumbers } from "../index/numbers.ts";
import { shareWithAll } from "../sharing/shares.ts";
import { loadDocument } from "./access.ts";
import { cleanName } from "./names.ts";
import { checkRoom } from "./quotas.ts";
import { type Document, documentView, nameCell } from "./view.ts";

const MOST_BYTES = 50 * 1024 * 1024;

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
      const file = { name, visibility, folder, stream };
      await checkPlace(ctx, file);
      items.push(await uploadDocument(ctx, file));
    } catch (error) {
      if (stream.errored) throw error;
      const refusal = refusalOf(error);
      if ([401, 403, 404].includes(refusal.status)) throw refusal;
      // Nothing taken and the database away: the whole request may be sent again.
      if (refusal.code === "unavailable" && items.length === 0) throw refusal;
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

type PlacedFile = Required<NewFile>;

/**
 * Whether a file may go where it is to go: into a folder that one may write, and where others see it only with the
 * right to share. Asked before its bytes are taken, and again, behind the folder's lock, when it is added.
 */
async function checkPlace(
  ctx: Ctx,
  { visibility, folder }: Omit<PlacedFile, "stream" | "name">,
): Promise<void> {
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

async function uploadDocument(ctx: Ctx, { stream, ...file }: PlacedFile): Promise<Document> {
  const pieces = stream.iterator({ destroyOnReturn: false });
  try {
    const head = await firstBytes(pieces);
    if (head.length === 0) throw appError("invalid_input", { message: "The file is empty." });
    const kind = sniffKind(head, file.name);
    if (kind === null) throw appError("unsupported_format");
    // Asked again, exactly, when it is added: here so that what cannot be kept is not written first.
    await checkRoom(ctx, { documents: 1, bytes: head.length });
    const { files } = ctx.system;
    const stored = await files.put(await keysOf(ctx), joined(head, pieces), { maxBytes: MOST_BYTES });
    try {
      return await addDocument(ctx, { ...file, kind }, stored);
    } catch (error) {
      // A connection that broke may have broken after the commit: then the file is needed, else it is swept.
      if (!isAppError(error) || error.code !== "unavailable") await files.remove(stored.name);
      throw error;
    }
  } finally {
    await pieces.return?.();
  }
}

async function addDocument(
  ctx: Ctx,
  { name, visibility, folder, kind }: Omit<PlacedFile, "stream"> & { kind: Kind },
  stored: StoredFile,
): Promise<Document> {
  return unit(ctx, async (inner) => {
    const keys = await keysOf(inner);
    const { memberId } = standingOf(inner);
    const { id: tenantId } = tenantOf(inner);
    const id = newId();
    const now = inner.clock();
    const no = await takeNumbers(inner, "document", 1);
    const { waiting } = await checkRoom(inner, { documents: 1, bytes: stored.bytes });
    await checkPlace(inner, { visibility, folder });
    await write(
      inner,
      db.insertInto("document").values({
        tenant_id: tenantId,
        document_id: id,
        document_no: no,
        owner_id: memberId,
        folder_id: folder,
        name: keys.seal(nameCell(id), name),
        kind,
        bytes: stored.bytes,
        file: stored.name,
        content_hash: stored.sha256Keyed,
        state: "received",
        created_at: now,
        updated_at: now,
      }),
    );
    if (visibility === "tenant") await shareWithAll(inner, id);
    record(inner, {
      event: "document.uploaded",
      resource: { type: "document", id },
      changes: {
        name: [null, redacted],
        bytes: [null, stored.bytes],
        folder: [null, folder],
        visibility: [null, visibility],
      },
    });
    await inner.system.jobs.enqueue(inner, "knowledge.read-document", id, waiting);
    inner.tx.afterCommit.push(() => inner.system.hub.tell(documentsTopic(tenantId)));
    return documentView(keys, await loadDocument(inner, id, "read"), memberId);
  });
}

/** Told after each commit that changes what a list of documents shows. */
export const documentsTopic = (tenantId: string): string => `documents:${tenantId}`;

async function firstBytes(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  const head: Buffer[] = [];
  for (let size = 0; size < SNIFF_BYTES; ) {
    const { value, done } = await pieces.next();
    if (done) break;
    head.push(value);
    size += value.length;
  }
  return Buffer.concat(head);
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

function refusalOf(error: unknown): AppError {
  if (isAppError(error)) return error;
  const { code } = error as { code?: unknown };
  if (code === "too_large") return appError("too_large", { cause: error });
  // 53100: the database's disk.
  if (code === "ENOSPC" || code === "EDQUOT" || code === "53100")
    return appError("disk_full", { cause: error });
  return appError("internal", { cause: error });
}
