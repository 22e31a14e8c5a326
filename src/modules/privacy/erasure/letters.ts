import { sql } from "kysely";
import { auditCell } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { once, read } from "../../../kernel/database/unit.ts";
import { openCell, type TenantTable, tenantTables } from "../sealed.ts";
import { namingWithin } from "./naming.ts";

const AT_ONCE = 500;

/** Deletes mails, notices and invitations that name somebody. They are found by opening each: nothing of a name is an index. */
export async function eraseLetters(ctx: Ctx, names: (text: string) => boolean): Promise<number> {
  const tables = await tenantTables(ctx);
  const lists: Record<string, string[]> = { mail: [], notice: [], invitation: [] };
  for (const [name, found] of Object.entries(lists)) {
    const table = tables.find((t) => t.name === name);
    if (!table) throw new Error(`there is no table ${name}`);
    for await (const id of rowsNaming(ctx, table, names)) found.push(id);
  }
  const { mail = [], notice = [], invitation = [] } = lists;
  if (mail.length + notice.length + invitation.length === 0) return 0;
  const [rows] = await once(
    ctx,
    sql<{ gone: string }>`
      select kernel.erase_letters(${mail}::uuid[], ${notice}::uuid[], ${invitation}::uuid[]) as gone`,
  );
  return Number(rows[0]?.gone ?? 0);
}

/** Rows of a table, by their key of one column, of which a sealed value names somebody. */
export async function* rowsNaming(
  ctx: Ctx,
  table: TenantTable,
  names: (text: string) => boolean,
): AsyncGenerator<string> {
  const keys = await keysOf(ctx);
  const [column = ""] = table.key;
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const [rows]: [readonly Record<string, unknown>[]] = await read(
      ctx,
      sql<Record<string, unknown>>`select * from ${sql.table(table.name)}
        where tenant_id = ${tenantOf(ctx).id} and ${sql.ref(column)} > ${after} order by ${sql.ref(column)} limit ${AT_ONCE}`,
    );
    for (const row of rows) {
      const told = table.columns.some(
        ({ name, binary }) => binary && names(openCell(keys, table, row, name) ?? ""),
      );
      if (told) yield String(row[column]);
    }
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE) return;
    after = String(last[column]);
  }
}

/** Empties log entries that somebody made, that are about them, or that name them. Answers how many. */
export async function eraseOwnEntries(
  ctx: Ctx,
  memberId: string,
  names: (text: string) => boolean,
): Promise<number> {
  const keys = await keysOf(ctx);
  let all = 0;
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const [rows]: [readonly EntryRow[]] = await read(
      ctx,
      sql<EntryRow>`select entry_id, event, actor_id, resource_id, content from audit.entry
        where tenant_id = ${tenantOf(ctx).id} and content is not null and entry_id > ${after}
        order by entry_id limit ${AT_ONCE}`,
    );
    const ids = rows.filter((row) => isAbout(keys, row, memberId, names)).map((row) => row.entry_id);
    if (ids.length > 0) {
      const [gone] = await once(ctx, sql<{ gone: string }>`select audit.erase(${ids}::uuid[]) as gone`);
      all += Number(gone[0]?.gone ?? 0);
    }
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE) return all;
    after = last.entry_id;
  }
}

interface EntryRow {
  readonly entry_id: string;
  readonly event: string;
  readonly actor_id: string | null;
  readonly resource_id: string | null;
  readonly content: Buffer;
}

function isAbout(
  keys: TenantKeys,
  row: EntryRow,
  memberId: string,
  names: (text: string) => boolean,
): boolean {
  // That somebody else had them erased names nobody.
  if (row.event === "member.erased" && row.actor_id !== memberId) return false;
  if (row.actor_id === memberId || row.resource_id === memberId) return true;
  const content: unknown = JSON.parse(keys.openText(auditCell(row.entry_id), row.content));
  return namingWithin((text) => text === memberId || names(text))(content);
}
