import type { Readable } from "node:stream";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf } from "../../../kernel/context.ts";
import { read, readOne, unit } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { allows } from "../../../kernel/permissions.ts";
import { loadDocument } from "../documents/access.ts";
import { streamWhileAllowed } from "../documents/download.ts";
import { fileName } from "../documents/names.ts";
import { getDocument, type Passage, passagesOf } from "../documents/service.ts";
import type { Document } from "../documents/view.ts";
import { takeNumbers } from "../index/numbers.ts";
import { addVersion, MOST_VERSIONS } from "./adding.ts";
import { openVersionName, type Version, type VersionRow, versionRows, versionView } from "./view.ts";

/** All versions of a document that one may see, newest first. */
export async function listVersions(ctx: Ctx, documentId: string): Promise<Version[]> {
  await loadDocument(ctx, documentId, "read");
  const [rows] = await read(
    ctx,
    versionRows().where("v.document_id", "=", documentId).orderBy("v.no", "desc").limit(MOST_VERSIONS),
  );
  const keys = await keysOf(ctx);
  return rows.map((row) => versionView(keys, row));
}

/** A version, for whoever may see the document that it is of, now and in the bin not; for others it is not there. */
export async function loadVersion(ctx: Ctx, id: string, to: "read" | "write"): Promise<VersionRow> {
  const row = await readOne(ctx, versionRows().where("v.version_id", "=", id));
  if (!row) throw appError("not_found");
  await loadDocument(ctx, row.document_id, to);
  return row;
}

/** As `readPassages`. One whose text has not been read has none. */
export async function readVersion(
  ctx: Ctx,
  id: string,
  range: { from: number; limit: number },
): Promise<{ items: Passage[]; next: string | null }> {
  const row = await loadVersion(ctx, id, "read");
  return passagesOf(ctx, row.document_id, id, range);
}

/** As `openOriginal`. The file of another version than the document's own is for who may see its versions, too. */
export async function openVersionOriginal(
  ctx: Ctx,
  id: string,
): Promise<{ stream: Readable; name: string; bytes: number }> {
  const row = await unit(ctx, async (inner) => {
    const found = await loadVersion(inner, id, "read");
    if (found.version_id !== found.current_id && !allows(standingOf(inner), "document.versions"))
      throw appError("forbidden");
    record(inner, {
      event: "document.downloaded",
      resource: { type: "document", id: found.document_id },
      changes: { version: [null, found.no] },
    });
    return found;
  });
  const keys = await keysOf(ctx);
  const stream = await streamWhileAllowed(ctx, row.document_id, row.file);
  return { stream, name: fileName(openVersionName(keys, row)), bytes: row.bytes };
}

/**
 * Makes an older version the newest: a version of its own with the same file, read anew. Throws `wrong_state` for the
 * one that the document has, and as `addVersion`.
 */
export async function restoreVersion(ctx: Ctx, id: string): Promise<Document> {
  return unit(ctx, async (inner) => {
    // The number before the document, as `addVersion` does.
    await takeNumbers(inner, "document", 1);
    const row = await loadVersion(inner, id, "write");
    if (row.version_id === row.current_id)
      throw appError("wrong_state", { message: "This is the document's present version." });
    const stored = { name: row.file, bytes: row.bytes, sha256Keyed: row.content_hash };
    const name = openVersionName(await keysOf(inner), row);
    await addVersion(inner, row.document_id, { name, kind: row.kind, stored, restoredFrom: row.no });
    return getDocument(inner, row.document_id);
  });
}
