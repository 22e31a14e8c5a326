import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, write } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { gently } from "../gently.ts";
import { type BuiltSegment, openSegment, type PassageToIndex, segmentSteps } from "../search/segment.ts";
import type { SegmentTable } from "../search/table.ts";
import { indexKeys } from "./keys.ts";
import { tablesOf } from "./tables.ts";

/** Passages in one segment at most; it has fewer when they hold more words than SEGMENT_LENGTH. */
export const SEGMENT_PASSAGES = 500;
const ROWS_AT_ONCE = 1000;

/** Builds the segments of passages, with a breath every few milliseconds for whoever else is waiting. */
export async function buildSegments(
  keys: TenantKeys,
  passages: readonly PassageToIndex[],
): Promise<BuiltSegment[]> {
  const sorted = passages.toSorted((a, b) => a.passage - b.passage);
  const built: BuiltSegment[] = [];
  for (let from = 0; from < sorted.length; ) {
    const some = sorted.slice(from, from + SEGMENT_PASSAGES);
    const segment = await gently(segmentSteps(some, indexKeys(keys), newId()));
    built.push(segment);
    from += segment.passages;
  }
  return built;
}

/** Adds segments with their rows, in the open unit of work. */
export async function addSegments(ctx: Ctx, segments: readonly BuiltSegment[]): Promise<void> {
  const tenantId = tenantOf(ctx).id;
  for (const { segmentId, stats, postings } of segments) {
    await write(
      ctx,
      db
        .insertInto("index_segment")
        .values({ tenant_id: tenantId, segment_id: segmentId, stats, created_at: ctx.clock() }),
    );
    for (let from = 0; from < postings.length; from += ROWS_AT_ONCE) {
      const rows = postings.slice(from, from + ROWS_AT_ONCE);
      await write(
        ctx,
        sql`
          insert into index_posting (tenant_id, segment_id, term_hash, body)
            select ${tenantId}::uuid, ${segmentId}::uuid, term_hash, body
              from unnest(${rows.map((r) => r.termHash)}::bytea[], ${rows.map((r) => r.body)}::bytea[])
                as row (term_hash, body)`,
      );
    }
  }
}

/** Opened tables of the tenant's segments, from memory where they are known. Leaves out those that are gone. */
export async function segmentTables(ctx: Ctx, ids: readonly string[]): Promise<Map<string, SegmentTable>> {
  const tenantId = tenantOf(ctx).id;
  const cache = tablesOf(ctx.system);
  const tables = new Map<string, SegmentTable>();
  const missing: string[] = [];
  for (const id of ids) {
    const table = cache.get(tenantId, id);
    if (table) tables.set(id, table);
    else missing.push(id);
  }
  if (missing.length === 0) return tables;
  const [rows] = await read(
    ctx,
    sql<{ segment_id: string; stats: Buffer }>`
      select segment_id, stats from index_segment
        where tenant_id = ${tenantId} and segment_id = any(${missing}::uuid[])`,
  );
  const keys = indexKeys(await keysOf(ctx));
  for (const row of rows) {
    const table = openSegment(row.segment_id, row.stats, keys);
    cache.put(tenantId, table);
    tables.set(row.segment_id, table);
  }
  return tables;
}
