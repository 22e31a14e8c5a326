import { sql } from "kysely";
import { type Ctx, keysOf, memberOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { type Page, type Place, pageOf } from "../../../kernel/paging.ts";
import { settleOpened } from "../../tenancy/openings/reading.ts";
import type { Kind } from "../extraction/sniff.ts";
import { loadFolder } from "../folders/access.ts";
import { gently } from "../gently.ts";
import { type Reach, reachWithOpened, seesPlace, visibleTo } from "../sharing/reach.ts";
import { type Document, documentRows, documentView, openDocumentName } from "./view.ts";

export const sorts = ["newest", "oldest", "name", "largest", "changed"] as const;

export interface Listing {
  /** A folder, or `top`: what lies in no folder that its reader sees. Without it, all. */
  readonly folder?: string | undefined;
  readonly q?: string | undefined;
  readonly kind?: Kind | undefined;
  /** `working`: received, being read, being indexed. */
  readonly state?: "ready" | "failed" | "working" | undefined;
  readonly owner?: "mine" | "others" | undefined;
  readonly sort?: (typeof sorts)[number] | undefined;
  readonly cursor?: Place | undefined;
  readonly limit: number;
}

/**
 * Documents that the acting member may see; `q` keeps those whose name has all its words. `total` counts all that the
 * other filters keep, whatever `q` says. A page goes on behind the document that the one before ended with, where that
 * one would stand now. Throws `not_found` for a folder that they may not see.
 */
export async function listDocuments(ctx: Ctx, list: Listing): Promise<Page<Document> & { total: number }> {
  const { folder, q, sort = "newest", limit } = list;
  if (folder !== undefined && folder !== "top") await loadFolder(ctx, folder, "read");
  const reach = reachWithOpened(ctx);
  const words = (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const named = sort === "name" || words.length > 0;
  const { places, total } = named
    ? await byName(ctx, { list, reach, words, sort })
    : await byTime(ctx, { list, reach, sort });
  const wanted = places.map(({ id }) => id);
  const [rows] = await read(
    ctx,
    documentRows(reach, (documents) =>
      documents
        .where(visibleTo("document", reach))
        .where(sql<boolean>`document.document_id = any(${wanted}::uuid[])`),
    ),
  );
  const order = new Map(places.map((place, i) => [place.id, { ...place, i }]));
  rows.sort((a, b) => (order.get(a.document_id)?.i ?? 0) - (order.get(b.document_id)?.i ?? 0));
  const shown = await settleOpened(ctx, "document", rows, (row) => row.document_id);
  const keys = await keysOf(ctx);
  const page = pageOf(
    shown,
    limit,
    (row) => order.get(row.document_id) ?? { at: row.created_at, id: row.document_id },
    (row) => documentView(keys, row, memberOf(ctx)),
  );
  return { ...page, total };
}

type Sort = (typeof sorts)[number];

// A cursor tells an id and a time. Where a list is not ordered by a time, the time stands for a number: of bytes, or of
// the place in a list of names.
const placeOf = (sort: Sort, row: { created_at: Date; updated_at: Date; bytes: number }): Date => {
  if (sort === "largest") return new Date(row.bytes);
  return sort === "changed" ? row.updated_at : row.created_at;
};

/** Ordered by what the database knows: it leaves out what stands before the cursor. */
async function byTime(
  ctx: Ctx,
  { list, reach, sort }: { list: Listing; reach: Reach; sort: Sort },
): Promise<{ places: Place[]; total: number }> {
  const { column, falling } = ORDERS[sort as keyof typeof ORDERS];
  const direction = falling ? sql`desc` : sql`asc`;
  const { cursor } = list;
  const value = sort === "largest" ? sql`${cursor?.at.getTime()}::bigint` : sql`${cursor?.at}::timestamptz`;
  const from = cursor
    ? sql`(${column}, document.document_id) ${falling ? sql`<` : sql`>`} (${value}, ${cursor.id}::uuid)`
    : sql`true`;
  const [rows, [all]] = await read(
    ctx,
    sql<{ id: string; created_at: Date; updated_at: Date; bytes: number }>`
      select document.document_id as id, document.created_at, document.updated_at, document.bytes from document
        where ${visibleTo("document", reach)} and ${kept(ctx, reach, list)} and ${from}
        order by ${column} ${direction}, document.document_id ${direction}
        limit ${list.limit + 1}`,
    sql<{ total: number }>`
      select count(*)::int as total from document where ${visibleTo("document", reach)} and ${kept(ctx, reach, list)}`,
  );
  return { places: rows.map((row) => ({ id: row.id, at: placeOf(sort, row) })), total: all?.total ?? 0 };
}

const ORDERS = {
  newest: { column: sql`document.created_at`, falling: true },
  oldest: { column: sql`document.created_at`, falling: false },
  changed: { column: sql`document.updated_at`, falling: true },
  largest: { column: sql`document.bytes`, falling: true },
} as const;

// Names are sealed: what asks for them opens those of all that may be seen, as many as a workspace may have.
const MOST_NAMES = 100_000;

async function byName(
  ctx: Ctx,
  { list, reach, words, sort }: { list: Listing; reach: Reach; words: readonly string[]; sort: Sort },
): Promise<{ places: Place[]; total: number }> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("document")
      .where(visibleTo("document", reach))
      .where(kept(ctx, reach, list))
      .limit(MOST_NAMES)
      .select(["document_id", "name", "created_at", "updated_at", "bytes"]),
  );
  const keys = await keysOf(ctx);
  const { cursor, limit } = list;
  return gently(
    (function* () {
      const all: Entry[] = [];
      let behind: Entry | null = null;
      for (const [i, row] of rows.entries()) {
        const name = openDocumentName(keys, row);
        const entry = { ...row, id: row.document_id, name, plain: name.toLowerCase() };
        if (row.document_id === cursor?.id) behind = entry;
        if (words.every((word) => entry.plain.includes(word))) all.push(entry);
        if (i % 200 === 199) yield;
      }
      const before = comparing(sort);
      all.sort(before);
      const start = cursor ? placeAfter(all, cursor, behind, sort) : 0;
      const page = all.slice(start, start + limit + 1);
      const places = page.map((entry, i) => ({
        id: entry.id,
        at: sort === "name" ? new Date(start + i + 1) : placeOf(sort, entry),
      }));
      return { places, total: rows.length };
    })(),
  );
}

/** Behind the document that the page before ended with; where that is gone, where it stood. */
function placeAfter(all: readonly Entry[], cursor: Place, last: Entry | null, sort: Sort): number {
  const { at, id } = cursor;
  if (!last && sort === "name") return Math.min(at.getTime() - 1, all.length);
  const gone = { id, name: "", plain: "", created_at: at, updated_at: at, bytes: at.getTime() };
  const before = comparing(sort);
  const found = all.findIndex((entry) => before(entry, last ?? gone) > 0);
  return found === -1 ? all.length : found;
}

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly plain: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly bytes: number;
}

const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const byId = (a: Entry, b: Entry): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

function comparing(sort: Sort): (a: Entry, b: Entry) => number {
  if (sort === "name") return (a, b) => names.compare(a.name, b.name) || byId(a, b);
  if (sort === "oldest") return (a, b) => a.created_at.getTime() - b.created_at.getTime() || byId(a, b);
  const value = (entry: Entry): number =>
    sort === "largest" ? entry.bytes : (sort === "changed" ? entry.updated_at : entry.created_at).getTime();
  return (a, b) => value(b) - value(a) || byId(b, a);
}

/** What the filters keep, of what may be seen. */
function kept(ctx: Ctx, reach: Reach, { folder, kind, state, owner }: Listing) {
  const conditions = [
    inFolder(reach, folder),
    ...(kind === undefined ? [] : [sql`document.kind = ${kind}`]),
    ...(state === undefined
      ? []
      : [
          state === "working"
            ? sql`document.state in ('received', 'reading', 'indexing')`
            : sql`document.state = ${state}`,
        ]),
    ...(owner === undefined
      ? []
      : [
          owner === "mine"
            ? sql`document.owner_id = ${memberOf(ctx)}`
            : sql`document.owner_id <> ${memberOf(ctx)}`,
        ]),
  ];
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

function inFolder(reach: Reach, folder: string | undefined) {
  if (folder === undefined) return sql<boolean>`true`;
  return folder === "top"
    ? sql<boolean>`not ${seesPlace(reach)}`
    : sql<boolean>`document.folder_id = ${folder}`;
}
