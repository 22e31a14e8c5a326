import { randomUUID } from "node:crypto";
import type pg from "pg";
import { backupFailure } from "../backup/failure.ts";
import { endRights } from "../backup/rights.ts";
import { quoted, type Table } from "../backup/tables.ts";
import { requirePossible } from "./values.ts";

// What came in an archive lies in a scratch database by now. Whoever made the archive owns the workspace in it, and may do
// with that as they like; what is looked at here is that it can be nothing else, and touch nothing else.

/**
 * Throws `damaged` unless the rows are those of one whole customer's workspace. Constraints of values have been asked
 * already, by the database that took the rows in; references have not, since it took them in any order. With `taken`, when
 * the archive was made, values are looked at, too: it comes from elsewhere.
 */
export async function requireWhole(
  from: pg.Client,
  tables: readonly Table[],
  { id, slug, taken }: { readonly id: string; readonly slug: string; readonly taken?: string },
): Promise<void> {
  const { rows: tenants } = await from.query<{ id: string; kind: string; state: string }>(
    "select tenant_id as id, kind, state from public.tenant",
  );
  const [tenant] = tenants;
  if (tenants.length !== 1 || tenant?.id !== id)
    throw backupFailure("damaged", "This archive lacks its workspace.");
  if (tenant.kind !== "customer")
    throw backupFailure(
      "damaged",
      "This is no customer's workspace: an operator's own and canaries do not move.",
    );
  if (tenant.state !== "active" && tenant.state !== "closing")
    throw backupFailure("damaged", "This workspace is being deleted.");
  const { rows: slugs } = await from.query<{ slug: string }>("select slug from directory.tenant_slug");
  if (slugs.length !== 1 || slugs[0]?.slug !== slug)
    throw backupFailure("damaged", "This archive names its workspace in two ways.");
  if (taken !== undefined) await requirePossible(from, tables, taken);
  for (const reference of await referencesOf(from, tables)) {
    const { rows } = await from.query<{ dangling: boolean }>(reference.sql);
    if (rows[0]?.dangling !== false)
      throw backupFailure("damaged", `In this archive ${reference.name} leads nowhere.`);
  }
}

/** Every foreign key between tables of these, as a question whether something leads nowhere. */
async function referencesOf(
  from: pg.Client,
  tables: readonly Table[],
): Promise<{ name: string; sql: string }[]> {
  const { rows } = await from.query<{
    child: string;
    parent: string;
    name: string;
    source: string[];
    target: string[];
  }>(
    `select cn.nspname || '.' || c.relname as child, pn.nspname || '.' || p.relname as parent, k.conname as name,
            array(select a.attname from unnest(k.conkey) with ordinality u(n, i) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by i)::text[] as source,
            array(select a.attname from unnest(k.confkey) with ordinality u(n, i) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by i)::text[] as target
       from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace cn on cn.oid = c.relnamespace
       join pg_class p on p.oid = k.confrelid join pg_namespace pn on pn.oid = p.relnamespace
       where k.contype = 'f'`,
  );
  const here = new Set(tables.map(({ name }) => name));
  return rows
    .filter(({ child, parent }) => here.has(child) && here.has(parent))
    .map(({ child, parent, name, source, target }) => {
      const given = source.map((column) => `c.${quoted(column)} is not null`).join(" and ");
      const same = source
        .map((column, i) => `p.${quoted(target[i] ?? "")} = c.${quoted(column)}`)
        .join(" and ");
      return {
        name,
        sql: `select exists (select from ${quoted(child)} c where ${given}
                and not exists (select from ${quoted(parent)} p where ${same})) as dangling`,
      };
    });
}

/**
 * Ends what belonged to the old place: whatever lets somebody in beside a password and a second factor, leases, answers
 * that a job of the old place was writing, and what its operator had allowed it.
 */
export async function tidyArrival(from: pg.Client, tenantId: string): Promise<void> {
  await from.query("begin");
  await endRights(from);
  await from.query(
    `update public.tenant set state = 'active', closing_at = null, purge_after = null,
            quota_documents = null, quota_bytes = null`,
  );
  await from.query("update public.message set state = 'failed' where state = 'working'");
  await from.query("update public.index_manifest set holder = null, held_until = null");
  await from.query("delete from public.visibility_epoch");
  await from.query("insert into public.visibility_epoch (tenant_id, epoch) values ($1, $2)", [
    tenantId,
    randomUUID(),
  ]);
  await from.query("commit");
}
