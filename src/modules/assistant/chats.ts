import { record, redacted } from "../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../kernel/context.ts";
import type { TenantKeys } from "../../kernel/crypto/tenant-keys.ts";
import { db, type RowsOf } from "../../kernel/database/queries.ts";
import { read, unit, write } from "../../kernel/database/unit.ts";
import { appError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { type Page, type Place, pageOf } from "../../kernel/paging.ts";
import { openName } from "../identity/members.ts";
import {
  isReached,
  openingOf,
  type Reach,
  reachWithOpened,
  sharingOf,
  visibleTo,
} from "../knowledge/sharing/reach.ts";
import {
  type AccessView,
  accessOf,
  demandAccess,
  type Visibility,
  visibilityOf,
} from "../knowledge/sharing/view.ts";
import { settleOpened } from "../tenancy/openings/reading.ts";

export interface ChatSummary {
  readonly id: string;
  /** null until the first question gives it one. */
  readonly title: string | null;
  readonly visibility: Visibility;
  readonly access: AccessView;
  readonly mine: boolean;
  readonly owner: { readonly id: string; readonly name: string };
  readonly updatedAt: string;
}

export const titleCell = (id: string) => ({ table: "chat", column: "title", row: id });

const allChats = () => db.selectFrom("chat").selectAll("chat");
type Chats = ReturnType<typeof allChats>;

/** Chats with their owners, and what `reach` makes of them. `pick` narrows them, with `visibleTo`. */
const chatRows = (reach: Reach, pick: (chats: Chats) => Chats) =>
  db
    .selectFrom(pick(allChats()).as("chat"))
    .innerJoin("member", (on) =>
      on.onRef("member.tenant_id", "=", "chat.tenant_id").onRef("member.member_id", "=", "chat.owner_id"),
    )
    .innerJoinLateral(sharingOf("chat", reach.memberId).as("sharing"), (on) => on.onTrue())
    .selectAll("chat")
    .select(["member.name as owner_name", "sharing.reached", "sharing.whole", "sharing.shared"])
    .select(openingOf("chat", reach).as("opening"));

export type ChatRow = RowsOf<ReturnType<typeof chatRows>>[number];

/**
 * Loading is authorizing: another tenant's chat, or one that the acting member does not reach, is `not_found`; one that
 * they may read but not change is `forbidden` for "write", one of somebody else for "own". Both lock the row.
 */
export async function loadChat(ctx: Ctx, id: string, to: "read" | "write" | "own"): Promise<ChatRow> {
  const reach = reachWithOpened(ctx);
  const load = chatRows(reach, (chats) => chats.where("chat.chat_id", "=", id)).where(
    isReached("chat", reach),
  );
  // Rights are looked at behind the lock, by a statement of its own.
  if (to !== "read")
    await read(ctx, db.selectFrom("chat").where("chat_id", "=", id).select("chat_id").forUpdate());
  const [rows] = await read(ctx, load);
  const [row] = await settleOpened(ctx, "chat", rows, (found) => found.chat_id);
  if (!row) throw appError("not_found");
  demandAccess(row, memberOf(ctx), to);
  return row;
}

/** Chats that the acting member may read, the one last used first. */
export async function listChats(
  ctx: Ctx,
  { cursor, limit }: { cursor?: Place | undefined; limit: number },
): Promise<Page<ChatSummary>> {
  const me = memberOf(ctx);
  const reach = reachWithOpened(ctx);
  const pick = (chats: Chats): Chats => {
    const newest = chats
      .where(visibleTo("chat", reach))
      .orderBy("chat.updated_at", "desc")
      .orderBy("chat.chat_id", "desc")
      .limit(limit + 1);
    if (!cursor) return newest;
    return newest.where(({ eb, refTuple, tuple }) =>
      eb(refTuple("chat.updated_at", "chat.chat_id"), "<", tuple(cursor.at, cursor.id)),
    );
  };
  const [rows] = await read(
    ctx,
    chatRows(reach, pick).orderBy("chat.updated_at", "desc").orderBy("chat.chat_id", "desc"),
  );
  const keys = await keysOf(ctx);
  return pageOf(
    await settleOpened(ctx, "chat", rows, (row) => row.chat_id),
    limit,
    (row) => ({ at: row.updated_at, id: row.chat_id }),
    (row) => chatSummary(keys, row, me),
  );
}

export function chatSummary(keys: TenantKeys, row: ChatRow, viewer: string): ChatSummary {
  return {
    id: row.chat_id,
    title: openTitle(keys, row) || null,
    visibility: visibilityOf(row),
    access: accessOf(row, viewer),
    mine: row.owner_id === viewer,
    owner: { id: row.owner_id, name: openName(keys, { member_id: row.owner_id, name: row.owner_name }) },
    updatedAt: row.updated_at.toISOString(),
  };
}

export const openTitle = (keys: TenantKeys, row: { chat_id: string; title: Buffer }): string =>
  keys.openText(titleCell(row.chat_id), row.title);

/** Begins a chat of the acting member's own, private and without a title. */
export async function createChat(ctx: Ctx): Promise<{ id: string }> {
  return unit(ctx, async (inner) => {
    // A key that is bound to a folder has no chats: it could not see this one.
    if (standingOf(inner).folderId !== null) throw appError("forbidden");
    const keys = await keysOf(inner);
    const id = newId();
    const now = inner.clock();
    await write(
      inner,
      db.insertInto("chat").values({
        tenant_id: tenantOf(inner).id,
        chat_id: id,
        owner_id: standingOf(inner).memberId,
        title: keys.seal(titleCell(id), ""),
        created_at: now,
        updated_at: now,
      }),
    );
    record(inner, { event: "chat.created", resource: { type: "chat", id } });
    return { id };
  });
}

/** Renames a chat. */
export async function renameChat(ctx: Ctx, id: string, given: string): Promise<ChatSummary> {
  return unit(ctx, async (inner) => {
    const row = await loadChat(inner, id, "write");
    const keys = await keysOf(inner);
    const title = keys.seal(titleCell(id), given);
    await write(inner, db.updateTable("chat").set({ title }).where("chat_id", "=", id));
    record(inner, {
      event: "chat.changed",
      resource: { type: "chat", id },
      changes: openTitle(keys, row) === given ? {} : { title: [redacted, redacted] },
    });
    return chatSummary(keys, { ...row, title }, memberOf(inner));
  });
}

/** Deletes a chat with its questions and answers. An answer that is being written ends. */
export async function deleteChat(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await loadChat(inner, id, "own");
    await write(inner, db.deleteFrom("chat").where("chat_id", "=", id));
    record(inner, {
      event: "chat.deleted",
      resource: { type: "chat", id },
      changes: { title: [redacted, null] },
    });
  });
}

const LONGEST_TITLE = 60;

/** Notes that a chat was used, in the open unit of work; one without a title gets the question's beginning. */
export async function touchChat(ctx: Ctx, row: ChatRow, question: string): Promise<void> {
  const keys = await keysOf(ctx);
  const title = openTitle(keys, row) || beginningOf(question);
  await write(
    ctx,
    db
      .updateTable("chat")
      .set({ title: keys.seal(titleCell(row.chat_id), title), updated_at: ctx.clock() })
      .where("chat_id", "=", row.chat_id),
  );
}

export function beginningOf(question: string): string {
  const line = question.replace(/\s+/g, " ").trim();
  if (line.length <= LONGEST_TITLE) return line;
  const cut = line.slice(0, LONGEST_TITLE);
  const blank = cut.lastIndexOf(" ");
  return `${(blank > LONGEST_TITLE / 2 ? cut.slice(0, blank) : cut).replace(/[\ud800-\udbff]$/, "")}…`;
}
