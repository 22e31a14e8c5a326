import type { Readable } from "node:stream";
import { record, redacted } from "../../../kernel/audit.ts";
import { minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { type Page, type Place, pageOf } from "../../../kernel/paging.ts";
import { allows } from "../../../kernel/permissions.ts";
import { renumber } from "../index/renumber.ts";
import { loadDocument, visibleTo } from "./access.ts";
import { cleanName } from "./names.ts";
import { checkRoom } from "./quotas.ts";
import { documentsTopic } from "./upload.ts";
import {
  type Document,
  type DocumentRow,
  documentRows,
  documentView,
  nameCell,
  openDocumentName,
  passageCell,
  type Visibility,
} from "./view.ts";

export interface Passage {
  readonly no: number;
  readonly page: number | null;
  readonly heading: string | null;
  readonly text: string;
}

/** What is sealed into a passage's body. */
export type PassageBody = Pick<Passage, "heading" | "text">;

/** Documents that the acting member may see, newest first; `q` keeps those whose name has all its words. `total` counts all of them. */
export async function listDocuments(
  ctx: Ctx,
  { q, cursor, limit }: { q?: string | undefined; cursor?: Place | undefined; limit: number },
): Promise<Page<Document> & { total: number }> {
  const keys = await keysOf(ctx);
  const me = memberOf(ctx);
  const all = await readOne(
    ctx,
    db
      .selectFrom("document")
      .select((on) => on.fn.countAll<number>().as("total"))
      .where(visibleTo(me)),
  );
  const words = (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  // Names are sealed: looking for one opens them, newest first, until the page is full.
  const batch = words.length > 0 ? 1000 : limit + 1;
  const found: DocumentRow[] = [];
  for (let from = cursor; found.length <= limit; ) {
    const rows = (await read(ctx, newestFirst(me, from, batch)))[0];
    for (const row of rows) {
      const name = words.length > 0 ? openDocumentName(keys, row).toLowerCase() : "";
      if (words.every((word) => name.includes(word))) found.push(row);
    }
    const last = rows.at(-1);
    if (!last || rows.length < batch) break;
    from = { at: last.created_at, id: last.document_id };
  }
  const page = pageOf(
    found,
    limit,
    (row) => ({ at: row.created_at, id: row.document_id }),
    (row) => documentView(keys, row, me),
  );
  return { ...page, total: all?.total ?? 0 };
}

function newestFirst(me: string, from: Place | undefined, limit: number) {
  const rows = documentRows()
    .where(visibleTo(me))
    .orderBy("document.created_at", "desc")
    .orderBy("document.document_id", "desc")
    .limit(limit);
  if (!from) return rows;
  return rows.where(({ eb, refTuple, tuple }) =>
    eb(refTuple("document.created_at", "document.document_id"), "<", tuple(from.at, from.id)),
  );
}

export async function getDocument(ctx: Ctx, id: string): Promise<Document> {
  const row = await loadDocument(ctx, id, "read");
  return documentView(await keysOf(ctx), row, memberOf(ctx));
}

/** Passages from number `from` on; in order, all of them are the document's text. `next` is the number to go on with. */
export async function readPassages(
  ctx: Ctx,
  id: string,
  { from, limit }: { from: number; limit: number },
): Promise<{ items: Passage[]; next: string | null }> {
  await loadDocument(ctx, id, "read");
  const [rows] = await read(
    ctx,
    db
      .selectFrom("passage")
      // Once more with the rights: they may have gone between the two reads.
      .innerJoin("document", (on) =>
        on
          .onRef("document.tenant_id", "=", "passage.tenant_id")
          .onRef("document.document_id", "=", "passage.document_id"),
      )
      .where(visibleTo(memberOf(ctx)))
      .where("passage.document_id", "=", id)
      .where("passage.passage_no", ">=", from)
      .orderBy("passage.passage_no")
      .limit(limit + 1)
      .select(["passage.passage_no", "passage.page", "passage.body"]),
  );
  const keys = await keysOf(ctx);
  const items = rows.slice(0, limit).map((row): Passage => {
    const body = JSON.parse(keys.openText(passageCell(id, row.passage_no), row.body)) as PassageBody;
    return { no: row.passage_no, page: row.page, heading: body.heading, text: body.text };
  });
  return { items, next: rows.length > limit ? String((items.at(-1)?.no ?? 0) + 1) : null };
}

/** The original, decrypted as it is read. Recorded before the first byte leaves. */
export async function openOriginal(
  ctx: Ctx,
  id: string,
): Promise<{ stream: Readable; name: string; bytes: number }> {
  const row = await unit(ctx, async (inner) => {
    const found = await loadDocument(inner, id, "read");
    record(inner, { event: "document.downloaded", resource: { type: "document", id } });
    return found;
  });
  const keys = await keysOf(ctx);
  const stream = await ctx.system.files.open(keys, row.file);
  return { stream, name: openDocumentName(keys, row), bytes: row.bytes };
}

/**
 * Renames a document, or changes who may read it, or both. Sharing needs a permission of its own. Unsharing alone is
 * open to whoever may withdraw the document (`loadDocument`).
 */
export async function changeDocument(
  ctx: Ctx,
  id: string,
  change: { name?: string | undefined; visibility?: Visibility | undefined },
): Promise<Document> {
  return unit(ctx, async (inner) => {
    const unshares = change.name === undefined && change.visibility === "private";
    const row = await loadDocument(inner, id, unshares ? "withdraw" : "write");
    const keys = await keysOf(inner);
    const before = { name: openDocumentName(keys, row), visibility: row.visibility };
    const name = change.name === undefined ? before.name : cleanName(change.name);
    const visibility = change.visibility ?? before.visibility;
    if (visibility !== before.visibility && !allows(standingOf(inner), "document.share"))
      throw appError("forbidden");
    await write(
      inner,
      db
        .updateTable("document")
        .set({ name: keys.seal(nameCell(id), name), visibility, updated_at: inner.clock() })
        .where("document_id", "=", id),
    );
    // The name is searched, too.
    if (name !== before.name && (row.state === "ready" || row.state === "indexing"))
      await renumber(inner, id);
    record(inner, {
      event: "document.changed",
      resource: { type: "document", id },
      changes: {
        ...(name === before.name ? {} : { name: [redacted, redacted] as const }),
        ...(visibility === before.visibility ? {} : { visibility: [before.visibility, visibility] as const }),
      },
    });
    return settled(inner, id);
  });
}

/** Deletes a document with its passages; its file goes after the commit, its words with the index's next tidying. */
export async function deleteDocument(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const row = await loadDocument(inner, id, "withdraw");
    await write(inner, db.deleteFrom("document").where("document_id", "=", id));
    record(inner, {
      event: "document.deleted",
      resource: { type: "document", id },
      changes: { name: [redacted, null] },
    });
    await inner.system.jobs.enqueue(inner, "knowledge.index", tenantOf(inner).id);
    const { files, hub } = inner.system;
    inner.tx.afterCommit.push(() => {
      hub.tell(documentsTopic(tenantOf(ctx).id));
      // What stays behind when this fails is found by the file store's own sweep.
      files
        .remove(row.file)
        .catch((error: unknown) => ctx.log.warn({ err: error }, "a file was not removed"));
    });
  });
}

const STUCK = minutes(15);

/** Has a document read again that failed, or whose job was lost. Throws `wrong_state` for any other, and `quota`. */
export async function retryDocument(ctx: Ctx, id: string): Promise<Document> {
  return unit(ctx, async (inner) => {
    const row = await loadDocument(inner, id, "write");
    const stuck = row.state !== "ready" && inner.clock().getTime() - row.updated_at.getTime() > STUCK;
    if (row.state !== "failed" && !stuck) throw appError("wrong_state");
    // One that was stuck counts among those that wait, and takes no place that it did not have.
    const { waiting } =
      row.state === "failed" ? await checkRoom(inner, { documents: 0, bytes: 0 }) : { waiting: 0 };
    await write(
      inner,
      db
        .updateTable("document")
        .set({ state: "received", problem: null, updated_at: inner.clock() })
        .where("document_id", "=", id),
    );
    record(inner, {
      event: "document.retried",
      resource: { type: "document", id },
      changes: { state: [row.state, "received"] },
    });
    await inner.system.jobs.enqueue(inner, "knowledge.read-document", id, waiting);
    return settled(inner, id);
  });
}

async function settled(ctx: Ctx, id: string): Promise<Document> {
  ctx.tx?.afterCommit.push(() => ctx.system.hub.tell(documentsTopic(tenantOf(ctx).id)));
  const row = await readOne(ctx, documentRows().where("document.document_id", "=", id));
  if (!row) throw appError("not_found");
  return documentView(await keysOf(ctx), row, memberOf(ctx));
}
