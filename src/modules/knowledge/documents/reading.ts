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
import { tellOfDocuments } from "./telling.ts";
import { passageCell } from "./view.ts";

/**
 * Reads the text of a version in the sandbox and keeps it as sealed passages. The id is the version's. What is wrong
 * with the file itself is its state; what is wrong here is thrown, so that the queue tries again. Twice the same job
 * does the work once. A document keeps its present version until a newer one has been read, and then has that one, from
 * one moment to the next; one that cannot be read changes nothing but what is said of it.
 */
export const readDocument: JobSpec = {
  name: "knowledge.read-document",
  concurrency: 2,
  perTenant: 1,
  retries: 3,
  run: async (ctx, id, last) => {
    const version = await begin(ctx, id);
    if (!version) return;
    try {
      const source = await ctx.system.files.open(await keysOf(ctx), version.file);
      const { kind, pages, language, pictures, blocks } = await extract(source, version);
      const passages = await gently(chunkSteps(blocks));
      await keep(ctx, version, { kind, pages, language, pictures, passages });
    } catch (error) {
      if (isExtractionFailure(error)) {
        ctx.log.info({ err: error, code: error.code }, "a document could not be read");
        return fail(ctx, version, error.code);
      }
      if (last) await fail(ctx, version, "internal");
      throw error;
    }
  },
};

// The document may have been renamed since its kind was told by its first name.
const endings: Readonly<Partial<Record<Kind, string>>> = { markdown: "md", text: "txt" };
const nameOf = (kind: Kind): string => `document.${endings[kind] ?? kind}`;

interface Version {
  readonly id: string;
  readonly documentId: string;
  readonly file: string;
  readonly kind: Kind;
  readonly name: string;
  /** Whether it was the document's own when it was begun; it then needs no new number. */
  readonly current: boolean;
}

async function begin(ctx: Ctx, id: string): Promise<Version | null> {
  const row = await unit(ctx, async (inner) => {
    const found = await lockVersion(inner, id);
    // In the bin nothing is read, and it does not wait there: whoever brings it back asks for it again.
    if (found?.binned) return null;
    // "reading": the process that had begun is gone.
    if (found?.state !== "received" && found?.state !== "reading") return null;
    await settle(inner, found.document_id, id, { state: "reading", problem: null });
    return found;
  });
  if (!row) return null;
  return {
    id,
    documentId: row.document_id,
    file: row.file,
    kind: row.kind,
    name: nameOf(row.kind),
    current: row.current,
  };
}

/** The document's row first, as everybody else does who changes both. */
async function lockVersion(ctx: Ctx, id: string) {
  const tenantId = tenantOf(ctx).id;
  const locked = await readOne(
    ctx,
    sql<{ document_id: string }>`
      select d.document_id from document d
        where d.tenant_id = ${tenantId}
          and d.document_id = (select v.document_id from document_version v where v.tenant_id = ${tenantId} and v.version_id = ${id})
        for no key update`,
  );
  if (!locked) return null;
  return readOne(
    ctx,
    sql<{
      document_id: string;
      no: number;
      state: string;
      kind: Kind;
      file: string;
      current: boolean;
      newer: boolean;
      standing: string;
      binned: boolean;
    }>`
      select v.document_id, v.no, v.state, v.kind, v.file, d.version_id = v.version_id as current,
             v.no > d.version_no as newer, d.state as standing, d.deleted_at is not null as binned
        from document_version v join document d on d.tenant_id = v.tenant_id and d.document_id = v.document_id
        where v.tenant_id = ${tenantId} and v.version_id = ${id} for no key update of v`,
  );
}

/** Writes the state of a version, and of the document where that one is its own; streams are told of either. */
async function settle(
  ctx: Ctx,
  documentId: string,
  id: string,
  to: { readonly state: "reading" | "failed"; readonly problem: string | null },
): Promise<void> {
  const now = ctx.clock();
  await write(
    ctx,
    db
      .updateTable("document_version")
      .set({ ...to, updated_at: now })
      .where("version_id", "=", id),
  );
  await write(
    ctx,
    sql`update document d
           set updated_at = ${now},
               state = case when d.version_id = ${id} then ${to.state} else d.state end,
               problem = case when d.version_id = ${id} then ${to.problem} else d.problem end
         where d.tenant_id = ${tenantOf(ctx).id} and d.document_id = ${documentId}`,
  );
  tellOfDocuments(ctx);
}

const ROWS_AT_ONCE = 500;

interface Content {
  /** What the bytes turned out to be. */
  readonly kind: Kind;
  readonly pages: number | null;
  readonly language: string | null;
  readonly pictures: number | null;
  readonly passages: readonly Passage[];
}

async function keep(ctx: Ctx, version: Version, { passages, ...content }: Content): Promise<void> {
  const { id, documentId } = version;
  const keys = await keysOf(ctx);
  await unit(ctx, async (inner) => {
    // A number before the document's row, as everybody takes both.
    const no = version.current ? null : await takeNumbers(inner, "document", 1);
    const row = await lockVersion(inner, id);
    // Gone for ever while it was being read, or read by another process meanwhile: it does not come back.
    if (row?.state !== "reading") return;
    const tenantId = tenantOf(inner).id;
    await write(inner, db.deleteFrom("passage").where("version_id", "=", id));
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
          insert into passage (tenant_id, document_id, version_id, passage_no, index_no, page, body)
            select ${tenantId}::uuid, ${documentId}::uuid, ${id}::uuid, no, ${first}::bigint + no, page, body
              from unnest(${some.map((p) => p.no)}::int[], ${some.map((p) => p.page)}::int[], ${bodies}::bytea[])
                as row (no, page, body)`,
      );
    }
    const now = inner.clock();
    await write(
      inner,
      db
        .updateTable("document_version")
        .set({ state: "ready", problem: null, ...content, updated_at: now })
        .where("version_id", "=", id),
    );
    // An older one that was read late stays among the older ones.
    if (row.current || row.newer) await becomeCurrent(inner, documentId, id, row.current ? null : no);
    tellOfDocuments(inner);
  });
}

/** Under a number of its own, since the index never changes what it says of another version's; null for the same one. */
async function becomeCurrent(ctx: Ctx, documentId: string, id: string, no: number | null): Promise<void> {
  const tenantId = tenantOf(ctx).id;
  await write(
    ctx,
    sql`update document d
           set version_id = v.version_id, version_no = v.no, document_no = coalesce(${no}::int, d.document_no),
               kind = v.kind, bytes = v.bytes, file = v.file, content_hash = v.content_hash, pages = v.pages,
               language = v.language, pictures = v.pictures, state = 'indexing', problem = null,
               updated_at = ${ctx.clock()}
          from document_version v
         where d.tenant_id = ${tenantId} and d.document_id = ${documentId}
           and v.tenant_id = ${tenantId} and v.version_id = ${id}`,
  );
  await ctx.system.jobs.enqueue(ctx, "knowledge.index", tenantId);
}

async function fail(ctx: Ctx, { id }: Version, problem: ExtractionFailureCode | "internal"): Promise<void> {
  await unit(ctx, async (inner) => {
    const row = await lockVersion(inner, id);
    if (row?.state === "reading") await settle(inner, row.document_id, id, { state: "failed", problem });
  });
}
