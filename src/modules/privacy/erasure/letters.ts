import { sql } from "kysely";
import { auditCell } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { once, read } from "../../../kernel/database/unit.ts";
import { openCell, type TenantTable, tenantTables } from "../sealed.ts";
import { addressedTo, holdsValue } from "./naming.ts";

const AT_ONCE = 500;

/**
 * Deletes mails to somebody, invitations of them, and notices that hold their address. They are found by opening each:
 * nothing of an address is an index.
 */
export async function eraseLetters(ctx: Ctx, addresses: readonly string[]): Promise<number> {
  const keys = await keysOf(ctx);
  const is = addressedTo(addresses);
  const tables = await tenantTables(ctx);
  const found = async (name: keyof typeof letters, column: string) => {
    const table = tables.find((t) => t.name === name);
    if (!table) throw new Error(`there is no table ${name}`);
    const ids: string[] = [];
    for await (const row of rowsOf(ctx, name, table))
      if (holdsValue(is)(parsed(openCell(keys, table, row, column))))
        ids.push(String(row[table.key[0] ?? ""]));
    return ids;
  };
  const mail = await found("mail", "recipient");
  const notice = await found("notice", "facts");
  const invitation = await found("invitation", "address");
  if (mail.length + notice.length + invitation.length === 0) return 0;
  const [rows] = await once(
    ctx,
    sql<{ gone: string }>`
      select kernel.erase_letters(${mail}::uuid[], ${notice}::uuid[], ${invitation}::uuid[]) as gone`,
  );
  return Number(rows[0]?.gone ?? 0);
}

type Row = Readonly<Record<string, unknown>>;

// The next rows behind a key.
const letters = {
  mail: (tenantId: string, after: string) =>
    sql<Row>`select * from mail where tenant_id = ${tenantId} and mail_id > ${after} order by mail_id limit ${AT_ONCE}`,
  notice: (tenantId: string, after: string) =>
    sql<Row>`select * from notice where tenant_id = ${tenantId} and notice_id > ${after} order by notice_id limit ${AT_ONCE}`,
  invitation: (tenantId: string, after: string) =>
    sql<Row>`select * from invitation
      where tenant_id = ${tenantId} and invitation_id > ${after} order by invitation_id limit ${AT_ONCE}`,
};

async function* rowsOf(ctx: Ctx, name: keyof typeof letters, table: TenantTable): AsyncGenerator<Row> {
  const [column = ""] = table.key;
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const [rows]: [readonly Row[]] = await read(ctx, letters[name](tenantOf(ctx).id, after));
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE) return;
    after = String(last[column]);
  }
}

/**
 * Empties log entries of what somebody did, of what was done to them, and of others' that hold their address as a value;
 * each of these last is named in the log by the database. Answers how many do not open, so that nobody knows whether they
 * hold it: those stay.
 */
export async function eraseOwnEntries(
  ctx: Ctx,
  erasureId: string,
  memberId: string,
  addresses: readonly string[],
): Promise<number> {
  const keys = await keysOf(ctx);
  const names = holdsValue(addressedTo(addresses));
  let closed = 0;
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const [rows]: [readonly EntryRow[]] = await read(
      ctx,
      sql<EntryRow>`select entry_id, event, actor_id, resource_type, resource_id, content from audit.entry
        where tenant_id = ${tenantOf(ctx).id} and content is not null and entry_id > ${after}
        order by entry_id limit ${AT_ONCE}`,
    );
    const [own, named]: [string[], string[]] = [[], []];
    for (const row of rows) {
      const of = concerns(keys, row, memberId, names);
      if (of === "closed") closed++;
      else if (of) (of === "own" ? own : named).push(row.entry_id);
    }
    if (own.length > 0) await once(ctx, sql`select audit.erase(${own}::uuid[])`);
    if (named.length > 0) await once(ctx, sql`select audit.erase_named(${erasureId}, ${named}::uuid[])`);
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE) return closed;
    after = last.entry_id;
  }
}

interface EntryRow {
  readonly entry_id: string;
  readonly event: string;
  readonly actor_id: string | null;
  readonly resource_type: string;
  readonly resource_id: string | null;
  readonly content: Buffer;
}

function concerns(
  keys: TenantKeys,
  row: EntryRow,
  memberId: string,
  names: (json: unknown) => boolean,
): "own" | "named" | "closed" | null {
  // That somebody else had them erased names nobody.
  if (row.event === "member.erased" && row.actor_id !== memberId) return null;
  if (row.actor_id === memberId || (row.resource_type === "member" && row.resource_id === memberId))
    return "own";
  try {
    const content = JSON.parse(keys.openText(auditCell(row.entry_id), row.content)) as { changes?: unknown };
    return names(content.changes) ? "named" : null;
  } catch {
    return "closed";
  }
}

/** A text that is no JSON stands for itself. */
function parsed(text: string | null): unknown {
  if (text === null || !/^[[{"]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
