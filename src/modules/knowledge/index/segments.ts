import { sql } from "kysely";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { hashLength } from "../search/keys.ts";
import { HELD_FOR, Superseded } from "./manifest.ts";
import { takeNumbers } from "./numbers.ts";

/** A row as the database keeps it. */
export interface SealedRow {
  readonly termHash: Buffer;
  readonly body: Buffer;
}

/** A segment that is being written: nobody searches it before `swapSegments` says so. */
export interface Draft {
  readonly no: number;
  readonly segmentId: string;
}

/** A segment that is searched. `weight` is the bytes of its rows. */
export interface LiveSegment extends Draft {
  readonly weight: number;
}

/** What one statement writes at most. */
const ROWS_AT_ONCE = 2000;
const BYTES_AT_ONCE = 1024 * 1024;
const REMOVED_AT_ONCE = 5000;

/** Begins a segment under an identifier that is used once. */
export async function beginSegment(ctx: Ctx, segmentId: string): Promise<Draft> {
  return unit(ctx, async (inner) => {
    const no = await takeNumbers(inner, "index", 1);
    await write(
      inner,
      sql`insert into index_segment (tenant_id, segment_no, segment_id, state, weight, kept_until, stats, created_at)
            values (${tenantOf(inner).id}, ${no}, ${segmentId}, 'building', 0, ${keptUntil(inner)}, '', ${inner.clock()})`,
    );
    return { no, segmentId };
  });
}

/** Writes some of its rows; `also` goes into the same unit. Throws `Superseded` when it was swept meanwhile. */
export async function writeRows(
  ctx: Ctx,
  { no }: Draft,
  rows: readonly SealedRow[],
  also: (ctx: Ctx) => Promise<void> = async () => {},
): Promise<void> {
  for (const some of pages(rows)) {
    await unit(ctx, async (inner) => {
      await also(inner);
      await keep(inner, no, weightOf(some));
      // One value in binary: an array of thousands would be written, sent and read as text twice as long.
      const ends = endsOf(some);
      await write(
        inner,
        sql`insert into index_posting (tenant_id, segment_no, term_hash, body)
              select ${tenantOf(inner).id}::uuid, ${no}::int, substring(packed from at + 1 for ${hashLength}),
                     substring(packed from at + 1 + ${hashLength} for ends - at - ${hashLength})
                from (select ${Buffer.concat(some.flatMap((r) => [r.termHash, r.body]))}::bytea as packed) one,
                     unnest(${[0, ...ends.slice(0, -1)]}::int[], ${ends}::int[]) as row (at, ends)`,
      );
    });
  }
}

/** Writes its sealed table, with which it is complete. */
export async function finishSegment(ctx: Ctx, { no }: Draft, stats: Buffer): Promise<void> {
  await unit(ctx, (inner) => keep(inner, no, 0, stats));
}

async function keep(ctx: Ctx, no: number, weight: number, stats: Buffer | null = null): Promise<void> {
  const { count } = await write(
    ctx,
    sql`update index_segment
           set weight = weight + ${weight}, kept_until = ${keptUntil(ctx)}, stats = coalesce(${stats}, stats)
         where tenant_id = ${tenantOf(ctx).id} and segment_no = ${no} and state = 'building'`,
  );
  if (count !== 1) throw new Superseded("a segment was swept while it was built");
}

export async function liveSegments(ctx: Ctx): Promise<LiveSegment[]> {
  const [rows] = await read(
    ctx,
    sql<{ segment_no: number; segment_id: string; weight: number }>`
      select segment_no, segment_id, weight from index_segment
        where tenant_id = ${tenantOf(ctx).id} and state = 'live' order by segment_no`,
  );
  return rows.map((row) => ({ no: row.segment_no, segmentId: row.segment_id, weight: row.weight }));
}

/** Gives up drafts: their rows go with the next sweep. */
export async function dropDrafts(ctx: Ctx, drafts: readonly Draft[]): Promise<void> {
  if (drafts.length === 0) return;
  await unit(ctx, (inner) =>
    write(
      inner,
      sql`update index_segment set state = 'gone'
           where tenant_id = ${tenantOf(inner).id} and segment_no = any(${drafts.map((d) => d.no)}::int[])
             and state = 'building'`,
    ),
  );
}

/**
 * Removes the rows of segments that are gone, and of those that a process began and never finished. Page by page: of
 * two that sweep at once each removes what the other has not.
 */
export async function sweepSegments(ctx: Ctx): Promise<void> {
  const tenantId = tenantOf(ctx).id;
  const gone = await unit(ctx, async (inner) => {
    await write(
      inner,
      sql`update index_segment set state = 'gone'
           where tenant_id = ${tenantId} and state = 'building' and kept_until < ${inner.clock()}`,
    );
    const [rows] = await read(
      inner,
      sql<{ segment_no: number }>`
        select segment_no from index_segment where tenant_id = ${tenantId} and state = 'gone'`,
    );
    return rows.map((row) => row.segment_no);
  });
  for (const no of gone) await removeSegment(ctx, no);
}

async function removeSegment(ctx: Ctx, no: number): Promise<void> {
  const tenantId = tenantOf(ctx).id;
  for (let removed = REMOVED_AT_ONCE; removed === REMOVED_AT_ONCE; ) {
    removed = await unit(ctx, async (inner) => {
      const { count } = await write(
        inner,
        sql`delete from index_posting where ctid = any(array(
              select ctid from index_posting
                where tenant_id = ${tenantId} and segment_no = ${no} limit ${REMOVED_AT_ONCE}))`,
      );
      return count;
    });
  }
  await unit(ctx, (inner) =>
    write(
      inner,
      // Another sweep may hold rows that it is just removing: then that one takes the segment away.
      sql`delete from index_segment s
           where s.tenant_id = ${tenantId} and s.segment_no = ${no} and s.state = 'gone'
             and not exists (select from index_posting p where p.tenant_id = s.tenant_id and p.segment_no = s.segment_no)`,
    ),
  );
}

function* pages(rows: readonly SealedRow[]): Generator<SealedRow[]> {
  let page: SealedRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    page.push(row);
    bytes += row.body.length;
    if (page.length < ROWS_AT_ONCE && bytes < BYTES_AT_ONCE) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (page.length > 0) yield page;
}

/** Where each of the rows ends when they are put behind each other. */
function endsOf(rows: readonly SealedRow[]): number[] {
  let end = 0;
  return rows.map(({ termHash, body }) => {
    end += termHash.length + body.length;
    return end;
  });
}

const weightOf = (rows: readonly SealedRow[]): number =>
  rows.reduce((sum, { termHash, body }) => sum + termHash.length + body.length, 0);

const keptUntil = (ctx: Ctx): Date => new Date(ctx.clock().getTime() + HELD_FOR);
