import { sql } from "kysely";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read, reading, readLast } from "../../kernel/database/unit.ts";
import { appError } from "../../kernel/errors.ts";
import { allows } from "../../kernel/permissions.ts";
import type { PassageBody } from "./documents/service.ts";
import { openDocumentName, passageCell } from "./documents/view.ts";
import type { Kind } from "./extraction/sniff.ts";
import { compiledOnce } from "./index/compiled.ts";
import { afterCursor, cursorOf } from "./index/cursor.ts";
import type { PassageFilters } from "./index/filters.ts";
import { type Asked, lookUp } from "./index/lookup.ts";
import { analyse } from "./search/analysis.ts";
import type { Hit } from "./search/rank.ts";
import { marks, snippet } from "./search/snippet.ts";
import { type Reach, reachOfMember, seesPlaceOfOne, visibleTo } from "./sharing/reach.ts";

export type { PassageFilters } from "./index/filters.ts";

/** A passage that was found, best first; `score` only counts beside the others of the same search. */
export interface Found {
  readonly document: {
    readonly id: string;
    readonly name: string;
    readonly kind: Kind;
    /** The folder that it lies in, where the reader sees that one. */
    readonly folder: string | null;
    /** When the text that it has now was added. */
    readonly at: Date;
  };
  /** Passages are counted within a version. */
  readonly version: string;
  readonly passage: number;
  readonly page: number | null;
  readonly heading: string | null;
  readonly text: string;
  readonly score: number;
}

/**
 * The best passages for a text of any length among the documents that a member may see now. What they may not see, and
 * what the filters leave out, is left out before anything is counted or ranked. `documents` is how many were searched.
 */
export async function findPassages(
  ctx: Ctx,
  memberId: string,
  text: string,
  limit: number,
  filters: PassageFilters = {},
): Promise<{ items: Found[]; documents: number }> {
  const asked: Asked = { memberId, text, filters, typing: false, limit, suggests: false };
  return reading(ctx, async (inner) => {
    const { answer, documents } = await lookUp(inner, asked);
    return { items: await textsOf(inner, memberId, answer.hits), documents };
  });
}

/** Reads what was found, once more through the member's rights. */
async function textsOf(ctx: Ctx, memberId: string, hits: readonly Hit[]): Promise<Found[]> {
  if (hits.length === 0) return [];
  const reach = reachOfMember(ctx, memberId);
  const [rows] = await readLast(
    ctx,
    passagesByNumber({ ...reach, tenant: tenantOf(ctx).id, numbers: hits.map((hit) => hit.passage) }),
  );
  const byNumber = new Map(rows.map((row) => [row.index_no, row]));
  const keys = await keysOf(ctx);
  return hits.flatMap((hit): Found[] => {
    const row = byNumber.get(hit.passage);
    // Deleted, replaced or withdrawn since it was ranked.
    if (!row) return [];
    const { document_id: id, version_id: version, passage_no: no, kind, folder, at } = row;
    const body = JSON.parse(keys.openText(passageCell(version, no), row.body)) as PassageBody;
    const document = { id, name: openDocumentName(keys, row), kind, folder, at };
    return [{ document, version, passage: no, page: row.page, ...body, score: hit.score }];
  });
}

interface PassageRow {
  readonly index_no: number;
  readonly version_id: string;
  readonly passage_no: number;
  readonly page: number | null;
  readonly body: Buffer;
  readonly document_id: string;
  readonly name: Buffer;
  readonly kind: Kind;
  readonly folder: string | null;
  readonly at: Date;
}

const passagesByNumber = compiledOnce(
  ({
    tenant,
    memberId,
    now,
    numbers,
  }: {
    tenant: string;
    memberId: string;
    now: Date;
    numbers: readonly number[];
  }) => {
    const reach: Reach = { memberId, now, opened: false };
    return sql<PassageRow>`
      select passage.index_no, passage.version_id, passage.passage_no, passage.page, passage.body,
             document.document_id, document.name, document.kind, version.created_at as at,
             case when ${seesPlaceOfOne(reach)} then document.folder_id end as folder
        from passage
        join document on document.tenant_id = passage.tenant_id and document.document_id = passage.document_id
                     and document.version_id = passage.version_id
        join document_version version on version.tenant_id = document.tenant_id
                                     and version.version_id = document.version_id
        where passage.tenant_id = ${tenant} and passage.index_no = any(${numbers}::bigint[])
          and ${visibleTo("document", reach)}`;
  },
);

/** Ranges `[start, end)` of the words that were asked for, in UTF-16 code units. */
type Marks = [number, number][];

export interface SearchAnswer {
  readonly items: {
    readonly document: {
      readonly id: string;
      readonly name: string;
      readonly kind: Kind;
      readonly folder: string | null;
    };
    readonly passage: number;
    readonly page: number | null;
    readonly heading: string | null;
    /** The part of the passage that the words stand in. */
    readonly text: string;
    readonly marks: Marks;
    readonly headingMarks: Marks;
    readonly nameMarks: Marks;
  }[];
  readonly next: string | null;
  /** How many passages there are; null where that was not counted. */
  readonly total: number | null;
  readonly didYouMean: string | null;
  /** What was searched for instead of what was written. */
  readonly corrected: string | null;
  readonly ms: number;
  readonly documents: number;
}

export interface Search {
  /** The last word may be the beginning of one. */
  readonly typing?: boolean;
  readonly filters?: PassageFilters;
  readonly cursor?: string | undefined;
}

/** Of one search, so many passages can be paged through. */
const MOST_HITS = 1000;

/**
 * Searches the text of what the acting member may see. Throws `not_found` for a folder or a document that they may not
 * see.
 */
export async function searchPassages(
  ctx: Ctx,
  q: string,
  limit: number,
  search: Search = {},
): Promise<SearchAnswer> {
  return reading(ctx, (inner) => searchIn(inner, q, limit, search));
}

async function searchIn(
  ctx: Ctx,
  q: string,
  limit: number,
  { typing = false, filters = {}, cursor }: Search,
): Promise<SearchAnswer> {
  const started = performance.now();
  const memberId = memberOf(ctx);
  await demandSeen(ctx, filters);
  // One more than is shown tells whether there is a next page.
  const most = cursor === undefined ? limit + 1 : MOST_HITS;
  const asked: Asked = { memberId, text: q, filters, typing, limit: most, suggests: true };
  const { answer, documents } = await lookUp(ctx, asked);
  const keys = await keysOf(ctx);
  const from = cursor === undefined ? 0 : afterCursor(keys, cursor, answer.hits);
  const shown = answer.hits.slice(from, from + limit);
  const last = shown.at(-1);
  const more = last !== undefined && answer.hits.length > from + limit && from + limit < MOST_HITS;
  const { query } = answer;
  return {
    items: (await textsOf(ctx, memberId, shown)).map(({ document, passage, page, heading, text }) => {
      const { id, name, kind, folder } = document;
      const part = snippet(text, query);
      return {
        document: { id, name, kind, folder },
        passage,
        page,
        heading,
        text: part.text,
        marks: part.marks,
        headingMarks: heading === null ? [] : marks(heading, query),
        nameMarks: marks(name, query),
      };
    }),
    next: more ? cursorOf(keys, from + limit, last) : null,
    total: answer.total,
    didYouMean: answer.didYouMean,
    corrected: answer.corrected,
    ms: Math.round((performance.now() - started) * 10) / 10,
    documents,
  };
}

/** Throws `not_found` unless the acting member sees what the filters name. */
export async function demandSeen(ctx: Ctx, { folder, document }: PassageFilters): Promise<void> {
  if (folder === undefined && document === undefined) return;
  const reach = reachOfMember(ctx, memberOf(ctx));
  const [folders, documents] = await read(
    ctx,
    db
      .selectFrom("folder")
      .where(sql<boolean>`folder.folder_id = ${folder ?? null}::uuid`)
      .where(visibleTo("folder", reach))
      .select("folder_id"),
    db
      .selectFrom("document")
      .where(sql<boolean>`document.document_id = ${document ?? null}::uuid`)
      .where(visibleTo("document", reach))
      .select("document_id"),
  );
  if (folder !== undefined && folders.length === 0) throw appError("not_found");
  if (document !== undefined && documents.length === 0) throw appError("not_found");
}

/** Names of those of the documents that are reached now; the others, and deleted ones, are left out. */
export async function readableDocuments(
  ctx: Ctx,
  reach: Reach,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const [rows] = await read(
    ctx,
    db
      .selectFrom("document")
      .where(visibleTo("document", reach))
      .where(sql<boolean>`document.document_id = any(${[...new Set(ids)]}::uuid[])`)
      .where("document.tenant_id", "=", tenantOf(ctx).id)
      .select(["document_id", "name"]),
  );
  // A quotation is reading, too.
  if (!allows(standingOf(ctx), "document.read")) return new Map();
  const keys = await keysOf(ctx);
  return new Map(rows.map((row) => [row.document_id, openDocumentName(keys, row)]));
}

/** Splits a text into words as search compares them. */
export const wordsOf = analyse;
