import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne, unit, write } from "../../../kernel/database/unit.ts";
import type { JobSpec } from "../../../kernel/jobs.ts";
import { chunkSteps, type Passage } from "../extraction/chunk.ts";
import { extract } from "../extraction/extract.ts";
import { type ExtractionFailureCode, isExtractionFailure } from "../extraction/failure.ts";
import type { Kind } from "../extraction/sniff.ts";
import { gently } from "../gently.ts";
import { takeNumbers } from "../index/numbers.ts";
import type { PassageBody } from "./service.ts";
import { documentsTopic } from "./upload.ts";
import { passageCell } from "./view.ts";

/**
 * Reads a document's text in the sandbox and keeps it as sealed passages. What is wrong with the document itself is
 * its state; what is wrong here is thrown, so that the queue tries again. Twice the same job does the work once.
 */
export const readDocument: JobSpec = {
  name: "knowledge.read-document",
  concurrency: 2,
  perTenant: 1,
  retries: 3,
  run: async (ctx, id, last) => {
    const document = await begin(ctx, id);
    if (!document) return;
    try {
      const source = await ctx.system.files.open(await keysOf(ctx), document.file);
      const { pages, blocks } = await extract(source, document);
      await keep(ctx, id, pages, await gently(chunkSteps(blocks)));
    } catch (error) {
      if (isExtractionFailure(error)) {
        ctx.log.info({ err: error, code: error.code }, "a document could not be read");
        return fail(ctx, id, error.code);
      }
      if (last) await fail(ctx, id, "internal");
      throw error;
    }
  },
};

// The document may have been renamed since its kind was told by its first name.
const endings: Readonly<Partial<Record<Kind, string>>> = { markdown: "md", text: "txt" };
const nameOf = (kind: Kind): string => `document.${endings[kind] ?? kind}`;

async function begin(ctx: Ctx, id: string): Promise<{ file: string; kind: Kind; name: string } | null> {
  const row = await unit(ctx, async (inner) => {
    const { rows } = await write(
      inner,
      db
        .updateTable("document")
        .set({ state: "reading", problem: null, updated_at: inner.clock() })
        .where("document_id", "=", id)
        // "reading": the process that had begun is gone.
        .where("state", "in", ["received", "reading"])
        .returning(["file", "kind"]),
    );
    tellLater(inner);
    return rows[0];
  });
  return row ? { ...row, name: nameOf(row.kind) } : null;
}

const ROWS_AT_ONCE = 500;

async function keep(ctx: Ctx, id: string, pages: number | null, passages: readonly Passage[]): Promise<void> {
  const keys = await keysOf(ctx);
  await unit(ctx, async (inner) => {
    const row = await readOne(
      inner,
      db.selectFrom("document").where("document_id", "=", id).select("state").forUpdate(),
    );
    // Deleted while it was being read, or read by another process meanwhile: it does not come back.
    if (row?.state !== "reading") return;
    const tenantId = tenantOf(inner).id;
    await write(inner, db.deleteFrom("passage").where("document_id", "=", id));
    const first = await takeNumbers(inner, "passage", passages.length);
    for (let from = 0; from < passages.length; from += ROWS_AT_ONCE) {
      const some = passages.slice(from, from + ROWS_AT_ONCE);
      const bodies = some.map(({ no, heading, text }) => {
        const body: PassageBody = { heading, text };
        return keys.seal(passageCell(id, no), JSON.stringify(body));
      });
      await write(
        inner,
        sql`
          insert into passage (tenant_id, document_id, passage_no, index_no, page, body)
            select ${tenantId}::uuid, ${id}::uuid, no, ${first}::bigint + no, page, body
              from unnest(${some.map((p) => p.no)}::int[], ${some.map((p) => p.page)}::int[], ${bodies}::bytea[])
                as row (no, page, body)`,
      );
    }
    await write(
      inner,
      db
        .updateTable("document")
        .set({ state: "indexing", pages, updated_at: inner.clock() })
        .where("document_id", "=", id),
    );
    await inner.system.jobs.enqueue(inner, "knowledge.index", tenantId);
    tellLater(inner);
  });
}

async function fail(ctx: Ctx, id: string, problem: ExtractionFailureCode | "internal"): Promise<void> {
  await unit(ctx, async (inner) => {
    await write(
      inner,
      db
        .updateTable("document")
        .set({ state: "failed", problem, updated_at: inner.clock() })
        .where("document_id", "=", id)
        .where("state", "=", "reading"),
    );
    tellLater(inner);
  });
}

function tellLater(ctx: Ctx): void {
  ctx.tx?.afterCommit.push(() => ctx.system.hub.tell(documentsTopic(tenantOf(ctx).id)));
}
