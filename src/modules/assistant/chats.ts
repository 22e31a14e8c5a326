import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import { record, redacted } from "../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../kernel/context.ts";
import type { TenantKeys } from "../../kernel/crypto/tenant-keys.ts";
import { db, type RowsOf } from "../../kernel/database/queries.ts";
import type { Tables } from "../../kernel/database/tables.ts";
import { read, readOne, unit, write } from "../../kernel/database/unit.ts";
import { appError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { type Page, type Place, pageOf } from "../../kernel/paging.ts";
import { allows } from "../../kernel/permissions.ts";
import { openName } from "../identity/members.ts";

export type Visibility = "private" | "tenant";

export interface ChatSummary {
  readonly id: string;
  /** null until the first question gives it one. */
  readonly title: string | null;
  readonly visibility: Visibility;
  readonly mine: boolean;
  readonly owner: { readonly id: string; readonly name: string };
  readonly updatedAt: string;
}

const titleCell = (id: string) => ({ table: "chat", column: "title", row: id });

/** Chats with their owners. Narrow it with `visibleTo`, or check the row, before anything is shown. */
const chatRows = () =>
  db
    .selectFrom("chat")
    .innerJoin("member", (on) =>
      on.onRef("member.tenant_id", "=", "chat.tenant_id").onRef("member.member_id", "=", "chat.owner_id"),
    )
    .selectAll("chat")
    .select(["member.name as owner_name", "member.status as owner_status"]);

export type ChatRow = RowsOf<ReturnType<typeof chatRows>>[number];

/** Own chats, and those shared with the whole workspace; no role sees more. */
export const visibleTo =
  (memberId: string) =>
  (where: ExpressionBuilder<Tables, "chat">): Expression<SqlBool> =>
    where.or([where("chat.owner_id", "=", memberId), where("chat.visibility", "=", "tenant")]);

/**
 * Loading is authorizing: another tenant's chat, or another member's private one, is `not_found`; one that the acting
 * member may read but not change is `forbidden` for "write", which also locks the row. "withdraw" is "write" for
 * unsharing and deleting: whoever may remove members may do it with what a removed one has shared. What a removed
 * member kept private stays closed to everybody.
 */
export async function loadChat(ctx: Ctx, id: string, to: "read" | "write" | "withdraw"): Promise<ChatRow> {
  const me = memberOf(ctx);
  const query = chatRows().where("chat.chat_id", "=", id);
  const row = await readOne(ctx, to === "read" ? query : query.forUpdate("chat"));
  if (!row || (row.owner_id !== me && row.visibility !== "tenant")) throw appError("not_found");
  const orphaned = row.owner_status === "removed";
  if (to === "withdraw" && orphaned && allows(standingOf(ctx), "member.remove")) return row;
  if (to !== "read" && row.owner_id !== me) {
    throw appError("forbidden", { message: "Only its owner can ask in this chat, change it or delete it." });
  }
  return row;
}

/** Chats that the acting member may read, the one last used first. */
export async function listChats(
  ctx: Ctx,
  { cursor, limit }: { cursor?: Place | undefined; limit: number },
): Promise<Page<ChatSummary>> {
  const me = memberOf(ctx);
  let query = chatRows()
    .where(visibleTo(me))
    .orderBy("chat.updated_at", "desc")
    .orderBy("chat.chat_id", "desc")
    .limit(limit + 1);
  if (cursor) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple("chat.updated_at", "chat.chat_id"), "<", tuple(cursor.at, cursor.id)),
    );
  }
  const [rows] = await read(ctx, query);
  const keys = await keysOf(ctx);
  return pageOf(
    rows,
    limit,
    (row) => ({ at: row.updated_at, id: row.chat_id }),
    (row) => chatSummary(keys, row, me),
  );
}

export function chatSummary(keys: TenantKeys, row: ChatRow, viewer: string): ChatSummary {
  return {
    id: row.chat_id,
    title: openTitle(keys, row) || null,
    visibility: row.visibility,
    mine: row.owner_id === viewer,
    owner: { id: row.owner_id, name: openName(keys, { member_id: row.owner_id, name: row.owner_name }) },
    updatedAt: row.updated_at.toISOString(),
  };
}

const openTitle = (keys: TenantKeys, row: { chat_id: string; title: Buffer }): string =>
  keys.openText(titleCell(row.chat_id), row.title);

/** Begins a chat of the acting member's own, private and without a title. */
export async function createChat(ctx: Ctx): Promise<{ id: string }> {
  return unit(ctx, async (inner) => {
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

/**
 * Renames a chat, or changes who may read it, or both. Sharing needs a permission of its own. Unsharing alone is open
 * to whoever may withdraw the chat (`loadChat`).
 */
export async function changeChat(
  ctx: Ctx,
  id: string,
  change: { title?: string | undefined; visibility?: Visibility | undefined },
): Promise<ChatSummary> {
  return unit(ctx, async (inner) => {
    const unshares = change.title === undefined && change.visibility === "private";
    const row = await loadChat(inner, id, unshares ? "withdraw" : "write");
    const keys = await keysOf(inner);
    const before = { title: openTitle(keys, row), visibility: row.visibility };
    const after = { title: change.title ?? before.title, visibility: change.visibility ?? before.visibility };
    if (after.visibility !== before.visibility && !allows(standingOf(inner), "chat.share"))
      throw appError("forbidden");
    const title = keys.seal(titleCell(id), after.title);
    await write(
      inner,
      db.updateTable("chat").set({ title, visibility: after.visibility }).where("chat_id", "=", id),
    );
    record(inner, {
      event: "chat.changed",
      resource: { type: "chat", id },
      changes: {
        ...(after.title === before.title ? {} : { title: [redacted, redacted] as const }),
        ...(after.visibility === before.visibility
          ? {}
          : { visibility: [before.visibility, after.visibility] as const }),
      },
    });
    return chatSummary(keys, { ...row, title, visibility: after.visibility }, memberOf(inner));
  });
}

/** Deletes a chat with its questions and answers. An answer that is being written ends. */
export async function deleteChat(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await loadChat(inner, id, "withdraw");
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

function beginningOf(question: string): string {
  const line = question.replace(/\s+/g, " ").trim();
  if (line.length <= LONGEST_TITLE) return line;
  const cut = line.slice(0, LONGEST_TITLE);
  const blank = cut.lastIndexOf(" ");
  return `${(blank > LONGEST_TITLE / 2 ? cut.slice(0, blank) : cut).replace(/[\ud800-\udbff]$/, "")}…`;
}
