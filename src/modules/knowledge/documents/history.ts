import { sql } from "kysely";
import { type AuditContent, auditCell } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf } from "../../../kernel/context.ts";
import { read } from "../../../kernel/database/unit.ts";
import { type Page, type Place, pageOf } from "../../../kernel/paging.ts";
import { openName } from "../../identity/members.ts";
import { accessOf } from "../sharing/view.ts";
import { loadDocument } from "./access.ts";

export interface HistoryEntry {
  readonly at: string;
  /** Null where the program did it by itself. */
  readonly by: { readonly id: string; readonly name: string | null } | null;
  readonly event: string;
  readonly changes: Record<string, unknown[]>;
}

/** What whoever may see a document may know of it. */
const FOR_READERS = [
  "document.uploaded",
  "document.changed",
  "document.moved",
  "document.retried",
  "document.deleted",
  "document.restored",
  "document.version-added",
  "document.version-restored",
];
/** What is said of others beside it: whom it was shared with, who took a copy, who had it opened. For its owner. */
const FOR_OWNER = [...FOR_READERS, "document.shared", "document.downloaded", "content.read"];
/** Fields that a reader learns; ids of folders and people that they may not know are for the owner. */
const TOLD = ["name", "bytes", "version", "from", "state"];

/** What was done with a document, newest first, out of the audit log, as far as the reader may know of it. */
export async function documentHistory(
  ctx: Ctx,
  id: string,
  { cursor, limit }: { cursor: Place | undefined; limit: number },
): Promise<Page<HistoryEntry>> {
  const row = await loadDocument(ctx, id, "read");
  const owns = accessOf(row, memberOf(ctx)) === "own";
  const events = owns ? FOR_OWNER : FOR_READERS;
  const after = cursor
    ? sql`(e.at, e.entry_id) < (${cursor.at}::timestamptz, ${cursor.id}::uuid)`
    : sql`true`;
  const [rows] = await read(
    ctx,
    sql<{
      entry_id: string;
      at: Date;
      event: string;
      content: Buffer | null;
      member_id: string | null;
      name: Buffer | null;
    }>`
      select e.entry_id, e.at, e.event, e.content, m.member_id, m.name
        from audit.entry e
        left join member m on m.tenant_id = e.tenant_id and m.member_id = e.actor_id
        where e.tenant_id = kernel.current_tenant() and e.resource_type = 'document' and e.resource_id = ${id}
          and e.outcome = 'done' and e.event = any(${events}::text[]) and ${after}
        order by e.at desc, e.entry_id desc limit ${limit + 1}`,
  );
  const keys = await keysOf(ctx);
  return pageOf(
    rows,
    limit,
    (entry) => ({ at: entry.at, id: entry.entry_id }),
    (entry): HistoryEntry => {
      const { changes = {} } = entry.content
        ? (JSON.parse(keys.openText(auditCell(entry.entry_id), entry.content)) as AuditContent)
        : {};
      return {
        at: entry.at.toISOString(),
        by:
          entry.member_id && entry.name
            ? {
                id: entry.member_id,
                name: openName(keys, { member_id: entry.member_id, name: entry.name }),
              }
            : null,
        event: entry.event,
        changes: Object.fromEntries(
          Object.entries(changes)
            .filter(([field]) => owns || TOLD.includes(field))
            .map(([field, [old, now]]) => [field, [old ?? null, now ?? null]]),
        ),
      };
    },
  );
}
