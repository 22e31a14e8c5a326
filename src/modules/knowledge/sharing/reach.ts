import { type RawBuilder, sql } from "kysely";
import { type Ctx, memberOf } from "../../../kernel/context.ts";

// Who may see what inside of a workspace, said once, as conditions that every query of documents, folders and chats
// carries: a row that its reader may not see does not leave the database. An object is reached by its owner, by those
// it is shared with, and by whoever reaches the folder that it lies in: that folder's owner, those whom it is shared
// with, and so on up. No role reaches more. The queries name their tables as here: document, folder, chat.

export type Kind = "document" | "folder" | "chat";

/** Whose rights a query asks for. What binds an API key to a folder is added by the database (`kernel.is_in_reach_of_key`). */
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

/** The condition of seeing a row of this kind at all. What was deleted into the bin nobody sees. */
export const visibleTo = (kind: Kind, reach: Reach): RawBuilder<boolean> =>
  sql<boolean>`(${row[kind].alive} and ${reaches(kind, reach)})`;

/** The condition of having seen a document that lies in the bin now: whom a stream tells that it went away. */
export const sawBefore = (reach: Reach): RawBuilder<boolean> =>
  sql<boolean>`(document.deleted_at is not null and ${reaches("document", reach)})`;

function reaches(kind: Kind, reach: Reach): RawBuilder<boolean> {
  const { memberId, now } = reach;
  const { owner, place, ids } = row[kind];
  const ways = [
    sql`${owner} = ${memberId}`,
    ...(kind === "folder"
      ? []
      : [sql`exists (select from share where ${row[kind].shared} and ${speaksTo(memberId)})`]),
    ...(kind === "chat" ? [] : reachedFolder(place, memberId)),
    // The first condition does not depend on the row: who has opened nothing pays for it once.
    ...(reach.opened
      ? [
          sql`((select kernel.has_openings(${memberId}, ${now}))
               and kernel.opening_of(${ids.opening}, ${owner}, ${memberId}, ${now}) is not null)`,
        ]
      : []),
  ];
  return sql<boolean>`((${sql.join(ways, sql` or `)})
    and ((select kernel.current_key()) is null or kernel.is_in_reach_of_key(${place})))`;
}

/**
 * The same condition for one row that is looked up by its id, beside `sharing`: there, asking of that row is much less
 * work than preparing to ask of all. That the two agree is tested.
 */
export function isReached(kind: Kind, { memberId, now, opened }: Reach): RawBuilder<boolean> {
  const { owner, place, ids } = row[kind];
  const byOpening = opened
    ? sql`or kernel.opening_of(${ids.opening}, ${owner}, ${memberId}, ${now}) is not null`
    : sql``;
  return sql<boolean>`(${row[kind].alive} and (${owner} = ${memberId} or sharing.reached is not null ${byOpening})
    and (kernel.current_key() is null or kernel.is_in_reach_of_key(${place})))`;
}

/** "write" comes after "read" in the alphabet: of several, the greatest counts. */
export type Access = "read" | "write";

/**
 * For the rows that are shown, as a lateral join called `sharing`: the most that shares and enclosing folders give the
 * reader (`reached`; null where they only own the row or opened it), the part of it that comes from folders, and
 * whether others reach it at all.
 */
export const sharingOf = (kind: Kind, memberId: string) =>
  sql<{ reached: Access | null; inherited: Access | null; whole: boolean; shared: boolean }>`
    kernel.sharing_of(${row[kind].ids.sharing}, ${row[kind].owner}, ${memberId})`;

/** Everything that gives somebody access to a document: its shares, and those and the owners of the folders above. */
export const grantsOnDocument = (): RawBuilder<unknown> => sql`
  select share.access, share.member_id, share.group_id from share where ${row.document.shared}
  union all ${grantsIn(row.document.place)}`;

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
export const openingOf = (kind: Kind, { memberId, now, opened }: Reach) =>
  opened
    ? sql<string | null>`case when sharing.reached is null and ${row[kind].owner} <> ${memberId}
        then kernel.opening_of(${row[kind].ids.opening}, ${row[kind].owner}, ${memberId}, ${now}) end`
    : sql<string | null>`null::uuid`;

/**
 * The folder that a shown row lies in, beside `sharing`; null where its reader does not see that folder: they were
 * given the row alone, opened it alone, or use a key that is bound below.
 */
export const seenPlace = (kind: "document" | "folder", { memberId, now, opened }: Reach) => {
  const inside = kind === "document" ? sql`document.folder_id` : sql`folder.parent_id`;
  const byOpening = opened
    ? sql`else (select above.folder_id from folder above where above.folder_id = ${inside}
        and kernel.opening_of(null, null, above.folder_id, above.owner_id, ${memberId}, ${now}) is not null)`
    : sql``;
  return sql<string | null>`case when ${inside} is null then null
    when sharing.inherited is not null
      then case when kernel.current_key() is null or kernel.is_in_reach_of_key(${inside}) then ${inside} end
    ${byOpening} end`;
};

/** Whether the reader sees the folder that a document lies in. */
export const seesPlace = (reach: Reach) => sql<boolean>`(document.folder_id is not null
  and exists (select from folder where folder.folder_id = document.folder_id and ${visibleTo("folder", reach)}))`;

/** The same for a few rows that are shown: there, asking of each one's folder is much less work than preparing to ask of all. */
export const seesPlaceOfOne = (reach: Reach) => sql<boolean>`(document.folder_id is not null
  and exists (select from folder, lateral ${sharingOf("folder", reach.memberId)} sharing
                where folder.tenant_id = document.tenant_id and folder.folder_id = document.folder_id
                  and ${isReached("folder", reach)}))`;

// What the conditions need of a row of each kind: that it is not in the bin (what lies in a folder that is there, is
// there itself), whose it is, the folder that it lies in (a folder lies in itself),
// its shares, and what the database's functions are told of it.
const row = {
  document: {
    alive: sql`document.deleted_at is null`,
    owner: sql`document.owner_id`,
    place: sql`document.folder_id`,
    shared: sql`share.document_id = document.document_id`,
    ids: {
      sharing: sql`document.document_id, null, null, document.folder_id`,
      opening: sql`document.document_id, null, document.folder_id`,
    },
  },
  folder: {
    alive: sql`folder.deleted_at is null`,
    owner: sql`folder.owner_id`,
    place: sql`folder.folder_id`,
    ids: {
      sharing: sql`null, folder.folder_id, null, folder.folder_id`,
      opening: sql`null, null, folder.folder_id`,
    },
  },
  chat: {
    alive: sql`true`,
    owner: sql`chat.owner_id`,
    place: sql`null::uuid`,
    shared: sql`share.chat_id = chat.chat_id`,
    ids: {
      sharing: sql`null, null, chat.chat_id, null`,
      opening: sql`null, chat.chat_id, null`,
    },
  },
} as const;

const speaksTo = (memberId: string) => sql`(share.member_id = ${memberId}
  or (share.member_id is null and share.group_id is null)
  or share.group_id = any((select kernel.groups_of(${memberId}))::uuid[]))`;

// Each with one equation to the row: for a list the database then computes the folders that are reached once.
const reachedFolder = (place: RawBuilder<unknown>, memberId: string) => [
  sql`exists (select from folder_above up join share on share.tenant_id = up.tenant_id and share.folder_id = up.above_id
              where up.folder_id = ${place} and ${speaksTo(memberId)})`,
  sql`exists (select from folder_above up join folder holder on holder.tenant_id = up.tenant_id and holder.folder_id = up.above_id
              where up.folder_id = ${place} and holder.owner_id = ${memberId})`,
];
