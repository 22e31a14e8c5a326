import { sql } from "kysely";
import { record, redacted } from "../../../kernel/audit.ts";
import { minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { checkMove } from "../folders/moving.ts";
import { takeNumbers } from "../index/numbers.ts";
import { renumber } from "../index/renumber.ts";
import { reachOf, reachWithOpened, visibleTo } from "../sharing/reach.ts";
import { checkRoom } from "../storage/quotas.ts";
import { loadDocument } from "./access.ts";
import { cleanName } from "./names.ts";
import { tellOfDocuments } from "./telling.ts";
import { type Document, documentView, nameCell, openDocumentName, passageCell } from "./view.ts";

export interface Passage {
  readonly no: number;
  readonly page: number | null;
  readonly heading: string | null;
  readonly text: string;
}

/** What is sealed into a passage's body. */
export type PassageBody = Pick<Passage, "heading" | "text">;

/** `duplicates`: with others of the same content, which takes statements of their own. */
export async function getDocument(
  ctx: Ctx,
  id: string,
  { duplicates }: { duplicates: boolean } = { duplicates: true },
): Promise<Document> {
  const row = await loadDocument(ctx, id, "read");
  const keys = await keysOf(ctx);
  const twins = duplicates ? await namesOfTwins(ctx, await twinsOf(ctx, id)) : [];
  return documentView(keys, row, memberOf(ctx), twins);
}

/** Other documents with the same content that the acting member reaches. */
async function twinsOf(ctx: Ctx, id: string): Promise<readonly string[]> {
  const row = await readOne(
    ctx,
    sql<{ twins: string[] }>`
      select kernel.twins_of(document.content_hash, document.document_id, ${memberOf(ctx)})::text[] as twins
        from document where document.tenant_id = ${tenantOf(ctx).id} and document.document_id = ${id}`,
  );
  return row?.twins ?? [];
}

/** Of documents with the same content, those that the reader sees: for the others, it is as if they were not there. */
async function namesOfTwins(ctx: Ctx, ids: readonly string[]): Promise<Document["duplicates"]> {
  if (ids.length === 0) return [];
  const [rows] = await read(
    ctx,
    db
      .selectFrom("document")
      .select(["document_id", "name"])
      .where("document_id", "in", ids)
      .where(visibleTo("document", reachOf(ctx)))
      .orderBy("created_at", "desc"),
  );
  const keys = await keysOf(ctx);
  return rows.map((row) => ({ id: row.document_id, name: openDocumentName(keys, row) }));
}

/** Passages from number `from` on; in order, all of them are the document's text. `next` is the number to go on with. */
export async function readPassages(
  ctx: Ctx,
  id: string,
  range: { from: number; limit: number },
): Promise<{ items: Passage[]; next: string | null }> {
  const { version_id } = await loadDocument(ctx, id, "read");
  return passagesOf(ctx, id, version_id, range);
}

/** The same of one of its versions, which the caller has loaded. */
export async function passagesOf(
  ctx: Ctx,
  id: string,
  versionId: string,
  { from, limit }: { from: number; limit: number },
): Promise<{ items: Passage[]; next: string | null }> {
  const reach = reachWithOpened(ctx);
  const [documents, rows] = await read(
    ctx,
    db
      .selectFrom("document")
      .where("document_id", "=", id)
      .where(visibleTo("document", reach))
      .select("state"),
    db
      .selectFrom("passage")
      .where("version_id", "=", versionId)
      .where("document_id", "=", id)
      .where("passage_no", ">=", from)
      .orderBy("passage_no")
      .limit(limit + 1)
      .select(["passage_no", "page", "body"]),
  );
  // Taken back since it was loaded.
  if (documents.length === 0) throw appError("not_found");
  const keys = await keysOf(ctx);
  const items = rows.slice(0, limit).map((row): Passage => {
    const body = JSON.parse(keys.openText(passageCell(versionId, row.passage_no), row.body)) as PassageBody;
    return { no: row.passage_no, page: row.page, heading: body.heading, text: body.text };
  });
  return { items, next: rows.length > limit ? String((items.at(-1)?.no ?? 0) + 1) : null };
}

/** Renames a document. */
export async function renameDocument(ctx: Ctx, id: string, given: string): Promise<Document> {
  return unit(ctx, async (inner) => {
    const no = await takeNumbers(inner, "document", 1);
    const row = await loadDocument(inner, id, "write");
    const keys = await keysOf(inner);
    const name = cleanName(given);
    await write(
      inner,
      db
        .updateTable("document")
        .set({ name: keys.seal(nameCell(id), name), updated_at: inner.clock() })
        .where("document_id", "=", id),
    );
    const changed = name !== openDocumentName(keys, row);
    // The name is searched, too.
    if (changed && (row.state === "ready" || row.state === "indexing")) await renumber(inner, id, no);
    record(inner, {
      event: "document.changed",
      resource: { type: "document", id },
      changes: changed ? { name: [redacted, redacted] } : {},
    });
    return settled(inner, id);
  });
}

/** Moves a document into another folder, or out of all of them to its owner's top (null). See `checkMove`. */
export async function moveDocument(ctx: Ctx, id: string, folder: string | null): Promise<Document> {
  return unit(ctx, async (inner) => {
    // Both are locked by it, with the tree.
    await checkMove(inner, "document", id, folder);
    const row = await loadDocument(inner, id, "write");
    await write(
      inner,
      db
        .updateTable("document")
        .set({ folder_id: folder, updated_at: inner.clock() })
        .where("document_id", "=", id),
    );
    record(inner, {
      event: "document.moved",
      resource: { type: "document", id },
      changes: { folder: [row.folder_id, folder] },
    });
    tellOfDocuments(inner);
    // Whoever moved what is not theirs may have moved it out of their own sight.
    const keys = await keysOf(inner);
    return loadDocument(inner, id, "read").then(
      (moved) => documentView(keys, moved, memberOf(inner)),
      () => ({ ...documentView(keys, row, memberOf(inner)), folder: null }),
    );
  });
}

const STUCK = minutes(15);

/**
 * Has a document read again that failed, or whose job was lost; or else its newest version, if that did. Throws
 * `wrong_state` for any other, and `quota`.
 */
export async function retryDocument(ctx: Ctx, id: string): Promise<Document> {
  return unit(ctx, async (inner) => {
    // Behind it `checkRoom` counts exactly.
    await takeNumbers(inner, "document", 1);
    const row = await loadDocument(inner, id, "write");
    const version = row.state === "ready" ? await newestOf(inner, row) : row;
    const stuck = inner.clock().getTime() - version.updated_at.getTime() > STUCK;
    const failed = version.state === "failed";
    if (version.state === "ready" || (!failed && !stuck)) throw appError("wrong_state");
    // One that was stuck counts among those that wait, and takes no place that it did not have.
    const { waiting } = failed
      ? await checkRoom(inner, { documents: 0, bytes: 0, owner: row.owner_id })
      : { waiting: 0 };
    const again = { state: "received", problem: null, updated_at: inner.clock() } as const;
    if (version.version_id === row.version_id)
      await write(inner, db.updateTable("document").set(again).where("document_id", "=", id));
    await write(
      inner,
      db.updateTable("document_version").set(again).where("version_id", "=", version.version_id),
    );
    record(inner, {
      event: "document.retried",
      resource: { type: "document", id },
      changes: { state: [version.state, "received"] },
    });
    await inner.system.jobs.enqueue(inner, "knowledge.read-document", version.version_id, waiting);
    return settled(inner, id);
  });
}

async function newestOf(
  ctx: Ctx,
  row: { document_id: string; versions: number },
): Promise<{ version_id: string; state: string; updated_at: Date }> {
  const [[newest]] = await read(
    ctx,
    db
      .selectFrom("document_version")
      .select(["version_id", "state", "updated_at"])
      .where("document_id", "=", row.document_id)
      .where("no", "=", row.versions),
  );
  if (!newest) throw appError("wrong_state");
  return newest;
}

async function settled(ctx: Ctx, id: string): Promise<Document> {
  tellOfDocuments(ctx);
  return getDocument(ctx, id);
}
