import { type RawBuilder, sql } from "kysely";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import type { System } from "../../../kernel/system.ts";
import type { SegmentTable } from "../search/table.ts";
import { type Shown, shownOf } from "../search/view.ts";
import { type Reach, reachOfMember, visibleTo } from "../sharing/reach.ts";
import { type Bounded, bounded } from "./bounded.ts";
import { compiledOnce } from "./compiled.ts";
import { isNarrowed, narrowedTo, type PassageFilters } from "./filters.ts";

const MOST_BYTES = 32 * 1024 * 1024;

/** Which documents somebody may find at one moment: their numbers, and nothing else of them. */
export interface Visible {
  has(no: number): boolean;
  readonly count: number;
  /** What this leaves of the passages of each of these segments, which are all that are searched. */
  shownOf(tables: ReadonlyMap<number, SegmentTable>): Map<number, Shown>;
}

interface Kept extends Visible {
  readonly epoch: string;
  readonly bytes: number;
}

interface Row {
  readonly epoch: string | null;
  readonly fresh: boolean;
  readonly numbers: Buffer | null;
}

/**
 * Asks the database which documents a member may find. In every search: what this process remembers is good only
 * together with the database's word, given in the same moment, that nothing which decides it has changed since
 * (`visibility_epoch`). For API keys and with filters nothing is remembered.
 */
export function askVisible(ctx: Ctx, memberId: string, filters: PassageFilters) {
  const { pool } = ctx.system;
  const reach = reachOfMember(ctx, memberId);
  const key = `${tenantOf(ctx).id}/${memberId}`;
  // Inside of an open unit of work the epoch does not know yet what that unit has changed.
  const remember = !isNarrowed(filters) && ctx.actor.kind !== "key" && (ctx.tx?.readOnly ?? true);
  const kept = remember ? cacheOf(pool).get(key) : undefined;
  return {
    query: isNarrowed(filters)
      ? visibleNumbers(tenantOf(ctx).id, reach, null, narrowedTo(filters, reach))
      : allVisibleNumbers({ tenant: tenantOf(ctx).id, memberId, now: reach.now, known: kept?.epoch ?? null }),
    /** What the answer says. */
    take(row: Row | undefined): Visible {
      if (row && !row.fresh && kept) return kept;
      const visible = visibleOf(row?.numbers ?? null, row?.epoch ?? "", () => {
        // Again whenever it has grown, so that its bytes are counted.
        if (remember && row?.epoch) cacheOf(pool).put(key, visible);
      });
      return visible;
    },
  };
}

function visibleNumbers(
  tenant: string,
  reach: Reach,
  known: string | null,
  narrowed: RawBuilder<boolean>,
): RawBuilder<Row> {
  return sql<Row>`
    select now_.epoch, now_.fresh, case when now_.fresh then (
        select string_agg(int4send(document.document_no), ''::bytea) from document
          where document.tenant_id = ${tenant} and document.state = 'ready'
            and ${visibleTo("document", reach)} and ${narrowed}) end as numbers
      from (select e.epoch, e.epoch is null or e.epoch is distinct from ${known}::uuid as fresh
              from (select 1) one left join visibility_epoch e on e.tenant_id = ${tenant}) now_`;
}

const allVisibleNumbers = compiledOnce(
  ({ tenant, memberId, now, known }: { tenant: string; memberId: string; now: Date; known: string | null }) =>
    visibleNumbers(tenant, { memberId, now, opened: false }, known, sql`true`),
);

const caches = new WeakMap<System["pool"], Bounded<Kept>>();

function cacheOf(pool: System["pool"]): Bounded<Kept> {
  let cache = caches.get(pool);
  if (!cache) {
    cache = bounded(MOST_BYTES, (kept) => kept.bytes);
    caches.set(pool, cache);
  }
  return cache;
}

function visibleOf(numbers: Buffer | null, epoch: string, keep: () => void): Kept {
  const count = (numbers?.length ?? 0) / 4;
  let most = 0;
  for (let i = 0; i < count; i++) most = Math.max(most, numbers?.readInt32BE(i * 4) ?? 0);
  const bits = new Uint8Array((most >> 3) + 1);
  for (let i = 0; i < count; i++) {
    const no = numbers?.readInt32BE(i * 4) ?? 0;
    bits[no >> 3] = (bits[no >> 3] ?? 0) | (1 << (no & 7));
  }
  const has = (no: number) => ((bits[no >> 3] ?? 0) & (1 << (no & 7))) !== 0;
  let shown = new Map<number, Shown>();
  return {
    epoch,
    count,
    has,
    get bytes() {
      return [...shown.values()].reduce((sum, { bytes }) => sum + bytes, bits.length);
    },
    shownOf(tables) {
      const now = new Map<number, Shown>();
      let grown = shown.size !== tables.size;
      for (const [no, table] of tables) {
        const of = shown.get(no);
        if (!of) grown = true;
        now.set(no, of ?? shownOf(table, has));
      }
      shown = now;
      if (grown) keep();
      return now;
    },
  };
}
