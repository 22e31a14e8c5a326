import type pg from "pg";

/**
 * What a database still holds of a workspace, by table, as its catalog knows the tables: rows that name it in any column
 * of any type, so that one which calls the column otherwise is found, too. Left out is what stays on purpose: the row and
 * the entries that the audit log's tree points to, empty, and the report of the deletion.
 */
export async function rowsOf(client: pg.Client, tenantId: string): Promise<Record<string, number>> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' order by 1`,
  );
  const left: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from ${name} t where t::text like '%' || $1 || '%' and ${kept[name] ?? "true"}`,
      [tenantId],
    );
    if (rows[0]?.n) left[name] = rows[0].n;
  }
  return left;
}

/** Each with what must hold for it to count all the same. */
const kept: Readonly<Record<string, string>> = {
  tenant: "(state <> 'closed' or name <> '\\x')",
  "audit.entry": "content is not null",
  "audit.place": "false",
  "audit.staged": "false",
  "platform.closing": "done_at is null and kept_at is null",
};
