import { sql } from "kysely";
import { minutes } from "../../../kernel/clock.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { read, write } from "../../../kernel/database/unit.ts";

/**
 * The bound: so many hours after a document was deleted, put into the bin or indexed anew, no segment holds its old
 * words any more. Nobody finds them from the moment it happened.
 */
export const GONE_WITHIN_HOURS = 24;

/** From this age on a number is a reason of its own to rewrite a segment; a rewrite and its retries fit into the rest. */
export const DUE_AFTER = minutes((GONE_WITHIN_HOURS / 2) * 60);

export interface Tombstone {
  readonly no: number;
  readonly since: Date;
}

/** Numbers that segments may still speak of and nobody finds. */
export async function tombstones(ctx: Ctx): Promise<Tombstone[]> {
  const [rows] = await read(
    ctx,
    sql<{ document_no: number; since: Date }>`
      select document_no, since from index_tombstone where tenant_id = ${tenantOf(ctx).id}`,
  );
  return rows.map(({ document_no, since }) => ({ no: document_no, since }));
}

/**
 * Buries those of the numbers that are no document's any more, in the open unit of work: a segment that is about to be
 * searched speaks of them, whose tombstone may have been cleared while it was built.
 */
export async function buryDead(ctx: Ctx, numbers: readonly number[]): Promise<void> {
  if (numbers.length === 0) return;
  await write(
    ctx,
    sql`insert into index_tombstone (tenant_id, document_no, since)
          select ${tenantOf(ctx).id}::uuid, no, ${ctx.clock()}::timestamptz
            from unnest(${numbers}::int[]) as spoken_of (no)
            where not exists (select from document d
                               where d.tenant_id = ${tenantOf(ctx).id} and d.document_no = spoken_of.no
                                 and d.deleted_at is null)
          on conflict do nothing`,
  );
}

/** Forgets numbers that no segment speaks of, in the open unit of work that holds the list of segments. */
export async function clearTombstones(ctx: Ctx, numbers: readonly number[]): Promise<void> {
  if (numbers.length === 0) return;
  await write(
    ctx,
    sql`delete from index_tombstone
         where tenant_id = ${tenantOf(ctx).id} and document_no = any(${numbers}::int[])`,
  );
}
