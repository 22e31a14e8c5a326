import { sql } from "kysely";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { type Cell, type TenantKeys, tenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { read } from "../../../kernel/database/unit.ts";

// What is sealed in the database. Nobody keeps a list of it: the catalog names the columns of bytes, and the first bytes
// of a value say whether it is sealed. What is listed here is only where a value's cell is not named like its column.

/** A column that holds something sealed. */
export interface SealedColumn {
  /** `public.message`, as the database writes it. */
  readonly place: string;
  readonly column: string;
}

/** How values of one column open and are sealed again. */
export interface Sealer {
  /** The cell of the row with this key (below the tenant). */
  cell(key: readonly string[]): Cell;
  open(cell: Cell, sealed: Buffer): Buffer;
  seal(cell: Cell, plain: Buffer): Buffer;
}

/** Nobody may write it again, so that it stays under the key that it was written with. */
export const UNCHANGEABLE: SealedColumn = { place: "audit.entry", column: "content" };

export const isUnchangeable = ({ place, column }: SealedColumn): boolean =>
  place === UNCHANGEABLE.place && column === UNCHANGEABLE.column;

/** How many values name which version of the data key. */
export interface SealedCount extends SealedColumn {
  readonly version: number;
  readonly values: number;
}

/** Every sealed value of the tenant, counted by column and version; read from the catalog, and from the values. */
export async function countSealed(ctx: Ctx): Promise<SealedCount[]> {
  const [rows] = await read(
    ctx,
    sql<{
      place: string;
      in_column: string;
      version: string;
      n: string;
    }>`select * from kernel.sealed_versions()`,
  );
  return rows.map((row) => ({
    place: row.place,
    column: row.in_column,
    version: Number(row.version),
    values: Number(row.n),
  }));
}

export interface SealedValue {
  readonly key: readonly string[];
  readonly sealed: Buffer;
}

/** The next values of a column after `after`, whichever version they name. */
export async function sealedValues(
  ctx: Ctx,
  { place, column }: SealedColumn,
  after: readonly string[] | null,
  limit: number,
): Promise<SealedValue[]> {
  const [rows] = await read(
    ctx,
    sql<{ row_key: string[]; sealed: Buffer }>`
      select * from kernel.sealed_values(${place}, ${column}, ${after}::text[], ${limit})`,
  );
  return rows.map(({ row_key, sealed }) => ({ key: row_key, sealed }));
}

/** The cell of a column is named like it, and its row like the table's key. */
export async function sealerOf(ctx: Ctx, keys: TenantKeys, { place, column }: SealedColumn): Promise<Sealer> {
  const { id } = tenantOf(ctx);
  const [, table = place] = /\.(.+)$/.exec(place) ?? [];
  if (table === "index_posting" || table === "index_segment") return indexSealer(ctx, keys, table, column);
  const isAudit = isUnchangeable({ place, column });
  return {
    cell: (key) => ({
      table: isAudit ? "audit_entry" : table,
      column,
      row: key.length === 0 ? id : key.join("/"),
    }),
    open: (cell, sealed) => keys.open(cell, sealed),
    seal: (cell, plain) => keys.seal(cell, plain),
  };
}

/** Rows of the search index are sealed with its own keys, and named by their segment's id and not by its number. */
async function indexSealer(ctx: Ctx, keys: TenantKeys, table: string, column: string): Promise<Sealer> {
  const [rows] = await read(
    ctx,
    sql<{ no: string; id: string }>`select segment_no::text as no, segment_id::text as id from index_segment`,
  );
  const ids = new Map(rows.map(({ no, id }) => [no, id]));
  // The same keys as in knowledge/index/keys.ts, which this module does not import: it would close a circle.
  const { hash, data } = keys.purposeKeys("knowledge.index");
  const index = tenantKeys(keys.tenantId, data, undefined, undefined, { hashKey: hash });
  return {
    cell: ([no = "", term]) => {
      const segment = ids.get(no) ?? "";
      return { table, column, row: term === undefined ? segment : `${segment}/${term.replace(/^\\x/, "")}` };
    },
    open: (cell, sealed) => index.open(cell, sealed),
    seal: (cell, plain) => index.seal(cell, plain),
  };
}
