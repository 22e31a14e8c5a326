import { sql } from "kysely";
import { auditCell } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { sealedVersion } from "../../../kernel/crypto/tenant-keys.ts";
import { read } from "../../../kernel/database/unit.ts";
import { csvCell } from "../../operations/audit/formats.ts";
import { openCell, type TenantTable, tenantTables } from "../sealed.ts";
import { exported } from "./tables.ts";

const ROWS_AT_ONCE = 500;
type Row = Readonly<Record<string, unknown>>;

/** Tables that an export holds: all of them for a workspace, those with something of a person's own for a person. */
export async function exportedTables(ctx: Ctx, memberId: string | null): Promise<TenantTable[]> {
  const tables = await tenantTables(ctx);
  return tables.filter(({ name }) => {
    const rule = exported[name];
    return rule !== undefined && (memberId === null || rule.ofPerson !== undefined);
  });
}

/**
 * Rows of a table with everything sealed in them opened; of one person, when one is named. What is sealed and does not
 * open comes as null, and `unreadable` is told where it stands.
 */
export async function* openRows(
  ctx: Ctx,
  table: TenantTable,
  memberId: string | null,
  unreadable: (place: string) => void,
): AsyncGenerator<Record<string, unknown>> {
  const rule = exported[table.name];
  if (!rule) throw new Error(`${table.name} is not exported`);
  const keys = await keysOf(ctx);
  const order = sql.join(
    (table.key.length > 0 ? table.key : ["tenant_id"]).map((column) => sql.ref(`t.${column}`)),
  );
  const mine = memberId !== null && rule.ofPerson ? rule.ofPerson(memberId) : sql<boolean>`true`;
  for (let last: Row | null = null; ; ) {
    const after: ReturnType<typeof sql<boolean>> = last
      ? sql<boolean>`(${order}) > (${sql.join(table.key.map((column) => sql`${(last as Row)[column]}`))})`
      : sql<boolean>`true`;
    const [rows]: [readonly Row[]] = await read(
      ctx,
      sql<Row>`select t.* from ${sql.table(table.name)} t
        where t.tenant_id = ${tenantOf(ctx).id} and ${mine} and ${after} order by ${order} limit ${ROWS_AT_ONCE}`,
    );
    for (const row of rows) {
      const open: Record<string, unknown> = {};
      for (const { name, binary } of table.columns) {
        if (name === "tenant_id" || rule.without?.includes(name)) continue;
        const value = row[name];
        const text = openCell(keys, table, row, name);
        // A hash is shorter than anything that is sealed.
        if (text === null && Buffer.isBuffer(value) && sealedVersion(value) !== null)
          unreadable(`data/${table.name} ${name} ${table.key.map((column) => row[column]).join("/")}`);
        open[name] = binary ? parsed(text) : value;
      }
      yield open;
    }
    last = rows.at(-1) ?? null;
    if (rows.length < ROWS_AT_ONCE || table.key.length === 0) return;
  }
}

/** What is sealed as JSON comes as what it says. */
function parsed(text: string | null): unknown {
  if (text === null || !/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A JSON array, a row a line. */
export async function* asJson(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let first = true;
  for await (const row of rows) {
    yield `${first ? "[\n" : ",\n"}${JSON.stringify(row)}`;
    first = false;
  }
  yield first ? "[]\n" : "\n]\n";
}

/** RFC 4180, with a line of names. */
export async function* asCsv(columns: readonly string[], rows: AsyncIterable<Row>): AsyncGenerator<string> {
  yield `${columns.join(",")}\r\n`;
  for await (const row of rows) yield `${columns.map((column) => csvCell(said(row[column]))).join(",")}\r\n`;
}

function said(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function columnsOf(table: TenantTable): string[] {
  const without = exported[table.name]?.without ?? [];
  return table.columns
    .map(({ name }) => name)
    .filter((name) => name !== "tenant_id" && !without.includes(name));
}

/** Log entries that a person made, or that are about them. Where somebody else sat is not theirs to know. */
export async function* entriesAbout(ctx: Ctx, memberId: string): AsyncGenerator<Record<string, unknown>> {
  const keys = await keysOf(ctx);
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const [rows] = await read(
      ctx,
      sql<Row & { entry_id: string; content: Buffer | null; actor_id: string | null }>`
        select entry_id, at, actor_kind, actor_id, role, event, resource_type, resource_id, outcome, content
          from audit.entry
          where tenant_id = ${tenantOf(ctx).id} and entry_id > ${after}
            and (actor_id = ${memberId} or (resource_type = 'member' and resource_id = ${memberId}))
          order by entry_id limit ${ROWS_AT_ONCE}`,
    );
    for (const { content, ...row } of rows) {
      const said = content === null ? null : JSON.parse(keys.openText(auditCell(row.entry_id), content));
      if (said) delete said.salt;
      if (said && row.actor_id !== null && row.actor_id !== memberId) {
        delete said.ip;
        delete said.userAgent;
      }
      yield { ...row, content: said };
    }
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_AT_ONCE) return;
    after = last.entry_id;
  }
}
