import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { write, writeSoon } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { loadDocument } from "../documents/access.ts";
import type { KeptFile } from "../documents/storing.ts";
import { tellOfDocuments } from "../documents/telling.ts";
import { takeNumbers } from "../index/numbers.ts";
import { checkRoom } from "../storage/quotas.ts";
import { versionNameCell } from "./view.ts";

/** Of one document. */
export const MOST_VERSIONS = 50;

/**
 * Gives a document that one may write a new version, in the open unit of work. The present one stays the document's own
 * until the text of this one has been read; where the present one could not be read, this one takes its place at once.
 * Throws `not_found`, `forbidden`, `quota`.
 */
export async function addVersion(
  ctx: Ctx,
  documentId: string,
  file: KeptFile & { readonly restoredFrom?: number },
): Promise<void> {
  await takeNumbers(ctx, "document", 1);
  const document = await loadDocument(ctx, documentId, "write");
  if (document.versions >= MOST_VERSIONS)
    throw appError("quota", {
      message: `It has its ${MOST_VERSIONS} versions. Add this one as a document of its own.`,
    });
  // A file that is kept already takes no place again.
  const bytes = file.restoredFrom === undefined ? file.stored.bytes : 0;
  const { waiting } = await checkRoom(ctx, { documents: 0, bytes, owner: document.owner_id });
  const no = document.versions + 1;
  const id = await insertVersion(ctx, { ...file, documentId, no });
  const now = ctx.clock();
  const { kind, stored } = file;
  const inPlace = { version_id: id, version_no: no, kind, bytes: stored.bytes, file: stored.name };
  await write(
    ctx,
    db
      .updateTable("document")
      .set({
        versions: no,
        updated_at: now,
        ...(document.state === "failed"
          ? { ...inPlace, content_hash: stored.sha256Keyed, state: "received", problem: null, pages: null }
          : {}),
      })
      .where("document_id", "=", documentId),
  );
  record(ctx, {
    event: file.restoredFrom === undefined ? "document.version-added" : "document.version-restored",
    resource: { type: "document", id: documentId },
    changes: {
      version: [document.version_no, no],
      ...(file.restoredFrom === undefined
        ? { name: [null, redacted], bytes: [document.bytes, stored.bytes] }
        : { from: [null, file.restoredFrom] }),
    },
  });
  await ctx.system.jobs.enqueue(ctx, "knowledge.read-document", id, waiting);
  tellOfDocuments(ctx);
}

/** The row of a version that waits to be read; answers its id. */
export async function insertVersion(
  ctx: Ctx,
  file: KeptFile & {
    readonly id?: string;
    readonly documentId: string;
    readonly no: number;
    readonly restoredFrom?: number;
  },
): Promise<string> {
  const { id = newId(), stored } = file;
  const keys = await keysOf(ctx);
  const now = ctx.clock();
  writeSoon(
    ctx,
    db.insertInto("document_version").values({
      tenant_id: tenantOf(ctx).id,
      version_id: id,
      document_id: file.documentId,
      no: file.no,
      name: keys.seal(versionNameCell(id), file.name),
      kind: file.kind,
      bytes: stored.bytes,
      file: stored.name,
      content_hash: stored.sha256Keyed,
      state: "received",
      restored_from: file.restoredFrom ?? null,
      created_by: memberOf(ctx),
      created_at: now,
      updated_at: now,
    }),
  );
  return id;
}
