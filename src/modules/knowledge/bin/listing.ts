import { sql } from "kysely";
import { later } from "../../../kernel/clock.ts";
import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { read } from "../../../kernel/database/unit.ts";
import { type Page, type Place, pageOf } from "../../../kernel/paging.ts";
import { openName } from "../../identity/members.ts";
import { openDocumentName } from "../documents/view.ts";
import { namesOfFolders } from "../folders/names.ts";
import { openFolderName } from "../folders/view.ts";
import { ownEntries, withParts } from "./entries.ts";
import { type Binned, KEPT_FOR } from "./view.ts";

interface Row {
  readonly binned_id: string;
  readonly kind: Binned["kind"];
  readonly deleted_at: Date;
  readonly deleted_by: string;
  readonly by_name: Buffer;
  readonly name: Buffer;
  readonly place: string | null;
  readonly documents: number;
}

/** What lies in one's own bin, newest first. */
export async function listBin(
  ctx: Ctx,
  { cursor, limit }: { cursor: Place | undefined; limit: number },
): Promise<Page<Binned>> {
  const after = cursor
    ? sql`(binned.deleted_at, binned.binned_id) < (${cursor.at}::timestamptz, ${cursor.id}::uuid)`
    : sql`true`;
  const [rows] = await read(
    ctx,
    sql<Row>`
      select binned.binned_id, binned.kind, binned.deleted_at, binned.deleted_by, member.name as by_name,
             coalesce(d.name, f.name) as name, case binned.kind when 'folder' then f.parent_id else d.folder_id end as place,
             (select count(*) from document inside
               where inside.tenant_id = binned.tenant_id and inside.binned_id in (${withParts(sql`binned.binned_id`)}))::int
               as documents
        from binned
        join member on member.tenant_id = binned.tenant_id and member.member_id = binned.deleted_by
        left join document d on binned.kind = 'document' and d.tenant_id = binned.tenant_id and d.document_id = binned.binned_id
        left join folder f on binned.kind = 'folder' and f.tenant_id = binned.tenant_id and f.folder_id = binned.binned_id
        where ${ownEntries(ctx)} and ${after} and num_nonnulls(d.document_id, f.folder_id) = 1
        order by binned.deleted_at desc, binned.binned_id desc
        limit ${limit + 1}`,
  );
  const places = [...new Set(rows.flatMap(({ place }) => place ?? []))];
  const names = places.length > 0 ? await namesOfFolders(ctx, places) : new Map<string, string>();
  const keys = await keysOf(ctx);
  return pageOf(
    rows,
    limit,
    (row) => ({ at: row.deleted_at, id: row.binned_id }),
    ({ binned_id: id, place, ...row }): Binned => {
      const from = place === null ? undefined : names.get(place);
      return {
        id,
        kind: row.kind,
        name:
          row.kind === "folder"
            ? openFolderName(keys, { folder_id: id, name: row.name })
            : openDocumentName(keys, { document_id: id, name: row.name }),
        deletedAt: row.deleted_at.toISOString(),
        until: later(row.deleted_at, KEPT_FOR).toISOString(),
        by: { id: row.deleted_by, name: openName(keys, { member_id: row.deleted_by, name: row.by_name }) },
        from: place !== null && from !== undefined ? { id: place, name: from } : null,
        documents: row.documents,
      };
    },
  );
}
