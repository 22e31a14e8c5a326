import { sql } from "kysely";
import { newApiKey } from "../../../kernel/api-keys.ts";
import { record } from "../../../kernel/audit.ts";
import { days, later } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { permissions } from "../../../kernel/permissions.ts";
import { openName } from "../members.ts";
import { notify } from "../notices/service.ts";
import { provedFactor } from "../sessions/service.ts";

/** So many keys that still work one member may have. */
const MOST = 50;

/** Which of some folders the caller sees, and what they are called: folders are another module's. */
export type FolderNames = (ctx: Ctx, ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export interface NewKey {
  readonly name: string;
  readonly permissions: readonly string[];
  /** null: all that its owner reaches. */
  readonly folder: string | null;
  /** In the form of `cidrOf`; empty: from anywhere. */
  readonly networks: readonly string[];
  readonly days: number;
}

export interface KeySummary {
  readonly id: string;
  readonly name: string;
  /** The key's first characters, by which its owner knows it again. */
  readonly prefix: string;
  readonly permissions: string[];
  /** `name` is null for a folder that the reader does not see. */
  readonly folder: { readonly id: string; readonly name: string | null } | null;
  readonly networks: string[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  readonly state: "active" | "expired" | "revoked";
  readonly owner: { readonly id: string; readonly name: string };
}

export const keyNameCell = (id: string) => ({ table: "api_key", column: "name", row: id });

/** What a key of the caller's can hold: what they hold and what keys can hold at all. */
export function mayHold(ctx: Ctx): string[] {
  const { permissions: mine } = standingOf(ctx);
  return permissions().flatMap((p) => (p.forKeys && mine.has(p.key) ? [p.key] : []));
}

/**
 * Makes a key for the caller. It is answered once and kept only as its hash. Throws `forbidden` for what the caller
 * may not give, `not_found` for a folder that they do not see, `quota`, `step_up_required`.
 */
export async function createKey(
  ctx: Ctx,
  folderNames: FolderNames,
  asked: NewKey,
): Promise<{ id: string; key: string; expiresAt: string }> {
  return unit(ctx, async (inner) => {
    const memberId = memberOf(inner);
    const scope = [...new Set(asked.permissions)].sort();
    const possible = new Set(mayHold(inner));
    if (!scope.every((key) => possible.has(key)))
      throw appError("forbidden", { message: "A key cannot hold more than you, or what keys never hold." });
    if (asked.folder !== null && !(await folderNames(inner, [asked.folder])).has(asked.folder))
      throw appError("not_found");
    const now = inner.clock();
    // One at a time for a member, so that the bound holds.
    const [, count] = await read(
      inner,
      sql`select 1 from member where member_id = ${memberId} for no key update`,
      sql<{ n: number }>`select count(*)::int as n from api_key
        where member_id = ${memberId} and revoked_at is null and expires_at > ${now}`,
    );
    // Looked at under the lock: keys end with the last factor, and none comes after it.
    if (!(await provedFactor(inner))) throw appError("step_up_required");
    if ((count[0]?.n ?? 0) >= MOST)
      throw appError("quota", { message: `You have ${MOST} keys. End one that is no longer used.` });
    const keys = await keysOf(inner);
    const id = newId();
    const made = newApiKey();
    const expiresAt = later(now, days(asked.days));
    await write(
      inner,
      db.insertInto("api_key").values({
        tenant_id: tenantOf(inner).id,
        key_id: id,
        member_id: memberId,
        name: keys.seal(keyNameCell(id), asked.name),
        prefix: made.prefix,
        key_hash: made.hash,
        permissions: scope,
        folder_id: asked.folder,
        networks: [...new Set(asked.networks)],
        created_at: now,
        expires_at: expiresAt,
      }),
    );
    record(inner, {
      event: "key.created",
      resource: { type: "key", id },
      changes: {
        name: [null, asked.name],
        permissions: [null, scope],
        ...(asked.folder === null ? {} : { folder: [null, asked.folder] as const }),
        networks: [null, asked.networks],
        expires: [null, expiresAt.toISOString()],
      },
    });
    await notify(inner, memberId, "key-created", { name: asked.name });
    return { id, key: made.key, expiresAt: expiresAt.toISOString() };
  });
}

/** The caller's own keys, or everybody's; those that work first, then newest first. */
export async function listKeys(
  ctx: Ctx,
  folderNames: FolderNames,
  whose: "own" | "all",
): Promise<KeySummary[]> {
  const all = db
    .selectFrom("api_key as k")
    .innerJoin("member as m", (on) =>
      on.onRef("m.tenant_id", "=", "k.tenant_id").onRef("m.member_id", "=", "k.member_id"),
    )
    .selectAll("k")
    .select("m.name as owner_name")
    .orderBy(sql`k.revoked_at is null`, "desc")
    .orderBy("k.created_at", "desc")
    .orderBy("k.key_id", "desc")
    .limit(whose === "own" ? 200 : 5000);
  const [rows] = await read(ctx, whose === "own" ? all.where("k.member_id", "=", memberOf(ctx)) : all);
  const folders = [...new Set(rows.flatMap((row) => row.folder_id ?? []))];
  const names = folders.length > 0 ? await folderNames(ctx, folders) : new Map<string, string>();
  const keys = await keysOf(ctx);
  const now = ctx.clock();
  return rows.map((row) => ({
    id: row.key_id,
    name: keys.openText(keyNameCell(row.key_id), row.name),
    prefix: row.prefix,
    permissions: row.permissions,
    folder: row.folder_id === null ? null : { id: row.folder_id, name: names.get(row.folder_id) ?? null },
    networks: row.networks,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    state: row.revoked_at ? "revoked" : row.expires_at <= now ? "expired" : "active",
    owner: { id: row.member_id, name: openName(keys, { member_id: row.member_id, name: row.owner_name }) },
  }));
}

/** Ends a key at once: one's own, or with `all` anybody's. Another's is not there. Throws `not_found`. */
export async function endKey(ctx: Ctx, id: string, whose: "own" | "all"): Promise<void> {
  await unit(ctx, async (inner) => {
    const asked = db
      .selectFrom("api_key")
      .select(["key_id", "name", "member_id"])
      .where("key_id", "=", id)
      .where("revoked_at", "is", null);
    const key = await readOne(
      inner,
      whose === "own" ? asked.where("member_id", "=", memberOf(inner)) : asked,
    );
    if (!key) throw appError("not_found");
    await write(inner, revoking(inner).where("key_id", "=", id));
    record(inner, {
      event: "key.ended",
      resource: { type: "key", id },
      changes: { name: [nameOf(await keysOf(inner), key), null] },
    });
  });
}

/**
 * Ends every key of a member, or those made since a moment: suspended or removed, a password reset, no second factor
 * left. Each is recorded. In the open unit of work.
 */
export async function endKeysOf(ctx: Ctx, memberId: string, since: Date | null = null): Promise<void> {
  const all = revoking(ctx).where("member_id", "=", memberId);
  const those = since === null ? all : all.where("created_at", ">=", since);
  const { rows } = await write(ctx, those.returning(["key_id", "name"]));
  const keys = await keysOf(ctx);
  for (const key of rows)
    record(ctx, {
      event: "key.ended",
      resource: { type: "key", id: key.key_id },
      changes: { name: [nameOf(keys, key), null] },
    });
}

const revoking = (ctx: Ctx) =>
  db.updateTable("api_key").set({ revoked_at: ctx.clock() }).where("revoked_at", "is", null);

const nameOf = (keys: TenantKeys, row: { key_id: string; name: Buffer }): string =>
  keys.openText(keyNameCell(row.key_id), row.name);
