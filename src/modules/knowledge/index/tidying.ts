import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import type { PassageBody } from "../documents/service.ts";
import { openDocumentName, passageCell } from "../documents/view.ts";
import { type PassageToIndex, SEGMENT_LENGTH } from "../search/segment.ts";
import type { SegmentTable } from "../search/table.ts";
import { takeNumbers } from "./numbers.ts";
import { addSegments, buildSegments, SEGMENT_PASSAGES, segmentTables } from "./segments.ts";

/** Small segments, each a row more per word for every query, are gathered when there are this many. */
const MANY_SMALL = 8;
// Both count: of what is full by one of them, a rewrite would only make the same again.
const isSmall = (table: SegmentTable): boolean =>
  table.passages.length < SEGMENT_PASSAGES / 2 &&
  table.lengths.reduce((sum, n) => sum + n, 0) < SEGMENT_LENGTH / 2;
/** Segments rewritten at once. */
const MOST_AT_ONCE = 32;

/**
 * Rewrites segments that hold words of documents that are gone, and small ones once there are many. Queries go on
 * meanwhile: the old rows and the new change places in one transaction.
 */
export async function tidyIndex(ctx: Ctx): Promise<void> {
  for (;;) {
    const old = await segmentsToRewrite(ctx);
    if (old.length === 0) return;
    await rewrite(ctx, old);
  }
}

async function segmentsToRewrite(ctx: Ctx): Promise<SegmentTable[]> {
  const [segments, documents] = await read(
    ctx,
    db.selectFrom("index_segment").orderBy("created_at").select("segment_id"),
    db.selectFrom("document").where("state", "=", "ready").select("document_no"),
  );
  const alive = new Set(documents.map((d) => d.document_no));
  const tables = [
    ...(
      await segmentTables(
        ctx,
        segments.map((s) => s.segment_id),
      )
    ).values(),
  ];
  const withDead = tables.filter((t) => t.documents.some((no) => !alive.has(no)));
  const small = tables.filter((t) => isSmall(t) && !withDead.includes(t));
  return [...withDead, ...(small.length >= MANY_SMALL ? small : [])].slice(0, MOST_AT_ONCE);
}

async function rewrite(ctx: Ctx, old: readonly SegmentTable[]): Promise<void> {
  const passages: PassageToIndex[] = [];
  for (const table of old) for (const passage of await livingPassages(ctx, table)) passages.push(passage);
  const segments = await buildSegments(await keysOf(ctx), passages);
  await unit(ctx, async (inner) => {
    // One at a time in a tenant: two that delete the same rows in another order would wait for each other.
    await takeNumbers(inner, "index", 1);
    const { count } = await write(
      inner,
      sql`delete from index_segment
           where tenant_id = ${tenantOf(inner).id} and segment_id = any(${old.map((t) => t.segmentId)}::uuid[])`,
    );
    // Another process was first with some of them: its work stands, and this is done again with what is there now.
    if (count < old.length) throw new Error("the index was rewritten by someone else");
    await addSegments(inner, segments);
  });
}

async function livingPassages(ctx: Ctx, table: SegmentTable): Promise<PassageToIndex[]> {
  const [rows] = await read(
    ctx,
    sql<{
      document_id: string;
      document_no: number;
      name: Buffer;
      passage_no: number;
      index_no: number;
      body: Buffer;
    }>`
      select d.document_id, d.document_no, d.name, p.passage_no, p.index_no, p.body
        from passage p
        join document d on d.tenant_id = p.tenant_id and d.document_id = p.document_id
        where p.tenant_id = ${tenantOf(ctx).id} and d.state = 'ready'
          and p.index_no = any(${[...table.passages]}::bigint[])`,
  );
  const keys = await keysOf(ctx);
  return rows.map((row) => {
    const body = JSON.parse(
      keys.openText(passageCell(row.document_id, row.passage_no), row.body),
    ) as PassageBody;
    return { passage: row.index_no, document: row.document_no, title: openDocumentName(keys, row), ...body };
  });
}
