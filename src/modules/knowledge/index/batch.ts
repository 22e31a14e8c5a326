import { type Ctx, keysOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { newId } from "../../../kernel/ids.ts";
import type { PassageToIndex } from "../search/segment.ts";
import { indexKey } from "./keys.ts";
import { unpackRows } from "./packing.ts";
import { beginSegment, type Draft, finishSegment, type SealedRow, writeRows } from "./segments.ts";
import { indexWorker } from "./workers.ts";

/** Passages that are given to be built at once; the segment is full by its words, mostly earlier. */
const PASSAGES_AT_ONCE = 800;

/**
 * Builds the segments of a batch of passages, which come in pages, and writes them where nobody searches them yet. Of
 * the passages no more is held than a segment takes. What it had begun when it throws is swept later.
 */
export async function writeSegments(
  ctx: Ctx,
  pages: AsyncIterable<readonly PassageToIndex[]>,
): Promise<Draft[]> {
  const keys = await keysOf(ctx);
  const drafts: Draft[] = [];
  for await (const { segmentId, rows, stats } of builtSegments(keys, pages)) {
    const draft = await beginSegment(ctx, segmentId);
    drafts.push(draft);
    await writeRows(ctx, draft, rows);
    await finishSegment(ctx, draft, stats);
  }
  return drafts;
}

interface Built {
  readonly segmentId: string;
  readonly rows: SealedRow[];
  readonly stats: Buffer;
}

/** The segments of all these passages, built one after the other. Throws `TookTooLong`. */
export async function* builtSegments(
  keys: TenantKeys,
  pages: AsyncIterable<readonly PassageToIndex[]>,
): AsyncGenerator<Built> {
  const whose = { tenantId: keys.tenantId, key: indexKey(keys) };
  let waiting: PassageToIndex[] = [];
  const build = async (): Promise<Built> => {
    // In the order of their numbers, as a segment wants them; it takes the first of these, as far as it is not full.
    const some = waiting.slice(0, PASSAGES_AT_ONCE).sort((a, b) => a.passage - b.passage);
    const segmentId = newId();
    const built = await indexWorker().do({ verb: "build", whose, segmentId, passages: some });
    if (built.stats === null || built.passages === 0) throw new Error("a segment without passages was built");
    waiting = [...some.slice(built.passages), ...waiting.slice(PASSAGES_AT_ONCE)];
    return { segmentId, rows: unpackRows(built.rows), stats: Buffer.from(built.stats) };
  };
  for await (const page of pages) {
    waiting.push(...page);
    while (waiting.length >= PASSAGES_AT_ONCE) yield await build();
  }
  while (waiting.length > 0) yield await build();
}
