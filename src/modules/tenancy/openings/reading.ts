import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, standingOf, tenantOf } from "../../../kernel/context.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { allows } from "../../../kernel/permissions.ts";

interface Seen {
  /** Under which opening the row is seen; null where its reader may see it anyway. */
  readonly opening: string | null;
}

/**
 * What may be shown of rows that were read with openings. Before it is, each object that only an opening shows is in
 * the audit log, once for each opening. Whoever has lost the right to open sees none of them any more.
 */
export async function settleOpened<R extends Seen>(
  ctx: Ctx,
  kind: "document" | "folder" | "chat",
  rows: readonly R[],
  idOf: (row: R) => string,
): Promise<R[]> {
  const opened = rows.filter((row) => row.opening !== null);
  if (opened.length === 0) return [...rows];
  if (!allows(standingOf(ctx), "content.open")) return rows.filter((row) => row.opening === null);
  await unit(ctx, async (inner) => {
    const first = await write(
      inner,
      sql<{ opening_id: string; object_id: string }>`
        insert into opening_read (tenant_id, opening_id, object_id)
          select ${tenantOf(inner).id}::uuid, opening_id, object_id
            from unnest(${opened.map((row) => row.opening)}::uuid[], ${opened.map(idOf)}::uuid[])
              as row (opening_id, object_id)
          on conflict do nothing
          returning opening_id, object_id`,
    );
    for (const { opening_id, object_id } of first.rows) {
      record(inner, {
        event: "content.read",
        resource: { type: kind, id: object_id },
        changes: { opening: [null, opening_id] },
      });
    }
  });
  return [...rows];
}
