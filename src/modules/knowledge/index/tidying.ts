import { sql } from "kysely";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { read, unit } from "../../../kernel/database/unit.ts";
import type { JobSpec } from "../../../kernel/jobs.ts";
import { MERGED_PASSAGES } from "../search/merge.ts";
import { endLease, type Lease, Superseded, swapSegments, takeLease } from "./manifest.ts";
import { mergeSegments, type Source } from "./merging.ts";
import { type LiveSegment, liveSegments, sweepSegments } from "./segments.ts";
import { segmentTables } from "./tables.ts";
import { clearTombstones, DUE_AFTER, type Tombstone, tombstones } from "./tombstones.ts";

/** So many segments of about the same size become one of the next: each word is rewritten a few times in its life. */
const FAN = 4;
/** The smallest size that counts; below, all are the same. */
const SMALLEST = 64 * 1024;
const MOST_AT_ONCE = 16;
/** A segment of which this share is gone is rewritten before the bound asks for it. */
const MUCH_DEAD = 0.2;
/** What is done at the end of other work; more waits for a job of its own. */
const A_BIT = 4 * 1024 * 1024;
/** Rewrites of one job: a tenant's other work, and other tenants', come in between. */
const MOST_REWRITES = 8;

/** The same without a limit on the size, for what a batch leaves behind and for the timer. The id is the tenant's. */
export const tidyIndex: JobSpec = {
  name: "knowledge.tidy-index",
  whileClosing: "words of what was deleted go within a day, whatever happens",
  concurrency: 2,
  perTenant: 1,
  retries: 3,
  once: true,
  run: async (ctx) => {
    if (await tidy(ctx, Number.POSITIVE_INFINITY)) await tidyLater(ctx);
  },
};

/** Tidies as far as it takes no time worth speaking of; a job does the rest. */
export async function tidyABit(ctx: Ctx): Promise<void> {
  if (await tidy(ctx, A_BIT)) await tidyLater(ctx);
}

const tidyLater = (ctx: Ctx): Promise<void> =>
  unit(ctx, (inner) => inner.system.jobs.enqueue(inner, "knowledge.tidy-index", tenantOf(inner).id, 1));

/**
 * Merges small segments into larger ones and rewrites those that speak of documents that are gone. Queries go on
 * meanwhile. Answers whether there is more to do. Nothing happens while another process is at it.
 */
export async function tidy(ctx: Ctx, mostWeight: number): Promise<boolean> {
  if (!(await isNeeded(ctx))) return false;
  const lease = await takeLease(ctx);
  if (!lease) return false;
  try {
    for (let i = 0; i < MOST_REWRITES; i++) {
      const sources = await chooseSources(ctx);
      if (sources.length === 0) {
        await clear(ctx, lease);
        await sweepSegments(ctx);
        return false;
      }
      if (sources.reduce((sum, { segment }) => sum + segment.weight, 0) > mostWeight) break;
      await mergeSegments(ctx, lease, sources);
    }
    await sweepSegments(ctx);
    return true;
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
    // Another process has gone on with it, and does what is left.
    ctx.log.info({ err: error }, "an index is rewritten elsewhere");
    return false;
  } finally {
    await endLease(ctx, lease);
  }
}

/** What rewriting would begin with, and whether anything waits to be removed or forgotten. */
async function isNeeded(ctx: Ctx): Promise<boolean> {
  if ((await chooseSources(ctx)).length > 0) return true;
  const [[left]] = await read(
    ctx,
    sql<{ left: boolean }>`
      select exists (select from index_tombstone where tenant_id = ${tenantOf(ctx).id})
          or exists (select from index_segment where tenant_id = ${tenantOf(ctx).id}
                      and (state = 'gone' or (state = 'building' and kept_until < ${ctx.clock()}))) as left`,
  );
  return left?.left === true;
}

async function chooseSources(ctx: Ctx): Promise<Source[]> {
  const live = await liveSegments(ctx);
  const buried = await tombstones(ctx);
  if (buried.length > 0) {
    const dirty = (await sourcesOf(ctx, live)).filter((source) => isDue(ctx, source, buried));
    if (dirty.length > 0) return fitting(dirty);
  }
  const tiers = Map.groupBy(live, tierOf);
  for (const [, same] of [...tiers].sort(([a], [b]) => a - b)) {
    if (same.length < FAN) continue;
    const sources = fitting(await sourcesOf(ctx, same));
    if (sources.length > 1) return sources;
  }
  return [];
}

const tierOf = ({ weight }: LiveSegment): number =>
  Math.max(0, Math.ceil(Math.log(weight / SMALLEST) / Math.log(FAN)));

async function sourcesOf(ctx: Ctx, segments: readonly LiveSegment[]): Promise<Source[]> {
  const tables = await segmentTables(ctx, segments);
  return segments.flatMap((segment) => {
    const table = tables.get(segment.no);
    // Rewritten meanwhile.
    return table ? [{ segment, table }] : [];
  });
}

function fitting(sources: readonly Source[]): Source[] {
  let passages = 0;
  const fit = sources.filter(({ table }) => {
    if (passages + table.passages.length > MERGED_PASSAGES) return false;
    passages += table.passages.length;
    return true;
  });
  return fit.slice(0, MOST_AT_ONCE);
}

/** Whether much of a segment is gone, or something of it long ago. */
function isDue(ctx: Ctx, { table }: Source, buried: readonly Tombstone[]): boolean {
  const since = new Map(buried.map((b) => [b.no, b.since.getTime()]));
  let dead = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const no of table.documents) {
    const at = since.get(no);
    if (at === undefined) continue;
    dead += 1;
    oldest = Math.min(oldest, at);
  }
  return dead > table.documents.length * MUCH_DEAD || oldest <= ctx.clock().getTime() - DUE_AFTER;
}

/** Forgets the numbers that no segment speaks of any more. */
async function clear(ctx: Ctx, lease: Lease): Promise<void> {
  await unit(ctx, async (inner) => {
    // The list of segments stands still until the commit: whatever comes after it looks for its dead itself.
    await swapSegments(inner, { add: [], remove: [], documents: [], lease });
    const buried = await tombstones(inner);
    if (buried.length === 0) return;
    const live = await liveSegments(inner);
    const tables = await segmentTables(inner, live);
    // One that could not be looked into may speak of any of them.
    if (tables.size < live.length) return;
    const spokenOf = new Set<number>();
    for (const table of tables.values()) for (const no of table.documents) spokenOf.add(no);
    await clearTombstones(
      inner,
      buried.map(({ no }) => no).filter((no) => !spokenOf.has(no)),
    );
  });
}
