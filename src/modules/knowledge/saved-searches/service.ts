import { sql } from "kysely";
import { record, redacted } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { type Page, type Place, pageOf } from "../../../kernel/paging.ts";
import type { Kind } from "../extraction/sniff.ts";
import { namesOfFolders } from "../folders/names.ts";

/** Of one member. */
export const MOST_SAVED_SEARCHES = 200;

export interface SearchFilters {
  readonly folder?: string | undefined;
  readonly kind?: Kind | undefined;
  readonly owner?: "mine" | "others" | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** What is sealed. */
interface Body {
  readonly name: string;
  readonly q: string;
  readonly filters: SearchFilters;
}

export interface SavedSearch extends Body {
  readonly id: string;
  readonly createdAt: string;
}

const bodyCell = (id: string) => ({ table: "saved_search", column: "body", row: id });

/** The acting member's own, the newest first. */
export async function listSavedSearches(
  ctx: Ctx,
  { cursor, limit }: { cursor?: Place | undefined; limit: number },
): Promise<Page<SavedSearch>> {
  let query = mine(ctx)
    .orderBy("created_at", "desc")
    .orderBy("search_id", "desc")
    .limit(limit + 1);
  if (cursor) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple("created_at", "search_id"), "<", tuple(cursor.at, cursor.id)),
    );
  }
  const [rows] = await read(ctx, query);
  const keys = await keysOf(ctx);
  return pageOf(
    rows,
    limit,
    (row) => ({ at: row.created_at, id: row.search_id }),
    (row) => view(keys, row),
  );
}

/** Keeps a search. Throws `quota`, and `not_found` for a folder that the acting member does not see. */
export async function saveSearch(ctx: Ctx, body: Body): Promise<SavedSearch> {
  return unit(ctx, async (inner) => {
    await checkFolder(inner, body.filters);
    await checkRoom(inner);
    const keys = await keysOf(inner);
    const row = {
      tenant_id: tenantOf(inner).id,
      search_id: newId(),
      member_id: memberOf(inner),
      created_at: inner.clock(),
    };
    const sealed = keys.seal(bodyCell(row.search_id), JSON.stringify(body));
    await write(inner, db.insertInto("saved_search").values({ ...row, body: sealed }));
    record(inner, {
      event: "saved-search.created",
      resource: { type: "saved-search", id: row.search_id },
      changes: { name: [null, redacted] },
    });
    return view(keys, { ...row, body: sealed });
  });
}

/** Changes what is given of a search. Throws `not_found` for one that is not the acting member's. */
export async function changeSavedSearch(
  ctx: Ctx,
  id: string,
  given: { [P in keyof Body]?: Body[P] | undefined },
): Promise<SavedSearch> {
  return unit(ctx, async (inner) => {
    const row = await loadSavedSearch(inner, id);
    if (given.filters) await checkFolder(inner, given.filters);
    const keys = await keysOf(inner);
    const before = view(keys, row);
    const { name = before.name, q = before.q, filters = before.filters } = given;
    const body = keys.seal(bodyCell(id), JSON.stringify({ name, q, filters } satisfies Body));
    await write(inner, db.updateTable("saved_search").set({ body }).where("search_id", "=", id));
    const changed = Object.keys(given).filter((key) => given[key as keyof Body] !== undefined);
    record(inner, {
      event: "saved-search.changed",
      resource: { type: "saved-search", id },
      changes: Object.fromEntries(changed.map((key) => [key, [redacted, redacted]])),
    });
    return view(keys, { ...row, body });
  });
}

/** Throws `not_found` for one that is not the acting member's. */
export async function deleteSavedSearch(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await loadSavedSearch(inner, id);
    await write(inner, db.deleteFrom("saved_search").where("search_id", "=", id));
    record(inner, {
      event: "saved-search.deleted",
      resource: { type: "saved-search", id },
      changes: { name: [redacted, null] },
    });
  });
}

const mine = (ctx: Ctx) => db.selectFrom("saved_search").where("member_id", "=", memberOf(ctx)).selectAll();

/** Loading is authorizing: anybody else's is `not_found`. The row is locked. */
async function loadSavedSearch(ctx: Ctx, id: string): Promise<Row> {
  const row = await readOne(ctx, mine(ctx).where("search_id", "=", id).forNoKeyUpdate());
  if (!row) throw appError("not_found");
  return row;
}

/** A filter names only what its member sees; what they no longer see later filters to nothing. */
async function checkFolder(ctx: Ctx, { folder }: SearchFilters): Promise<void> {
  if (folder !== undefined && !(await namesOfFolders(ctx, [folder])).has(folder)) throw appError("not_found");
}

async function checkRoom(ctx: Ctx): Promise<void> {
  // The lock lets one of a member's at a time pass: the last place is not given away twice.
  await read(
    ctx,
    db.selectFrom("member").where("member_id", "=", memberOf(ctx)).select("member_id").forNoKeyUpdate(),
  );
  const used = await readOne(
    ctx,
    sql<{ n: number }>`select count(*)::int as n from saved_search where member_id = ${memberOf(ctx)}`,
  );
  if ((used?.n ?? 0) >= MOST_SAVED_SEARCHES)
    throw appError("quota", {
      message: `You have saved ${MOST_SAVED_SEARCHES} searches. Delete some first.`,
    });
}

interface Row {
  readonly search_id: string;
  readonly body: Buffer;
  readonly created_at: Date;
}

const view = (keys: TenantKeys, row: Row): SavedSearch => ({
  id: row.search_id,
  ...(JSON.parse(keys.openText(bodyCell(row.search_id), row.body)) as Body),
  createdAt: row.created_at.toISOString(),
});
