import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import type { JobSpec } from "../../../kernel/jobs.ts";
import type { PassageBody } from "../documents/service.ts";
import { documentsTopic } from "../documents/upload.ts";
import { openDocumentName, passageCell } from "../documents/view.ts";
import type { PassageToIndex } from "../search/segment.ts";
import { addSegments, buildSegments } from "./segments.ts";
import { tidyIndex } from "./tidying.ts";

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
      while (batch.length > 0 && !(await indexBatch(ctx, batch))) batch = await waitingDocuments(ctx);
      if (!(await goOn(ctx))) await tidyIndex(ctx);
    } catch (error) {
      if (last && batch.length > 0) await giveUp(ctx, batch);
      throw error;
    }
  },
};

/** Whether more waits, for which there is a job now. */
function goOn(ctx: Ctx): Promise<boolean> {
  return unit(ctx, async (inner) => {
    const more = await readOne(
      inner,
      db.selectFrom("document").where("state", "=", "indexing").limit(1).select("document_id"),
    );
    if (more) await inner.system.jobs.enqueue(inner, "knowledge.index", tenantOf(inner).id, 1);
    return more !== undefined;
  });
}

interface Waiting {
  readonly id: string;
  readonly no: number;
  readonly title: string;
  readonly passages: number;
}

async function waitingDocuments(ctx: Ctx): Promise<Waiting[]> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("document")
      .where("state", "=", "indexing")
      .orderBy("document_no")
      .limit(BATCH_DOCUMENTS)
      .select((eb) => [
        "document_id",
        "document_no",
        "name",
        eb
          .selectFrom("passage")
          .whereRef("passage.tenant_id", "=", "document.tenant_id")
          .whereRef("passage.document_id", "=", "document.document_id")
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
      no: row.document_no,
      title: openDocumentName(keys, row),
      passages: row.passages ?? 0,
    });
  }
  return batch;
}

/** False when something of the batch changed meanwhile: nothing was done, and it is to be chosen anew. */
async function indexBatch(ctx: Ctx, batch: readonly Waiting[]): Promise<boolean> {
  const passages: PassageToIndex[] = [];
  for (const document of batch) {
    for (const passage of await passagesToIndex(ctx, document)) passages.push(passage);
  }
  // Built before the transaction begins: it takes seconds for a long document.
  const segments = await buildSegments(await keysOf(ctx), passages);
  return unit(ctx, async (inner) => {
    // Of two processes with the same batch the second waits for these rows, and then finds none of them waiting.
    const [unchanged] = await read(
      inner,
      sql<{ document_id: string }>`
        select d.document_id from document d
          join unnest(${batch.map((d) => d.id)}::uuid[], ${batch.map((d) => d.no)}::int[]) as b (id, no)
            on b.id = d.document_id and b.no = d.document_no
          where d.tenant_id = ${tenantOf(inner).id} and d.state = 'indexing'
          order by d.document_no for update of d`,
    );
    // Deleted, renamed or done meanwhile.
    if (unchanged.length < batch.length) return false;
    await addSegments(inner, segments);
    await write(
      inner,
      db
        .updateTable("document")
        .set({ state: "ready", updated_at: inner.clock() })
        .where(
          "document_id",
          "in",
          batch.map((d) => d.id),
        ),
    );
    inner.tx.afterCommit.push(() => inner.system.hub.tell(documentsTopic(tenantOf(inner).id)));
    return true;
  });
}

async function passagesToIndex(ctx: Ctx, { id, no, title }: Waiting): Promise<PassageToIndex[]> {
  const keys = await keysOf(ctx);
  const passages: PassageToIndex[] = [];
  for (let from = 0; ; ) {
    const [rows] = await read(
      ctx,
      db
        .selectFrom("passage")
        .where("document_id", "=", id)
        .where("passage_no", ">=", from)
        .orderBy("passage_no")
        .limit(500)
        .select(["passage_no", "index_no", "body"]),
    );
    for (const row of rows) {
      const { heading, text } = JSON.parse(
        keys.openText(passageCell(id, row.passage_no), row.body),
      ) as PassageBody;
      passages.push({ passage: row.index_no, document: no, title, heading, text });
    }
    const last = rows.at(-1);
    if (!last || rows.length < 500) return passages;
    from = last.passage_no + 1;
  }
}

async function giveUp(ctx: Ctx, batch: readonly Waiting[]): Promise<void> {
  await unit(ctx, async (inner) => {
    await write(
      inner,
      db
        .updateTable("document")
        .set({ state: "failed", problem: "internal", updated_at: inner.clock() })
        .where("state", "=", "indexing")
        .where(
          "document_id",
          "in",
          batch.map((d) => d.id),
        ),
    );
    inner.tx.afterCommit.push(() => inner.system.hub.tell(documentsTopic(tenantOf(inner).id)));
  });
}
