import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import type { JobSpec } from "../../../kernel/jobs.ts";
import type { PassageBody } from "../documents/service.ts";
import { tellOfDocuments } from "../documents/telling.ts";
import { openDocumentName, passageCell } from "../documents/view.ts";
import type { PassageToIndex } from "../search/segment.ts";
import { builtSegments, writeSegments } from "./batch.ts";
import { swapSegments } from "./manifest.ts";
import { type Draft, dropDrafts } from "./segments.ts";
import { tidyABit } from "./tidying.ts";
import { TookTooLong } from "./workers.ts";

/** A batch ends with the document that reaches this many passages. */
const BATCH_PASSAGES = 2000;
const BATCH_DOCUMENTS = 200;

/**
 * Indexes what of a tenant waits for it, as one batch, so that a segment does not tell one document's words. When more
 * waits, a job of its own goes on with it, behind those of other tenants; the last one tidies. The id is the tenant's.
 * Not `once`: the queue could drop a job in favour of one that starts before the document is there to be seen, and the
 * document would wait for ever; a job that finds nothing costs one query.
 */
export const indexDocuments: JobSpec = {
  name: "knowledge.index",
  concurrency: 2,
  perTenant: 1,
  retries: 5,
  run: async (ctx, _id, last) => {
    let batch: Waiting[] = [];
    try {
      batch = await waitingDocuments(ctx);
      if (batch.length > 0) await indexBatch(ctx, batch);
      if (!(await goOn(ctx))) await tidyABit(ctx);
    } catch (error) {
      if (last) await fail(ctx, batch, "internal");
      throw error;
    }
  },
};

/** Whether more waits, for which there is a job now. */
function goOn(ctx: Ctx): Promise<boolean> {
  return unit(ctx, async (inner) => {
    const more = await readOne(
      inner,
      db
        .selectFrom("document")
        .where("state", "=", "indexing")
        .where("deleted_at", "is", null)
        .limit(1)
        .select("document_id"),
    );
    if (more) await inner.system.jobs.enqueue(inner, "knowledge.index", tenantOf(inner).id, 1);
    return more !== undefined;
  });
}

interface Waiting {
  readonly id: string;
  readonly version: string;
  readonly no: number;
  readonly title: string;
  readonly language: string | null;
}

async function waitingDocuments(ctx: Ctx): Promise<Waiting[]> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("document")
      .where("state", "=", "indexing")
      .where("deleted_at", "is", null)
      .orderBy("document_no")
      .limit(BATCH_DOCUMENTS)
      .select((eb) => [
        "document_id",
        "version_id",
        "document_no",
        "name",
        "language",
        eb
          .selectFrom("passage")
          .whereRef("passage.tenant_id", "=", "document.tenant_id")
          .whereRef("passage.version_id", "=", "document.version_id")
          .select(({ fn }) => fn.countAll<number>().as("count"))
          .as("passages"),
      ]),
  );
  const keys = await keysOf(ctx);
  const batch: Waiting[] = [];
  let passages = 0;
  for (const row of rows) {
    if (passages >= BATCH_PASSAGES) break;
    passages += row.passages ?? 0;
    batch.push({
      id: row.document_id,
      version: row.version_id,
      no: row.document_no,
      title: openDocumentName(keys, row),
      language: row.language,
    });
  }
  return batch;
}

async function indexBatch(ctx: Ctx, batch: readonly Waiting[]): Promise<void> {
  try {
    await settle(ctx, batch, await writeSegments(ctx, passagesOf(ctx, batch)));
  } catch (error) {
    if (!(error instanceof TookTooLong)) throw error;
    // One of them does what no honest text does. It is found by building each for itself; the others get another turn.
    const found = await tooLong(ctx, batch);
    if (found.length === 0) throw error;
    await fail(ctx, found, "took_too_long");
  }
}

/**
 * The segments are searched from this commit on, and the documents are ready: both, or neither. Of two processes with
 * the same batch the second waits for these rows, and then finds none of them waiting. What was deleted or named anew
 * meanwhile is spoken of by its old number, which is buried.
 */
async function settle(ctx: Ctx, batch: readonly Waiting[], drafts: readonly Draft[]): Promise<void> {
  const done = await unit(ctx, async (inner) => {
    const [there] = await read(
      inner,
      sql<{ document_id: string; state: string }>`
        select d.document_id, d.state from document d
          join unnest(${batch.map((d) => d.id)}::uuid[], ${batch.map((d) => d.no)}::int[]) as b (id, no)
            on b.id = d.document_id and b.no = d.document_no
          where d.tenant_id = ${tenantOf(inner).id} and d.deleted_at is null
          order by d.document_no for no key update of d`,
    );
    // One of them is in the index already, or failed: with these segments it would be there twice.
    if (there.length === 0 || there.some((d) => d.state !== "indexing")) return false;
    const add = drafts.map((d) => d.no);
    await swapSegments(inner, { add, remove: [], documents: batch.map((d) => d.no) });
    await write(
      inner,
      db
        .updateTable("document")
        .set({ state: "ready", updated_at: inner.clock() })
        .where(sql<boolean>`document_id = any(${there.map((d) => d.document_id)}::uuid[])`),
    );
    tellOfDocuments(inner);
    return true;
  });
  if (!done) await dropDrafts(ctx, drafts);
}

async function* passagesOf(ctx: Ctx, batch: readonly Waiting[]): AsyncGenerator<PassageToIndex[]> {
  const keys = await keysOf(ctx);
  for (const { version, no, title, language } of batch) {
    for (let from = 0; ; ) {
      const [rows] = await read(
        ctx,
        db
          .selectFrom("passage")
          .where("version_id", "=", version)
          .where("passage_no", ">=", from)
          .orderBy("passage_no")
          .limit(500)
          .select(["passage_no", "index_no", "body"]),
      );
      yield rows.map((row) => {
        const { heading, text } = JSON.parse(
          keys.openText(passageCell(version, row.passage_no), row.body),
        ) as PassageBody;
        return { passage: row.index_no, document: no, title, heading, text, language };
      });
      const last = rows.at(-1);
      if (!last || rows.length < 500) break;
      from = last.passage_no + 1;
    }
  }
}

async function tooLong(ctx: Ctx, batch: readonly Waiting[]): Promise<Waiting[]> {
  const keys = await keysOf(ctx);
  const found: Waiting[] = [];
  for (const document of batch) {
    try {
      for await (const _ of builtSegments(keys, passagesOf(ctx, [document])));
    } catch (error) {
      if (!(error instanceof TookTooLong)) throw error;
      found.push(document);
    }
  }
  return found;
}

async function fail(
  ctx: Ctx,
  batch: readonly Waiting[],
  problem: "internal" | "took_too_long",
): Promise<void> {
  if (batch.length === 0) return;
  await unit(ctx, async (inner) => {
    await write(
      inner,
      db
        .updateTable("document")
        .set({ state: "failed", problem, updated_at: inner.clock() })
        .where("state", "=", "indexing")
        .where(sql<boolean>`document_id = any(${batch.map((d) => d.id)}::uuid[])`),
    );
    tellOfDocuments(inner);
  });
}
