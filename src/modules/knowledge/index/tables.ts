import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { read } from "../../../kernel/database/unit.ts";
import type { System } from "../../../kernel/system.ts";
import { openSegment } from "../search/segment.ts";
import type { SegmentTable } from "../search/table.ts";
import { type Bounded, bounded } from "./bounded.ts";
import { indexKeys } from "./keys.ts";

const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Opened tables of a tenant's segments, which never change, kept in this process's memory: numbers only, no words. Of
 * the tenants the one longest unused goes first.
 */
export type Tables = ReadonlyMap<number, SegmentTable>;

const caches = new WeakMap<System["pool"], Bounded<Tables>>();

function cacheOf({ pool }: System): Bounded<Tables> {
  let cache = caches.get(pool);
  if (!cache) {
    cache = bounded(MOST_BYTES, (tables) => [...tables.values()].reduce((sum, t) => sum + t.bytes, 0));
    caches.set(pool, cache);
  }
  return cache;
}

const NONE: Tables = new Map();

/** Those that are in memory. */
export const knownTables = (ctx: Ctx): Tables => cacheOf(ctx.system).get(tenantOf(ctx).id) ?? NONE;

/** Keeps these in memory, and no others of the tenant: of all segments that are searched. */
export function keepTables(ctx: Ctx, tables: Tables): void {
  cacheOf(ctx.system).put(tenantOf(ctx).id, tables);
}

/** Opened tables by their segments' numbers, from memory where they are known. Leaves out those that are gone. */
export async function segmentTables(
  ctx: Ctx,
  segments: readonly { readonly no: number; readonly segmentId: string }[],
): Promise<Map<number, SegmentTable>> {
  const known = knownTables(ctx);
  const tables = new Map<number, SegmentTable>();
  const missing: number[] = [];
  for (const { no, segmentId } of segments) {
    const table = known.get(no);
    if (table?.segmentId === segmentId) tables.set(no, table);
    else missing.push(no);
  }
  if (missing.length === 0) return tables;
  const [rows] = await read(
    ctx,
    sql<{ segment_no: number; segment_id: string; stats: Buffer }>`
      select segment_no, segment_id, stats from index_segment
        where tenant_id = ${tenantOf(ctx).id} and segment_no = any(${missing}::int[]) and state = 'live'`,
  );
  const keys = indexKeys(await keysOf(ctx));
  for (const row of rows) tables.set(row.segment_no, openSegment(row.segment_id, row.stats, keys));
  return tables;
}
