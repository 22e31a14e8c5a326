import type pg from "pg";
import type { RecordedKey } from "../../../kernel/crypto/key-record.ts";
import { HEADER_BYTES, keyVersionOf } from "../../../kernel/files/stream.ts";
import { backupFailure } from "./failure.ts";
import { namesIn } from "./snapshot.ts";
import { quoted, type Table } from "./tables.ts";

// Rows and files name the version of the data key that they were sealed with. Before they replace anything, or go into
// operation, each of these versions must be among the keys that will be there: without it they are noise for good.

/** Which versions something names. Entries of the audit log may be opened with what is left of a key. */
export interface Needed {
  readonly data: Set<number>;
  readonly audit: Set<number>;
}

/** The versions of stored files, noted while they go by. */
export function noteFileVersions() {
  const versions = new Map<string, number>();
  return {
    versions,
    /** The same content. */
    async *note(name: string, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      let head = Buffer.alloc(0);
      for await (const piece of content) {
        if (head.length < HEADER_BYTES) {
          head = Buffer.concat([head, piece.subarray(0, HEADER_BYTES - head.length)]);
          if (head.length === HEADER_BYTES) versions.set(name, keyVersionOf(head));
        }
        yield piece;
      }
    },
  };
}

/** By tenant, what the loaded rows, and the files that they name, need; `only` asks for one tenant. */
export async function keysNeeded(
  client: pg.ClientBase,
  tables: readonly Table[],
  files: ReadonlyMap<string, number>,
  only?: string,
): Promise<Map<string, Needed>> {
  const found = new Map<string, Needed>();
  const note = (tenant: string, version: number, use: keyof Needed) => {
    const needed = found.get(tenant) ?? { data: new Set<number>(), audit: new Set<number>() };
    found.set(tenant, needed);
    needed[use].add(version);
  };
  const ofTenants = tables.filter(({ columns }) => columns.some(({ name }) => name === "tenant_id"));
  for (const table of ofTenants)
    for (const column of table.columns.filter(({ type }) => type === "bytea")) {
      const c = quoted(column.name);
      // As kernel.sealed_versions() reads them.
      const { rows } = await client.query<{ tenant: string; version: string }>(
        `select distinct tenant_id as tenant, get_byte(${c}, 1)::bigint << 24 | get_byte(${c}, 2) << 16
                       | get_byte(${c}, 3) << 8 | get_byte(${c}, 4) as version
           from ${quoted(table.name)}
           where octet_length(${c}) >= 33 and get_byte(${c}, 0) = 1 and ($1::uuid is null or tenant_id = $1)`,
        [only ?? null],
      );
      for (const { tenant, version } of rows)
        note(tenant, Number(version), table.name === "audit.entry" ? "audit" : "data");
    }
  for (const name of namesIn(ofTenants)) {
    const { rows } = await client.query<{ tenant: string; file: string }>(
      `select distinct tenant_id as tenant, file from ${quoted(name)}
         where file is not null and ($1::uuid is null or tenant_id = $1)`,
      [only ?? null],
    );
    for (const { tenant, file } of rows) {
      const version = files.get(file);
      if (version !== undefined) note(tenant, version, "data");
    }
  }
  return found;
}

/** Throws when a version is missing from a tenant's keys. */
export function requireKeys(
  tenant: string,
  needed: Needed,
  record: { readonly keys: readonly Pick<RecordedKey, "use" | "version">[] } | null,
): void {
  const uses = (version: number) =>
    (record?.keys ?? []).filter((key) => key.version === version).map(({ use }) => use);
  const missing = [
    ...[...needed.data].filter((v) => !uses(v).some((use) => use === "data" || use === "old")),
    ...[...needed.audit].filter((v) => !uses(v).some((use) => use !== "hash")),
  ];
  if (missing.length > 0)
    throw backupFailure(
      "wrong_key",
      `The keys lack ${missing.map((v) => `version ${v}`).join(" and ")} of the data key of workspace ${tenant}, with which this backup was sealed: it would open nothing of it. An archive of keys of its time may have it (--keys).`,
    );
}
