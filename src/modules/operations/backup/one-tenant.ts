import { backupFailure } from "./failure.ts";
import type { Table } from "./tables.ts";

// The rows of one tenant among those of an archive: chosen while they go by, so that no other's are ever written.

export interface OnlyTenant {
  readonly id: string;
  /** What is done with another tenant's row: a backup of everything has them, an archive of one tenant must not. */
  readonly others: "leave" | "refuse";
  /** Gets the names of stored files that the tenant's rows name. */
  readonly files?: Set<string>;
}

/** What belongs to a moment or to an installation, and not to a workspace: it does not come along. */
const STAYS: readonly string[] = [
  "public.session",
  "public.mail",
  "public.mailed_link",
  "public.factor_ticket",
  "public.challenge_used",
  "public.upload",
  "public.upload_piece",
  "public.export",
  "public.export_part",
  "public.operator_tenant",
];

const BESIDE: readonly string[] = ["audit.entry", "audit.place", "audit.staged", "directory.tenant_slug"];

/** Those of which a tenant's rows go with it. A new table of tenants goes, too, until somebody says otherwise. */
export const tablesOfTenant = (tables: readonly Table[]): Table[] =>
  tables.filter(
    ({ name, columns }) =>
      BESIDE.includes(name) ||
      (name.startsWith("public.") &&
        !STAYS.includes(name) &&
        columns.some((column) => column.name === "tenant_id")),
  );

/** The same COPY with the tenant's rows only. Throws `damaged` for another's where there must be none. */
export function rowsOfTenant(
  table: Table,
  rows: AsyncIterable<Buffer>,
  { id, others, files }: OnlyTenant,
): AsyncGenerator<Buffer> {
  const own = Buffer.from(id.replaceAll("-", ""), "hex");
  const tenantAt = table.columns.findIndex(({ name }) => name === "tenant_id");
  const fileAt = table.columns.findIndex(({ name, type }) => name === "file" && type === "text");
  return rowsWhere(rows, (fields) => {
    const isOwn = fields[tenantAt]?.equals(own) ?? false;
    if (!isOwn && others === "refuse")
      throw backupFailure("damaged", `${table.name} holds a row of another workspace.`);
    const file = isOwn && fileAt >= 0 ? fields[fileAt] : null;
    if (file) files?.add(file.toString("utf8"));
    return isOwn;
  });
}

const HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
/** No row of ours has nearly as much; one that says so would be gathered in memory. */
const LONGEST_ROW = 256 * 1024 * 1024;

/** Of a binary COPY the rows for which `keep` says so. Fields are views, good until it answers. */
export async function* rowsWhere(
  source: AsyncIterable<Buffer>,
  keep: (fields: readonly (Buffer | null)[]) => boolean,
): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let have = 0;
  let need = HEADER.length;
  let begun = false;
  let ended = false;
  for await (const piece of source) {
    if (ended) throw backupFailure("damaged", "A table goes on after its end.");
    // Copied: what the source yields may be overwritten.
    waiting.push(Buffer.from(piece));
    have += piece.length;
    if (have < need) continue;
    const bytes = waiting.length === 1 && waiting[0] ? waiting[0] : Buffer.concat(waiting);
    let at = 0;
    const kept: Buffer[] = [];
    if (!begun) {
      if (!bytes.subarray(0, HEADER.length).equals(HEADER))
        throw backupFailure("damaged", "A table is in another form.");
      begun = true;
      at = HEADER.length;
      kept.push(HEADER);
    }
    for (;;) {
      const row = rowAt(bytes, at);
      if ("needs" in row) {
        if (row.needs - at > LONGEST_ROW) throw backupFailure("damaged", "A row is too long.");
        need = row.needs - at;
        break;
      }
      if (row.fields === null) {
        ended = true;
        if (row.end !== bytes.length) throw backupFailure("damaged", "A table goes on after its end.");
        kept.push(bytes.subarray(at, row.end));
        at = row.end;
        break;
      }
      if (keep(row.fields)) kept.push(bytes.subarray(at, row.end));
      at = row.end;
    }
    if (kept.length > 0) yield Buffer.concat(kept);
    waiting = [bytes.subarray(at)];
    have = bytes.length - at;
  }
  if (!ended) throw backupFailure("damaged", "A table has no end.");
}

type Row =
  | { readonly fields: readonly (Buffer | null)[] | null; readonly end: number }
  /** Not all of it is there; up to where it takes at least. */
  | { readonly needs: number };

/** PostgreSQL documentation, COPY, "Tuples": the number of fields, then each with its length; -1 ends the table. */
function rowAt(bytes: Buffer, from: number): Row {
  let at = from + 2;
  if (bytes.length < at) return { needs: at };
  const count = bytes.readInt16BE(from);
  if (count === -1) return { fields: null, end: at };
  if (count < 0) throw backupFailure("damaged", "A row has no length.");
  const fields: (Buffer | null)[] = [];
  for (let i = 0; i < count; i += 1) {
    if (bytes.length < at + 4) return { needs: at + 4 };
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < -1) throw backupFailure("damaged", "A value has no length.");
    if (length === -1) fields.push(null);
    else {
      if (bytes.length < at + length) return { needs: at + length };
      fields.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return { fields, end: at };
}
