import { sql } from "kysely";
import type { Ctx } from "../../kernel/context.ts";
import type { TenantKeys } from "../../kernel/crypto/tenant-keys.ts";
import { read } from "../../kernel/database/unit.ts";

/** A table that holds rows of tenants, as the database's catalog knows it. */
export interface TenantTable {
  readonly name: string;
  /** Without the tenant, in order. */
  readonly key: readonly string[];
  readonly columns: readonly { readonly name: string; readonly binary: boolean }[];
}

/** Every table with a tenant in it that the application may read, from the catalog: none is left out of a list here. */
export async function tenantTables(ctx: Ctx): Promise<TenantTable[]> {
  const [rows] = await read(
    ctx,
    sql<TenantTable>`
      select c.relname as name,
             (select json_agg(a.attname order by k.place)
                from unnest(i.indkey::int2[]) with ordinality as k (no, place)
                join pg_attribute a on a.attrelid = c.oid and a.attnum = k.no
                where a.attname <> 'tenant_id') as key,
             (select json_agg(json_build_object('name', a.attname, 'binary', a.atttypid = 'bytea'::regtype) order by a.attnum)
                from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
        join pg_index i on i.indrelid = c.oid and i.indisprimary
        join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'
        where c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'select')
        order by c.relname`,
  );
  return rows.map((row) => ({ ...row, key: row.key ?? [] }));
}

/**
 * What a sealed cell of a row says, or null for a value that is no sealed text (a hash, bytes). Cells are named by table,
 * column and the row's key.
 */
export function openCell(
  keys: TenantKeys,
  table: TenantTable,
  row: Readonly<Record<string, unknown>>,
  column: string,
): string | null {
  const value = row[column];
  if (!Buffer.isBuffer(value)) return null;
  const id = table.name === "tenant" ? keys.tenantId : table.key.map((k) => String(row[k])).join("/");
  try {
    return keys.openText({ table: table.name, column, row: id }, value);
  } catch {
    return null;
  }
}
