import { sql } from "kysely";
import type { z } from "zod";
import { type AuditContent, auditCell } from "../../../kernel/audit.ts";
import { type Ctx, keysOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { Id } from "../../../kernel/ids.ts";
import { keyNameCell } from "../../identity/keys/service.ts";
import { openName } from "../../identity/members.ts";
import type { AuditItem } from "./shape.ts";

type Item = z.infer<typeof AuditItem>;

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly event?: string | undefined;
  /** A kind of thing, such as `document`, or one thing's id. */
  readonly resource?: string | undefined;
  readonly since?: Date | undefined;
  /** Without this moment. */
  readonly until?: Date | undefined;
  /** The `next` of the page before. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const entries = () =>
  db
    .selectFrom("audit.entry as e")
    .leftJoin("member as m", (on) =>
      on.onRef("m.tenant_id", "=", "e.tenant_id").onRef("m.member_id", "=", "e.actor_id"),
    )
    .leftJoin("api_key as k", (on) =>
      on.onRef("k.tenant_id", "=", "e.tenant_id").onRef("k.key_id", "=", "e.key_id"),
    )
    .leftJoin("audit.place as p", (on) =>
      on.onRef("p.tenant_id", "=", "e.tenant_id").onRef("p.entry_id", "=", "e.entry_id"),
    )
    .select(["k.key_id", "k.name as key_name"])
    // By its number, and not by its time: that is a claim of the old installation, too.
    .select(
      sql<boolean>`coalesce(p.number < (select max(ip.number) from audit.entry i
          join audit.place ip on ip.tenant_id = i.tenant_id and ip.entry_id = i.entry_id
          where i.tenant_id = e.tenant_id and i.event = 'tenant.imported'), false)`.as("brought"),
    )
    .select(["e.entry_id", "e.at", "e.actor_kind", "e.actor_id", "e.role", "e.event", "e.resource_type"])
    .select(["e.resource_id", "e.outcome", "e.content", "m.member_id", "m.name"])
    .orderBy("e.at", "desc")
    .orderBy("e.entry_id", "desc");

/** The workspace's audit log, newest first. */
export async function listEntries(
  ctx: Ctx,
  filter: AuditFilter,
): Promise<{ items: Item[]; next: string | null }> {
  let query = entries().limit(filter.limit + 1);
  if (filter.actor) query = query.where("e.actor_id", "=", filter.actor);
  if (filter.event) query = query.where("e.event", "like", `${filter.event.replace(/[%_\\]/g, "\\$&")}%`);
  if (filter.resource)
    query = Id.safeParse(filter.resource).success
      ? query.where("e.resource_id", "=", filter.resource)
      : query.where("e.resource_type", "=", filter.resource);
  if (filter.since) query = query.where("e.at", ">=", filter.since);
  if (filter.until) query = query.where("e.at", "<", filter.until);
  if (filter.cursor) {
    const { at, id } = readCursor(filter.cursor);
    query = query.where((on) =>
      on.or([on("e.at", "<", at), on.and([on("e.at", "=", at), on("e.entry_id", "<", id)])]),
    );
  }
  const [rows] = await read(ctx, query);
  const page = rows.slice(0, filter.limit);
  const last = page.at(-1);
  const keys = await keysOf(ctx);
  return {
    items: page.map((row) => itemOf(keys, row)),
    next: rows.length > page.length && last ? `${last.at.toISOString()}_${last.entry_id}` : null,
  };
}

/** All of them, newest first, page by page; each page asks anew whether its reader may go on. */
export async function* allEntries(
  ctx: Ctx,
  filter: Omit<AuditFilter, "cursor" | "limit">,
): AsyncGenerator<Item> {
  for (let cursor: string | undefined; ; ) {
    const again: Ctx = { ...ctx, tx: null, standing: { current: null } };
    const { items, next } = await listEntries(again, { ...filter, cursor, limit: 500 });
    yield* items;
    if (!next) return;
    cursor = next;
  }
}

const OF_ACCOUNTS = ["session", "account", "member", "factor", "key"];

/** Events of the acting member's account, newest first; failed attempts on it among them. */
export async function listOwnEvents(ctx: Ctx): Promise<Item[]> {
  if (ctx.actor.kind !== "member") throw appError("not_signed_in");
  const { memberId } = ctx.actor;
  const [rows] = await read(
    ctx,
    entries()
      .where((on) =>
        on.or([
          on("e.actor_id", "=", memberId),
          on.and([on("e.resource_type", "=", "member"), on("e.resource_id", "=", memberId)]),
        ]),
      )
      .where((on) => on.or(OF_ACCOUNTS.map((group) => on("e.event", "like", `${group}.%`))))
      .where("e.event", "<>", "session.refreshed")
      .limit(100),
  );
  const keys = await keysOf(ctx);
  return rows.map((row) => {
    const item = itemOf(keys, row);
    // Where an admin sits, and with which browser, is theirs to know.
    return row.actor_id === null || row.actor_id === memberId ? item : { ...item, ip: null, userAgent: null };
  });
}

type Row = {
  entry_id: string;
  at: Date;
  actor_kind: string;
  actor_id: string | null;
  role: string | null;
  event: string;
  resource_type: string;
  resource_id: string | null;
  outcome: "done" | "refused";
  content: Buffer | null;
  member_id: string | null;
  name: Buffer | null;
  key_id: string | null;
  key_name: Buffer | null;
  brought: boolean;
};

function itemOf(keys: TenantKeys, row: Row): Item {
  const content = row.content
    ? (JSON.parse(keys.openText(auditCell(row.entry_id), row.content)) as AuditContent)
    : null;
  return {
    id: row.entry_id,
    at: row.at.toISOString(),
    actor: {
      kind: row.actor_kind,
      id: row.actor_id,
      name: row.member_id && row.name ? openName(keys, { member_id: row.member_id, name: row.name }) : null,
      role: row.role,
      // A program acted for its owner, who is named above.
      key:
        row.key_id && row.key_name
          ? { id: row.key_id, name: keys.openText(keyNameCell(row.key_id), row.key_name) }
          : null,
    },
    event: row.event,
    resource: { type: row.resource_type, id: row.resource_id },
    outcome: row.outcome,
    method: content?.method ?? null,
    ip: content?.ip ?? null,
    userAgent: content?.userAgent ?? null,
    changes: Object.fromEntries(
      Object.entries(content?.changes ?? {}).map(([field, [old, now]]) => [
        field,
        [old ?? null, now ?? null],
      ]),
    ),
    brought: row.brought,
  };
}

function readCursor(cursor: string): { at: Date; id: string } {
  const [, at, id] =
    /^((?!0000)\d{4}-\d\d-\d\dT[\d:.]+Z)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? [];
  if (!at || !id || Number.isNaN(Date.parse(at)))
    throw appError("bad_request", { message: "The cursor is not one of ours." });
  return { at: new Date(at), id };
}
