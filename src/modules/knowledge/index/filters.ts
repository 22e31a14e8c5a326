import { type RawBuilder, sql } from "kysely";
import type { Kind } from "../extraction/sniff.ts";
import { type Reach, visibleTo } from "../sharing/reach.ts";

/** What a search is narrowed to. Filters only narrow: they are asked beside the reader's rights. */
export interface PassageFilters {
  /** With all folders below it. One that the reader does not see holds nothing. */
  readonly folder?: string | undefined;
  readonly document?: string | undefined;
  readonly kind?: Kind | undefined;
  readonly owner?: "mine" | "others" | undefined;
  /** When the text that a document has now was added; a day without a time is the whole day, in UTC. */
  readonly since?: Date | string | undefined;
  readonly until?: Date | string | undefined;
}

export const isNarrowed = (filters: PassageFilters): boolean =>
  Object.values(filters).some((value) => value !== undefined);

/** The condition that filters put on a row of `document`. */
export function narrowedTo(filters: PassageFilters, reach: Reach): RawBuilder<boolean> {
  const { folder, document, kind, owner, since, until } = filters;
  const conditions = [sql<boolean>`true`];
  if (document !== undefined) conditions.push(sql`document.document_id = ${document}`);
  if (kind !== undefined) conditions.push(sql`document.kind = ${kind}`);
  if (owner === "mine") conditions.push(sql`document.owner_id = ${reach.memberId}`);
  if (owner === "others") conditions.push(sql`document.owner_id <> ${reach.memberId}`);
  if (folder !== undefined)
    conditions.push(sql`document.folder_id in (
      select below.folder_id from folder_above below
        join folder on folder.tenant_id = below.tenant_id and folder.folder_id = below.above_id
        where below.above_id = ${folder} and ${visibleTo("folder", reach)})`);
  if (since !== undefined) conditions.push(sql`${addedAt} >= ${new Date(since)}`);
  if (until !== undefined) conditions.push(sql`${addedAt} < ${endOf(until)}`);
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

/** When the text that a document has now was added. */
export const addedAt = sql<Date>`(select v.created_at from document_version v
  where v.tenant_id = document.tenant_id and v.version_id = document.version_id)`;

const DAY = 24 * 60 * 60 * 1000;

function endOf(until: Date | string): Date {
  const at = new Date(until).getTime();
  return new Date(typeof until === "string" && /^\d{4}-\d{2}-\d{2}$/.test(until) ? at + DAY : at + 1);
}
