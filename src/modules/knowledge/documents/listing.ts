import { sql } from "kysely";
import { type Ctx, keysOf, memberOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne } from "../../../kernel/database/unit.ts";
import { type Page, type Place, pageOf } from "../../../kernel/paging.ts";
import { settleOpened } from "../../tenancy/openings/reading.ts";
import { loadFolder } from "../folders/access.ts";
import { type Reach, reachWithOpened, seesPlace, visibleTo } from "../sharing/reach.ts";
import { type Document, documentRows, documentView, openDocumentName } from "./view.ts";

export interface Listing {
  /** A folder, or `top`: what lies in no folder that its reader sees. Without it, all. */
  readonly folder?: string | undefined;
  readonly q?: string | undefined;
  readonly cursor?: Place | undefined;
  readonly limit: number;
}

/**
 * Documents that the acting member may see, newest first; `q` keeps those whose name has all its words. `total` counts
 * all of them, whatever `q` says. Throws `not_found` for a folder that they may not see.
 */
export async function listDocuments(
  ctx: Ctx,
  { folder, q, cursor, limit }: Listing,
): Promise<Page<Document> & { total: number }> {
  if (folder !== undefined && folder !== "top") await loadFolder(ctx, folder, "read");
  const keys = await keysOf(ctx);
  const reach = reachWithOpened(ctx);
  const among = inFolder(reach, folder);
  const all = await readOne(
    ctx,
    db
      .selectFrom("document")
      .select((on) => on.fn.countAll<number>().as("total"))
      .where(visibleTo("document", reach))
      .where(among),
  );
  const words = (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const places = await placesOf(ctx, { reach, among, words, cursor, limit: limit + 1 });
  const [rows] = await read(
    ctx,
    documentRows(reach, (documents) =>
      documents
        .where(visibleTo("document", reach))
        .where(sql<boolean>`document.document_id = any(${places.map(({ id }) => id)}::uuid[])`),
    )
      .orderBy("document.created_at", "desc")
      .orderBy("document.document_id", "desc"),
  );
  const shown = await settleOpened(ctx, "document", rows, (row) => row.document_id);
  const page = pageOf(
    shown,
    limit,
    (row) => ({ at: row.created_at, id: row.document_id }),
    (row) => documentView(keys, row, memberOf(ctx)),
  );
  return { ...page, total: all?.total ?? 0 };
}

// Names are sealed: looking for one opens them, newest first, until the page is full.
const NAMES_AT_ONCE = 1000;

async function placesOf(
  ctx: Ctx,
  of: {
    reach: Reach;
    among: ReturnType<typeof inFolder>;
    words: string[];
    cursor: Place | undefined;
    limit: number;
  },
): Promise<Place[]> {
  const keys = await keysOf(ctx);
  const batch = of.words.length > 0 ? NAMES_AT_ONCE : of.limit;
  const found: Place[] = [];
  for (let from = of.cursor; found.length < of.limit; ) {
    const [rows] = await read(ctx, newestFirst(of.reach, from, batch).where(of.among));
    for (const row of rows) {
      const name = of.words.length > 0 ? openDocumentName(keys, row).toLowerCase() : "";
      if (of.words.every((word) => name.includes(word)))
        found.push({ at: row.created_at, id: row.document_id });
    }
    const last = rows.at(-1);
    if (!last || rows.length < batch) break;
    from = { at: last.created_at, id: last.document_id };
  }
  return found.slice(0, of.limit);
}

function newestFirst(reach: Reach, from: Place | undefined, limit: number) {
  const rows = db
    .selectFrom("document")
    .where(visibleTo("document", reach))
    .orderBy("document.created_at", "desc")
    .orderBy("document.document_id", "desc")
    .limit(limit)
    .select(["document_id", "name", "created_at"]);
  if (!from) return rows;
  return rows.where(({ eb, refTuple, tuple }) =>
    eb(refTuple("document.created_at", "document.document_id"), "<", tuple(from.at, from.id)),
  );
}

function inFolder(reach: Reach, folder: string | undefined) {
  if (folder === undefined) return sql<boolean>`true`;
  return folder === "top"
    ? sql<boolean>`not ${seesPlace(reach)}`
    : sql<boolean>`document.folder_id = ${folder}`;
}
