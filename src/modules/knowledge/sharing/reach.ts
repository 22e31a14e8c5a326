import { type RawBuilder, sql } from "kysely";
import { type Ctx, memberOf } from "../../../kernel/context.ts";

// Who may see what inside of a workspace, said once, as conditions that every query of documents, folders and chats
// carries: a row that its reader may not see does not leave the database. An object is reached by its owner, by those
// it is shared with, and by whoever reaches the folder that it lies in: that folder's owner, those whom it is shared
// with, and so on up. No role reaches more. The queries name their tables as here: document, folder, chat.

export type Kind = "document" | "folder" | "chat";

/** Whose rights a query asks for. What binds an API key to a folder is added by the database (`kernel.key_folder`). */
export interface Reach {
  readonly memberId: string;
  readonly now: Date;
  /**
   * Also what this member has opened as an admin. Only where each object that is shown is recorded (`settleOpened`):
   * never for searches, answers and streams.
   */
  readonly opened: boolean;
}

/** What the acting member reaches by owning and sharing alone. */
export const reachOf = (ctx: Ctx): Reach => reachOfMember(ctx, memberOf(ctx));

/** The same with what they opened. */
export const reachWithOpened = (ctx: Ctx): Reach => ({ ...reachOf(ctx), opened: true });

export const reachOfMember = (ctx: Ctx, memberId: string): Reach => ({
  memberId,
  now: ctx.clock(),
  opened: false,
});

/** The condition of seeing a row of this kind at all. */
export function visibleTo(kind: Kind, reach: Reach): RawBuilder<boolean> {
  const { memberId } = reach;
  const ways = [
    sql`${row[kind].owner} = ${memberId}`,
    ...(kind === "folder"
      ? []
      : [sql`exists (select from share where ${row[kind].shared} and ${speaksTo(memberId)})`]),
    ...(kind === "chat" ? [] : reachedFolder(row[kind].place, memberId)),
    ...(reach.opened ? [hasOpened(kind, reach)] : []),
  ];
  return sql<boolean>`((${sql.join(ways, sql` or `)}) and ${isInReachOfKey(kind)})`;
}

/** "write" comes after "read" in the alphabet: of several, the greatest counts. */
export type Access = "read" | "write";

/**
 * For the rows that are shown, as a lateral join called `sharing`: the most that shares and enclosing folders give the
 * reader (`reached`; null where they only own the row or opened it), and whether others reach it at all.
 */
export const sharingOf = (kind: Kind, memberId: string) =>
  sql<{ reached: Access | null; whole: boolean; shared: boolean }>`(
    select max(share.access) filter (where ${speaksTo(memberId)}) as reached,
           coalesce(bool_or(share.member_id is null and share.group_id is null), false) as whole,
           count(*) filter (where share.member_id is distinct from ${row[kind].owner}) > 0 as shared
      from (${grantsOn(kind)}) share)`;

/** Everything that gives somebody access to a row: its shares, and those and the owners of the folders above. */
export function grantsOn(kind: Kind): RawBuilder<unknown> {
  if (kind === "folder") return grantsIn(row.folder.place);
  const direct = sql`select share.access, share.member_id, share.group_id from share where ${row[kind].shared}`;
  return kind === "chat" ? direct : sql`${direct} union all ${grantsIn(row.document.place)}`;
}

/** What a folder, with the folders above it, gives to whom. */
export const grantsIn = (folder: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  select share.access, share.member_id, share.group_id
    from folder_above up join share on share.tenant_id = up.tenant_id and share.folder_id = up.above_id
    where up.folder_id = ${folder}
  union all
  select 'write', holder.owner_id, null
    from folder_above up join folder holder on holder.tenant_id = up.tenant_id and holder.folder_id = up.above_id
    where up.folder_id = ${folder}`;

/** Under which opening a row is seen, beside `sharing`; null when it needs none. */
export const openingOf = (kind: Kind, reach: Reach) =>
  reach.opened
    ? sql<string | null>`case when sharing.reached is null and ${row[kind].owner} <> ${reach.memberId}
        then (select opening.opening_id ${openingsOn(kind, reach)} limit 1) end`
    : sql<string | null>`null::uuid`;

/** Whether the reader sees the folder that a document lies in. */
export const seesPlace = (reach: Reach) => sql<boolean>`(document.folder_id is not null
  and exists (select from folder where folder.folder_id = document.folder_id and ${visibleTo("folder", reach)}))`;

/** Whether the reader sees the folder above a folder, which the query must call `child`. */
export const seesParent = (reach: Reach) => sql<boolean>`(child.parent_id is not null
  and exists (select from folder where folder.folder_id = child.parent_id and ${visibleTo("folder", reach)}))`;

// What the conditions need of a row of each kind.
const row = {
  document: {
    owner: sql`document.owner_id`,
    place: sql`document.folder_id`,
    shared: sql`share.document_id = document.document_id`,
  },
  folder: { owner: sql`folder.owner_id`, place: sql`folder.folder_id` },
  chat: { owner: sql`chat.owner_id`, shared: sql`share.chat_id = chat.chat_id` },
} as const;

const speaksTo = (memberId: string) => sql`(share.member_id = ${memberId}
  or (share.member_id is null and share.group_id is null)
  or share.group_id = any(array(select group_id from group_member where member_id = ${memberId})))`;

// Each with one equation to the row: for a list the database then computes the folders that are reached once.
const reachedFolder = (place: RawBuilder<unknown>, memberId: string) => [
  sql`exists (select from folder_above up join share on share.tenant_id = up.tenant_id and share.folder_id = up.above_id
              where up.folder_id = ${place} and ${speaksTo(memberId)})`,
  sql`exists (select from folder_above up join folder holder on holder.tenant_id = up.tenant_id and holder.folder_id = up.above_id
              where up.folder_id = ${place} and holder.owner_id = ${memberId})`,
];

// An opening speaks for the content of those who were told of it, and never for a program. Its first condition does
// not depend on the row: who has opened nothing pays for it once.
const hasOpened = (kind: Kind, reach: Reach) => sql`
  ((select count(*) > 0 from opening where ${isLive(reach)}) and exists (select ${openingsOn(kind, reach)}))`;

const openingsOn = (kind: Kind, reach: Reach) => sql`
  from opening join opening_owner told
      on told.tenant_id = opening.tenant_id and told.opening_id = opening.opening_id
    where ${isLive(reach)} and told.member_id = ${row[kind].owner} and ${covers(kind)}`;

const isLive = ({ memberId, now }: Reach) => sql`
  opening.opened_by = ${memberId} and opening.ended_at is null and opening.until > ${now} and kernel.current_key() is null`;

function covers(kind: Kind): RawBuilder<unknown> {
  const whole = sql`opening.member_id = ${row[kind].owner}`;
  if (kind === "chat") return sql`(${whole} or opening.chat_id = chat.chat_id)`;
  const inFolder = sql`opening.folder_id in (select up.above_id from folder_above up where up.folder_id = ${row[kind].place})`;
  if (kind === "folder") return sql`(${whole} or ${inFolder})`;
  return sql`(${whole} or ${inFolder} or opening.document_id = document.document_id)`;
}

// A key that is bound to a folder reaches that folder and what lies in it. A chat lies in none.
function isInReachOfKey(kind: Kind): RawBuilder<unknown> {
  const unbound = sql`(select kernel.current_key() is null or kernel.key_folder() is null)`;
  if (kind === "chat") return unbound;
  return sql`(${unbound} or exists (select from folder_above up
    where up.folder_id = ${row[kind].place} and up.above_id = (select kernel.key_folder())))`;
}
