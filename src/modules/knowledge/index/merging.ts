import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { read, unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import type { SegmentTable } from "../search/table.ts";
import { indexKey } from "./keys.ts";
import { type Lease, renewLease, swapSegments } from "./manifest.ts";
import { packRows, unpackRows } from "./packing.ts";
import { beginSegment, finishSegment, type LiveSegment, type SealedRow, writeRows } from "./segments.ts";
import { indexWorker } from "./workers.ts";

/** A segment to be rewritten, and what it speaks of. */
export interface Source {
  readonly segment: LiveSegment;
  readonly table: SegmentTable;
}

const ROWS_AT_ONCE = 200;

/**
 * Makes one segment of several, without the documents that are gone. Rows go through page by page, sealed on both
 * sides; nobody sees the new ones before all are there, and then nobody the old ones. Throws `Superseded` when somebody
 * else rewrites these, and what the worker meets; what it had begun is swept later.
 */
export async function mergeSegments(ctx: Ctx, lease: Lease, sources: readonly Source[]): Promise<void> {
  const remove = sources.map(({ segment }) => segment.no);
  const spokenOf = new Set(sources.flatMap(({ table }) => [...new Set(table.documents)]));
  const dead = await deadNumbers(ctx, [...spokenOf]);
  for (const no of dead) spokenOf.delete(no);
  const written = spokenOf.size === 0 ? null : await writeMerged(ctx, lease, sources, dead);
  await unit(ctx, (inner) =>
    swapSegments(inner, { add: written === null ? [] : [written], remove, documents: spokenOf, lease }),
  );
}

async function deadNumbers(ctx: Ctx, numbers: readonly number[]): Promise<number[]> {
  const [rows] = await read(
    ctx,
    sql<{ no: number }>`
      select no from unnest(${numbers}::int[]) as spoken_of (no)
        where not exists (select from document d
                           where d.tenant_id = ${tenantOf(ctx).id} and d.document_no = spoken_of.no
                             and d.deleted_at is null)`,
  );
  return rows.map(({ no }) => no);
}

async function writeMerged(
  ctx: Ctx,
  lease: Lease,
  sources: readonly Source[],
  dead: readonly number[],
): Promise<number | null> {
  const keys = await keysOf(ctx);
  const whose = { tenantId: keys.tenantId, key: indexKey(keys) };
  const worker = indexWorker();
  const [merge, segmentId] = [newId(), newId()];
  try {
    const { passages } = await worker.do({
      verb: "begin-merge",
      whose,
      merge,
      segmentId,
      sources: await sealedTables(ctx, sources),
      dead: Int32Array.from(dead),
    });
    if (passages === 0) return null;
    const draft = await beginSegment(ctx, segmentId);
    const stillOurs = (inner: Ctx) => renewLease(inner, lease);
    for await (const { rows, of } of inOrder(ctx, sources)) {
      const packed = packRows(rows);
      const done = await worker.do({ verb: "merge", merge, rows: packed, of }, [packed]);
      await writeRows(ctx, draft, unpackRows(done.rows), stillOurs);
    }
    const { rows, stats } = await worker.do({ verb: "end-merge", merge });
    if (stats === null) throw new Error("a merge ended without a table");
    await writeRows(ctx, draft, unpackRows(rows), stillOurs);
    await finishSegment(ctx, draft, Buffer.from(stats));
    return draft.no;
  } catch (error) {
    worker.do({ verb: "drop-merge", merge }).catch(() => undefined);
    throw error;
  }
}

async function sealedTables(
  ctx: Ctx,
  sources: readonly Source[],
): Promise<{ segmentId: string; stats: Buffer }[]> {
  const [rows] = await read(
    ctx,
    sql<{ segment_no: number; stats: Buffer }>`
      select segment_no, stats from index_segment
        where tenant_id = ${tenantOf(ctx).id} and segment_no = any(${sources.map((s) => s.segment.no)}::int[])`,
  );
  const stats = new Map(rows.map((row) => [row.segment_no, row.stats]));
  return sources.map(({ segment }) => ({
    segmentId: segment.segmentId,
    stats: stats.get(segment.no) ?? Buffer.alloc(0),
  }));
}

/** The rows of all sources in the order of their keys, a page at a time. */
async function* inOrder(
  ctx: Ctx,
  sources: readonly Source[],
): AsyncGenerator<{ rows: SealedRow[]; of: Uint16Array }> {
  const open = sources.map(({ segment }, of) => ({
    of,
    no: segment.no,
    rows: [] as SealedRow[],
    last: Buffer.alloc(0) as Buffer,
    ended: false,
  }));
  for (;;) {
    const empty = open.filter((source) => source.rows.length === 0 && !source.ended);
    const pages = await read(ctx, ...empty.map(({ no, last }) => rowsAfter(ctx, no, last)));
    for (const [i, source] of empty.entries()) {
      source.rows = (pages[i] ?? []).map((row) => ({ termHash: row.term_hash, body: row.body }));
      source.last = source.rows.at(-1)?.termHash ?? source.last;
      source.ended = source.rows.length < ROWS_AT_ONCE;
    }
    // Beyond the first source that has more, nobody knows yet what comes next.
    const ends = open.filter((source) => !source.ended).map((source) => source.last);
    const end = ends.reduce<Buffer | null>(
      (least, hash) => (least && least.compare(hash) <= 0 ? least : hash),
      null,
    );
    const page: { row: SealedRow; of: number }[] = [];
    for (const source of open) {
      const beyond = end === null ? -1 : source.rows.findIndex((row) => row.termHash.compare(end) > 0);
      const taken = beyond < 0 ? source.rows : source.rows.slice(0, beyond);
      source.rows = beyond < 0 ? [] : source.rows.slice(beyond);
      for (const row of taken) page.push({ row, of: source.of });
    }
    page.sort((a, b) => a.row.termHash.compare(b.row.termHash) || a.of - b.of);
    if (page.length > 0)
      yield { rows: page.map(({ row }) => row), of: Uint16Array.from(page, ({ of }) => of) };
    if (end === null) return;
  }
}

const rowsAfter = (ctx: Ctx, segment: number, after: Buffer) => sql<{ term_hash: Buffer; body: Buffer }>`
  select term_hash, body from index_posting
    where tenant_id = ${tenantOf(ctx).id} and segment_no = ${segment} and term_hash > ${after}
    order by term_hash limit ${ROWS_AT_ONCE}`;
