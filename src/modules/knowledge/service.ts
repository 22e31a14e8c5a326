import { sql } from "kysely";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../kernel/context.ts";
import { db } from "../../kernel/database/queries.ts";
import { read } from "../../kernel/database/unit.ts";
import { allows } from "../../kernel/permissions.ts";
import type { PassageBody } from "./documents/service.ts";
import { openDocumentName, passageCell } from "./documents/view.ts";
import { indexKeys } from "./index/keys.ts";
import { lookUp } from "./index/lookup.ts";
import { analyse } from "./search/analysis.ts";
import { parseQuery } from "./search/query.ts";
import { search } from "./search/rank.ts";
import { marks } from "./search/snippet.ts";
import { type Reach, reachOfMember, visibleTo } from "./sharing/reach.ts";

/** A passage that was found, best first; `score` only counts beside the others of the same search. */
export interface Found {
  readonly document: { readonly id: string; readonly name: string };
  readonly passage: number;
  readonly page: number | null;
  readonly heading: string | null;
  readonly text: string;
  readonly score: number;
}

/**
 * The best passages for a text of any length (at most 64 words of it count) among the documents that a member may
 * see now. What they may not see is left out before anything is counted or ranked. `documents` is how many were
 * searched.
 */
export async function findPassages(
  ctx: Ctx,
  memberId: string,
  text: string,
  limit: number,
): Promise<{ items: Found[]; documents: number }> {
  const query = parseQuery(text);
  const { segments, visible } = await lookUp(ctx, memberId, query);
  const keys = await keysOf(ctx);
  const hits = search({ query, segments, keys: indexKeys(keys), visible: (no) => visible.has(no), limit });
  if (hits.length === 0) return { items: [], documents: visible.size };
  const [rows] = await read(
    ctx,
    db
      .selectFrom("passage")
      .innerJoin("document", (on) =>
        on
          .onRef("document.tenant_id", "=", "passage.tenant_id")
          .onRef("document.document_id", "=", "passage.document_id"),
      )
      .where(visibleTo("document", reachOfMember(ctx, memberId)))
      .where(sql<boolean>`passage.index_no = any(${hits.map((hit) => hit.passage)}::bigint[])`)
      .select(["passage.index_no", "passage.passage_no", "passage.page", "passage.body"])
      .select(["document.document_id", "document.name"]),
  );
  const byNumber = new Map(rows.map((row) => [row.index_no, row]));
  const items = hits.flatMap((hit): Found[] => {
    const row = byNumber.get(hit.passage);
    // Deleted, renamed or withdrawn since it was ranked.
    if (!row) return [];
    const { document_id: id, passage_no: no } = row;
    const body = JSON.parse(keys.openText(passageCell(id, no), row.body)) as PassageBody;
    const document = { id, name: openDocumentName(keys, row) };
    return [{ document, passage: no, page: row.page, ...body, score: hit.score }];
  });
  return { items, documents: visible.size };
}

export interface SearchAnswer {
  readonly items: {
    readonly document: { readonly id: string; readonly name: string };
    readonly passage: number;
    readonly page: number | null;
    readonly text: string;
    /** `[start, end)` of the words that were asked for, in UTF-16 code units of `text`. */
    readonly marks: [number, number][];
  }[];
  readonly ms: number;
  readonly documents: number;
}

/** Searches the text of what the acting member may see. */
export async function searchPassages(ctx: Ctx, q: string, limit: number): Promise<SearchAnswer> {
  const started = performance.now();
  const { items, documents } = await findPassages(ctx, memberOf(ctx), q, limit);
  const query = parseQuery(q);
  return {
    items: items.map(({ document, passage, page, text }) => ({
      document,
      passage,
      page,
      text,
      marks: marks(text, query),
    })),
    ms: Math.round((performance.now() - started) * 10) / 10,
    documents,
  };
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
