import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { type Query, queryTermHashes } from "../search/query.ts";
import type { SearchSegment } from "../search/view.ts";
import { reachOfMember, visibleTo } from "../sharing/reach.ts";
import { indexKeys } from "./keys.ts";
import { segmentTables } from "./segments.ts";

export interface Lookup {
  readonly segments: SearchSegment[];
  /** Numbers of the documents that the member may see now and that are ready. */
  readonly visible: ReadonlySet<number>;
}

const MOST_TRIES = 4;

/**
 * The rows of a query's words, still sealed, and who may be found by them. The database is asked for keyed hashes
 * and for the member's documents; it learns neither words nor what matched.
 */
export async function lookUp(ctx: Ctx, memberId: string, query: Query): Promise<Lookup> {
  const hashes = queryTermHashes(query, indexKeys(await keysOf(ctx)));
  for (let tries = 1; ; tries++) {
    const [rows, documents] = await read(
      ctx,
      // One statement, so that segments and rows are of the same moment while the index is rewritten.
      sql<{ segment_id: string; term_hash: Buffer | null; body: Buffer | null }>`
        select s.segment_id, p.term_hash, p.body
          from index_segment s
          left join index_posting p
            on p.tenant_id = s.tenant_id and p.segment_id = s.segment_id and p.term_hash = any(${hashes}::bytea[])
          where s.tenant_id = ${tenantOf(ctx).id}`,
      db
        .selectFrom("document")
        .where("state", "=", "ready")
        .where(visibleTo("document", reachOfMember(ctx, memberId)))
        .select("document_no"),
    );
    const postings = new Map<string, Map<string, Buffer>>();
    for (const { segment_id, term_hash, body } of rows) {
      const of = postings.get(segment_id) ?? new Map<string, Buffer>();
      if (term_hash && body) of.set(term_hash.toString("hex"), body);
      postings.set(segment_id, of);
    }
    const tables = await segmentTables(ctx, [...postings.keys()]);
    // Rewritten between the two reads: look again.
    if (tables.size < postings.size && tries < MOST_TRIES) continue;
    return {
      segments: [...tables.values()].map((table) => ({
        table,
        postings: postings.get(table.segmentId) ?? new Map(),
      })),
      visible: new Set(documents.map((d) => d.document_no)),
    };
  }
}
