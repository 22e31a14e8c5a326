import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { read } from "../../../kernel/database/unit.ts";
import type { IndexKeys } from "../search/keys.ts";
import { parseQuery, queryKeys } from "../search/query.ts";
import { type Answer, search } from "../search/rank.ts";
import { openSegment } from "../search/segment.ts";
import { spellingKeys } from "../search/spelling.ts";
import { covers, type SegmentTable, type Shape, shapeOf, unknownShape } from "../search/table.ts";
import type { SearchSegment } from "../search/view.ts";
import { compiledOnce } from "./compiled.ts";
import type { PassageFilters } from "./filters.ts";
import { indexKeys } from "./keys.ts";
import { keepTables, knownTables } from "./tables.ts";
import { askVisible } from "./visible.ts";

/** What is looked for, by whom, among what. */
export interface Asked {
  readonly memberId: string;
  readonly text: string;
  readonly filters: PassageFilters;
  /** The last word may be the beginning of one. */
  readonly typing: boolean;
  readonly limit: number;
  /** Whether somebody reads what else they might have meant. Else only words that nothing has are looked into. */
  readonly suggests: boolean;
}

/**
 * Ranks the passages that the member may see now. One round trip brings the sealed rows of the words and the numbers of
 * the member's documents; a second one only where a word was found nowhere, for what is spelled alike. The database is
 * asked for keyed hashes; it learns neither words nor what matched. `documents` is how many were searched.
 */
export async function lookUp(ctx: Ctx, asked: Asked): Promise<{ answer: Answer; documents: number }> {
  const keys = indexKeys(await keysOf(ctx));
  const sight = askVisible(ctx, asked.memberId, asked.filters);
  let shape = shapeNow(ctx);
  for (let tries = 1; ; tries++) {
    const query = parseQuery(asked.text, { languages: shape.languages, typing: asked.typing });
    const known = knownTables(ctx);
    const [rows, [seen]] = await read(
      ctx,
      rowsWithSegments({
        tenant: tenantOf(ctx).id,
        keys: queryKeys(query, keys, shape.depths),
        known: [...known.keys()],
      }),
      sight.query,
    );
    const found = segmentsOf(keys, known, rows);
    keepTables(ctx, found.tables);
    const real = shapeOf(found.tables.values());
    if (!covers(shape, real) && tries < MOST_TRIES) {
      // Not what this process remembered or guessed: what is there now covers itself.
      shape = real;
      continue;
    }
    const visible = sight.take(seen);
    const shown = visible.shownOf(found.tables);
    const segments = [...found.rows].flatMap(([no, postings]): SearchSegment[] => {
      const [table, of] = [found.tables.get(no), shown.get(no)];
      return table && of ? [{ table, postings, shown: of }] : [];
    });
    const request = { query, segments, keys, visible: visible.has, limit: asked.limit };
    let answer = search(request);
    const spelling = answer.misspelt.filter(({ df }) => df === 0 || asked.suggests);
    if (spelling.length > 0) {
      await addRows(ctx, found, spellingKeys(spelling, keys, real.depths));
      answer = search({ ...request, spelling });
    }
    return { answer, documents: visible.count };
  }
}

const MOST_TRIES = 3;

function shapeNow(ctx: Ctx): Shape {
  const known = knownTables(ctx);
  return known.size > 0 ? shapeOf(known.values()) : unknownShape;
}

interface Row {
  readonly segment_no: number;
  readonly segment_id: string | null;
  readonly stats: Buffer | null;
  readonly key: string | null;
  readonly body: Buffer | null;
}

// One statement, so that segments and rows are of the same moment while the index is rewritten. A table that is known
// here already stays where it is.
const rowsWithSegments = compiledOnce(
  ({
    tenant,
    keys,
    known,
  }: {
    tenant: string;
    keys: readonly Buffer[];
    known: readonly number[];
  }) => sql<Row>`
    with live as materialized (
      select segment_no, segment_id, stats from index_segment where tenant_id = ${tenant} and state = 'live')
    select segment_no, segment_id, case when segment_no <> all(${known}::int[]) then stats end as stats,
           null as key, null as body
      from live
    union all
    select live.segment_no, null, null, encode(row.term_hash, 'hex'), row.body
      from live cross join lateral (
        select p.term_hash, p.body from index_posting p
          where p.tenant_id = ${tenant} and p.segment_no = live.segment_no
            and p.term_hash = any(${keys}::bytea[]) offset 0) row`,
);

interface Found {
  readonly tables: Map<number, SegmentTable>;
  /** The sealed rows of each segment, by the hex of their keys. */
  readonly rows: Map<number, Map<string, Buffer>>;
}

function segmentsOf(
  keys: IndexKeys,
  known: ReadonlyMap<number, SegmentTable>,
  answered: readonly Row[],
): Found {
  const found: Found = { tables: new Map(), rows: new Map() };
  for (const { segment_no: no, segment_id: id, stats, key, body } of answered) {
    if (id !== null) {
      const table = stats ? openSegment(id, stats, keys) : known.get(no);
      if (table?.segmentId !== id) throw new Error("a segment's number is another's");
      found.tables.set(no, table);
      found.rows.set(no, new Map());
    } else if (key !== null && body !== null) found.rows.get(no)?.set(key, body);
  }
  return found;
}

async function addRows(ctx: Ctx, { rows }: Found, hashes: readonly Buffer[]): Promise<void> {
  if (hashes.length === 0) return;
  const [more] = await read(
    ctx,
    sql<{ segment_no: number; key: string; body: Buffer }>`
      select p.segment_no, encode(p.term_hash, 'hex') as key, p.body from index_posting p
        where p.tenant_id = ${tenantOf(ctx).id} and p.segment_no = any(${[...rows.keys()]}::int[])
          and p.term_hash = any(${hashes}::bytea[])`,
  );
  for (const { segment_no: no, key, body } of more) rows.get(no)?.set(key, body);
}
