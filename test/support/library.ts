import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../src/kernel/context.ts";
import { db } from "../../src/kernel/database/queries.ts";
import { unit, write } from "../../src/kernel/database/unit.ts";
import { newId } from "../../src/kernel/ids.ts";
import { nameCell, passageCell } from "../../src/modules/knowledge/documents/view.ts";
import { takeNumbers } from "../../src/modules/knowledge/index/numbers.ts";

// Documents whose text is there, waiting for the index, without files and without reading them: for tests and
// benchmarks that need many.

export interface Text {
  readonly name: string;
  /** One for each passage. */
  readonly passages: readonly string[];
  readonly language?: string | null;
}

/** Adds documents of one owner. Answers their ids. */
export async function addTexts(ctx: Ctx, owner: string, texts: readonly Text[]): Promise<string[]> {
  const keys = await keysOf(ctx);
  const tenantId = tenantOf(ctx).id;
  const ids = texts.map(() => newId());
  await unit(ctx, async (inner) => {
    const first = await takeNumbers(inner, "document", texts.length);
    const now = inner.clock();
    const names = texts.map(({ name }, i) => keys.seal(nameCell(ids[i] ?? ""), name));
    const languages = texts.map(({ language }) => language ?? null);
    await write(
      inner,
      sql`insert into document (tenant_id, document_id, version_id, document_no, owner_id, name, kind, bytes, file,
                                content_hash, language, state, created_at, updated_at)
            select ${tenantId}::uuid, id, id, ${first}::int + (place - 1)::int, ${owner}::uuid, name, 'text', 1,
                   'none/' || id, '', language, 'indexing', ${now}, ${now}
              from unnest(${ids}::uuid[], ${names}::bytea[], ${languages}::text[]) with ordinality
                as given (id, name, language, place)`,
    );
    await addVersions(
      inner,
      owner,
      texts.map((text, i) => ({ document: ids[i] ?? "", version: ids[i] ?? "", no: 1, text })),
    );
  });
  return ids;
}

/** Gives a document another text, as a new version that has been read. */
export async function replaceText(ctx: Ctx, id: string, owner: string, text: Text): Promise<void> {
  await unit(ctx, async (inner) => {
    const version = newId();
    const { rows } = await write(
      inner,
      sql<{ version_no: number }>`select version_no from document
        where tenant_id = ${tenantOf(inner).id} and document_id = ${id} and deleted_at is null for no key update`,
    );
    const no = (rows[0]?.version_no ?? 0) + 1;
    await addVersions(inner, owner, [{ document: id, version, no, text }]);
    await write(
      inner,
      db
        .updateTable("document")
        .set({
          version_id: version,
          version_no: no,
          versions: no,
          document_no: await takeNumbers(inner, "document", 1),
          state: "indexing",
        })
        .where("document_id", "=", id),
    );
  });
}

interface Version {
  readonly document: string;
  readonly version: string;
  readonly no: number;
  readonly text: Text;
}

async function addVersions(ctx: Ctx, owner: string, versions: readonly Version[]): Promise<void> {
  const keys = await keysOf(ctx);
  const tenantId = tenantOf(ctx).id;
  const now = ctx.clock();
  await write(
    ctx,
    sql`insert into document_version (tenant_id, version_id, document_id, no, name, kind, bytes, file, content_hash,
                                      state, created_by, created_at, updated_at)
          select ${tenantId}::uuid, version, document, no, '', 'text', 1, 'none/' || version, '', 'ready',
                 ${owner}::uuid, ${now}, ${now}
            from unnest(${versions.map((v) => v.version)}::uuid[], ${versions.map((v) => v.document)}::uuid[],
                        ${versions.map((v) => v.no)}::int[]) as given (version, document, no)`,
  );
  const passages = versions.flatMap(({ document, version, text }) =>
    text.passages.map((passage, no) => ({ document, version, no, passage })),
  );
  const first = await takeNumbers(ctx, "passage", passages.length);
  const bodies = passages.map(({ version, no, passage }) =>
    keys.seal(passageCell(version, no), JSON.stringify({ heading: null, text: passage })),
  );
  await write(
    ctx,
    sql`insert into passage (tenant_id, document_id, version_id, passage_no, index_no, body)
          select ${tenantId}::uuid, document, version, no, ${first}::bigint + place - 1, body
            from unnest(${passages.map((p) => p.document)}::uuid[], ${passages.map((p) => p.version)}::uuid[],
                        ${passages.map((p) => p.no)}::int[], ${bodies}::bytea[])
              with ordinality as given (document, version, no, body, place)`,
  );
}
