import { sql } from "kysely";
import { minutes } from "../../../kernel/clock.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { buryDead } from "./tombstones.ts";

/** How long a lease holds, and an unfinished segment is left alone, unless renewed: much longer than a page takes. */
export const HELD_FOR = minutes(5);

/** Work on the index that lost its right to be finished: another process has taken over, or been first. */
export class Superseded extends Error {}

/** A tenant's right to rewrite segments, which one process has at a time. */
export interface Lease {
  readonly holder: string;
}

/** Takes the lease; null while somebody else has it. A process that was killed loses it after `HELD_FOR`. */
export async function takeLease(ctx: Ctx): Promise<Lease | null> {
  const holder = newId();
  return unit(ctx, async (inner) => {
    const { count } = await write(
      inner,
      sql`
        insert into index_manifest as m (tenant_id, holder, held_until)
          values (${tenantOf(inner).id}, ${holder}, ${until(inner)})
          on conflict (tenant_id) do update set holder = excluded.holder, held_until = excluded.held_until
            where m.held_until is null or m.held_until < ${inner.clock()}`,
    );
    return count === 1 ? { holder } : null;
  });
}

/** Keeps the lease for longer, in the open unit of work. Throws `Superseded` when it is somebody else's by now. */
export async function renewLease(ctx: Ctx, { holder }: Lease): Promise<void> {
  const { count } = await write(
    ctx,
    sql`update index_manifest set held_until = ${until(ctx)}
         where tenant_id = ${tenantOf(ctx).id} and holder = ${holder}`,
  );
  if (count !== 1) throw new Superseded("another process rewrites this index");
}

/** Gives the lease back, if it is still one's own. */
export async function endLease(ctx: Ctx, { holder }: Lease): Promise<void> {
  await unit(ctx, (inner) =>
    write(
      inner,
      sql`update index_manifest set holder = null, held_until = null
           where tenant_id = ${tenantOf(inner).id} and holder = ${holder}`,
    ),
  );
}

export interface Swap {
  /** Segments that were built, and are searched from the commit on. */
  readonly add: readonly number[];
  /** Segments that no query sees from the commit on. */
  readonly remove: readonly number[];
  /** Numbers of the documents that the new ones speak of. */
  readonly documents: Iterable<number>;
  /** Of whoever rewrites. A batch of new documents has none: documents are locked by it instead. */
  readonly lease?: Lease;
}

/**
 * Changes the list of segments, in the open unit of work, all or nothing. Documents that went while the new segments
 * were built are looked for again here, so that what is said of them is not forgotten. Throws `Superseded` when any of
 * them is no longer what it was.
 */
export async function swapSegments(ctx: Ctx, { add, remove, documents, lease }: Swap): Promise<void> {
  const tenantId = tenantOf(ctx).id;
  // The row is held until the commit: the list changes in one order.
  await write(
    ctx,
    sql`insert into index_manifest as m (tenant_id, generation) values (${tenantId}, 1)
          on conflict (tenant_id) do update set generation = m.generation + 1`,
  );
  if (lease) await renewLease(ctx, lease);
  await change(ctx, add, "building", "live");
  await change(ctx, remove, "live", "gone");
  await buryDead(ctx, [...documents]);
}

async function change(
  ctx: Ctx,
  segments: readonly number[],
  from: "building" | "live",
  to: "live" | "gone",
): Promise<void> {
  if (segments.length === 0) return;
  const { count } = await write(
    ctx,
    sql`update index_segment set state = ${to}, kept_until = ${ctx.clock()}
         where tenant_id = ${tenantOf(ctx).id} and segment_no = any(${segments}::int[]) and state = ${from}`,
  );
  if (count !== segments.length) throw new Superseded(`a segment is not ${from} any more`);
}

const until = (ctx: Ctx): Date => new Date(ctx.clock().getTime() + HELD_FOR);
