import { sql } from "kysely";
import pg from "pg";
import { type Ctx, tenantOf } from "../src/kernel/context.ts";
import { read } from "../src/kernel/database/unit.ts";
import { compiledOnce } from "../src/modules/knowledge/index/compiled.ts";
import { reachOfMember, visibleTo } from "../src/modules/knowledge/sharing/reach.ts";

/** Postgres full-text search over the same texts in clear: a `tsvector` with a GIN index, ranked by `ts_rank`. */
export interface PlainSearch {
  add(tenantId: string, chunks: readonly PlainChunk[]): Promise<void>;
  /** Builds the index and statistics. */
  ready(): Promise<void>;
  /** The same with the tenant in the index, too (`btree_gin`): the most that can be done for many small tenants. */
  readyByTenant(): Promise<void>;
  /** The ten best for any of the words, with their texts: the bare statement, which knows the tenant and nobody's rights. */
  search(tenantId: string, q: string, limit?: number): Promise<{ id: number; body: string }[]>;
  /**
   * The same as a product does it: in a member's request, entered like any other, among documents that this member may
   * see. In one round trip.
   */
  searchAs(ctx: Ctx, memberId: string, q: string): Promise<{ id: number; body: string }[]>;
  /** Bytes of what searching needs beside the text: the vectors and the indexes. */
  bytes(): Promise<number>;
  drop(): Promise<void>;
}

export interface PlainChunk {
  readonly id: number;
  readonly document: string;
  readonly title: string;
  readonly body: string;
}

export async function openPlainSearch(url: string): Promise<PlainSearch> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
    drop table if exists plain_chunk;
    create table plain_chunk (tenant_id uuid not null, chunk_id integer not null, document_id uuid not null, title text not null, body text not null,
      words tsvector not null, primary key (tenant_id, chunk_id));
    grant select on plain_chunk to vouchsafe_app`);
  return {
    async add(tenantId, chunks) {
      await client.query(
        `insert into plain_chunk
           select $1::uuid, id, document, title, body,
                  setweight(to_tsvector('english', title), 'A') || to_tsvector('english', body)
             from unnest($2::int[], $3::text[], $4::text[], $5::uuid[]) as chunk (id, title, body, document)`,
        [
          tenantId,
          chunks.map((c) => c.id),
          chunks.map((c) => c.title),
          chunks.map((c) => c.body),
          chunks.map((c) => c.document),
        ],
      );
    },
    async ready() {
      await client.query("set maintenance_work_mem = '256MB'");
      await client.query("create index plain_words on plain_chunk using gin (words)");
      await client.query("vacuum (analyze) plain_chunk");
    },
    async readyByTenant() {
      await client.query("create extension if not exists btree_gin");
      await client.query("drop index plain_words");
      await client.query("create index plain_words on plain_chunk using gin (tenant_id, words)");
      await client.query("vacuum (analyze) plain_chunk");
    },
    async search(tenantId, q, limit = 10) {
      const { rows } = await client.query<{ id: number; body: string }>({
        name: "plain",
        text: `select chunk_id as id, body from plain_chunk, to_tsquery('english', $2) as query
                where tenant_id = $1 and words @@ query order by ts_rank(words, query) desc, chunk_id limit $3`,
        values: [tenantId, anyOf(q), limit],
      });
      return rows;
    },
    async searchAs(ctx, memberId, q) {
      const { now } = reachOfMember(ctx, memberId);
      const [rows] = await read(ctx, seenChunks({ tenant: tenantOf(ctx).id, memberId, now, any: anyOf(q) }));
      return rows;
    },
    async bytes() {
      const { rows } = await client.query<{ bytes: string }>(
        "select pg_relation_size('plain_words') + (select sum(pg_column_size(words)) from plain_chunk) as bytes",
      );
      return Number(rows[0]?.bytes);
    },
    async drop() {
      await client.query("drop table if exists plain_chunk");
      await client.end();
    },
  };
}

/** Any of the words, as the product ranks them; stop words and endings are the dictionary's business. */
const anyOf = (q: string): string => [...new Set(q.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])].join(" | ");

// What matches is found and ranked before the rights are asked, so that the index is used as without them.
const seenChunks = compiledOnce(
  ({ tenant, memberId, now, any }: { tenant: string; memberId: string; now: Date; any: string }) =>
    sql<{ id: number; body: string; name: Buffer; kind: string }>`
      with found as materialized (
        select chunk_id, document_id, ts_rank(words, query) as rank
          from plain_chunk, to_tsquery('english', ${any}) as query
          where tenant_id = ${tenant} and words @@ query)
      select best.chunk_id as id, plain_chunk.body, best.name, best.kind
        from (select found.*, document.name, document.kind
                from found join document on document.tenant_id = ${tenant} and document.document_id = found.document_id
                where document.state = 'ready' and ${visibleTo("document", { memberId, now, opened: false })}
                order by found.rank desc, found.chunk_id limit 10) best
        join plain_chunk on plain_chunk.tenant_id = ${tenant} and plain_chunk.chunk_id = best.chunk_id
        order by best.rank desc, best.chunk_id`,
);

/** Bytes of the product's index on disk, with its own indexes. */
export async function indexBytes(url: string): Promise<{ bytes: number; live: number }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ bytes: string; live: string }>(
      `select pg_total_relation_size('index_posting') + pg_total_relation_size('index_segment')
              + pg_total_relation_size('index_manifest') + pg_total_relation_size('index_tombstone') as bytes,
              (select sum(weight) + sum(octet_length(stats)) from index_segment where state = 'live') as live`,
    );
    return { bytes: Number(rows[0]?.bytes), live: Number(rows[0]?.live) };
  } finally {
    await client.end();
  }
}

/** What autovacuum does in its own time; `packed` also gives back the room that merges have left behind. */
export async function vacuumIndex(url: string, packed = false): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`vacuum (analyze${packed ? ", full" : ""}) index_posting`);
    await client.query(`vacuum (analyze${packed ? ", full" : ""}) index_segment`);
    await client.query("vacuum (analyze) document");
    await client.query("vacuum (analyze) passage");
  } finally {
    await client.end();
  }
}
