import { sql } from "kysely";
import { auditCell } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { read } from "../../../kernel/database/unit.ts";
import { openCell, tenantTables } from "../sealed.ts";

/**
 * Where anything of somebody is still found in a workspace: every row of every table that the catalog knows, with all
 * that is sealed in it opened with the workspace's own keys, and every log entry. Answers `table.column`, once each.
 */
export async function tracesOf(ctx: Ctx, isTrace: (text: string) => boolean): Promise<string[]> {
  const keys = await keysOf(ctx);
  const found = new Set<string>();
  for (const table of await tenantTables(ctx)) {
    const [rows]: [readonly Record<string, unknown>[]] = await read(
      ctx,
      sql<
        Record<string, unknown>
      >`select * from ${sql.table(table.name)} where tenant_id = ${tenantOf(ctx).id}`,
    );
    for (const row of rows)
      for (const { name } of table.columns) {
        const text = openCell(keys, table, row, name) ?? JSON.stringify(row[name]) ?? "";
        if (isTrace(text)) found.add(`${table.name}.${name}`);
      }
  }
  const [entries] = await read(
    ctx,
    sql<{ entry_id: string; content: Buffer | null }>`select entry_id, content from audit.entry
      where tenant_id = ${tenantOf(ctx).id} and content is not null`,
  );
  for (const { entry_id, content } of entries)
    if (content && isTrace(keys.openText(auditCell(entry_id), content))) found.add("audit.entry.content");
  return [...found].sort();
}
