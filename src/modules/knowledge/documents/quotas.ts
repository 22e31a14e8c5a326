import { sql } from "kysely";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";

const GB = 1024 ** 3;

/** What one workspace may take, so that what it takes is not missing for the others. */
export const quotas = {
  documents: 10_000,
  /** Of all originals together. */
  bytes: 5 * GB,
  /** Documents that wait to be read, or are being read and indexed. */
  waiting: 200,
} as const;

/** How many documents of the tenant wait or are being read, and how much room is left for others. */
export interface Room {
  readonly waiting: number;
  readonly documents: number;
  readonly bytes: number;
}

/**
 * Throws `quota`, saying what is left, unless one more document to be read fits in. Exact only in a unit of work that
 * holds the counter of documents (`takeNumbers`), which lets one insert of a tenant at a time pass.
 */
export async function checkRoom(ctx: Ctx, add: { documents: number; bytes: number }): Promise<Room> {
  const used = await readOne(
    ctx,
    sql<{ documents: number; bytes: number; waiting: number }>`
      select count(*)::int as documents, coalesce(sum(bytes), 0)::bigint as bytes,
             count(*) filter (where state in ('received', 'reading', 'indexing'))::int as waiting
        from document where tenant_id = ${tenantOf(ctx).id}`,
  );
  const { documents = 0, waiting = 0 } = used ?? {};
  const bytes = Number(used?.bytes ?? 0);
  const left = { documents: quotas.documents - documents, bytes: quotas.bytes - bytes };
  if (left.documents < add.documents) {
    throw appError("quota", {
      message: `This workspace has its ${quotas.documents.toLocaleString("en")} documents. Delete some first.`,
    });
  }
  if (left.bytes < add.bytes) {
    throw appError("quota", {
      message: `Of its ${inWords(quotas.bytes)} this workspace has ${inWords(Math.max(0, left.bytes))} left. Delete documents first.`,
    });
  }
  if (waiting >= quotas.waiting) {
    throw appError("quota", {
      message: `${waiting} documents wait to be read. Wait until some of them are ready, then add more.`,
    });
  }
  return { waiting, ...left };
}

function inWords(bytes: number): string {
  if (bytes >= GB) return `${Math.floor((bytes / GB) * 10) / 10} GB`;
  return `${Math.floor(bytes / 1024 ** 2)} MB`;
}
