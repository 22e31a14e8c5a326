import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { read } from "../../../kernel/database/unit.ts";
import type { PassageBody } from "../../knowledge/documents/service.ts";
import { nameCell, passageCell } from "../../knowledge/documents/view.ts";
import { folderNameCell } from "../../knowledge/folders/view.ts";
import { versionNameCell } from "../../knowledge/versions/view.ts";

/** A file as it was added, with where it lies. */
export interface Original {
  readonly documentNo: number;
  readonly documentId: string;
  readonly versionId: string;
  readonly version: number;
  readonly isCurrent: boolean;
  readonly isBinned: boolean;
  readonly folders: readonly string[];
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly addedAt: Date;
}

/** How much one part of an export holds: what is lost when it is cut off, and has to be done again. */
export const DOCUMENTS_IN_PART = 1000;
const BYTES_IN_PART = 1024 ** 3;

/** The next documents, in all their versions, whose number comes after one; of one owner, when one is named. */
export async function nextOriginals(
  ctx: Ctx,
  after: number,
  ownerId: string | null,
  atMost: number,
): Promise<Original[]> {
  const keys = await keysOf(ctx);
  const tenant = tenantOf(ctx).id;
  const mine = ownerId === null ? sql`true` : sql`d.owner_id = ${ownerId}`;
  const [rows] = await read(
    ctx,
    sql<OriginalRow>`
      select d.document_no, d.document_id, d.name as document_name, d.folder_id, d.deleted_at, d.version_id as current,
             v.version_id, v.no, v.name, v.file, v.bytes::float8 as bytes, v.created_at
        from (select * from document d where d.tenant_id = ${tenant} and d.document_no > ${after} and ${mine}
                order by d.document_no limit ${atMost}) d
        join document_version v on v.tenant_id = d.tenant_id and v.document_id = d.document_id
        order by d.document_no, v.no`,
  );
  const folders = await foldersOf(ctx, keys, ownerId);
  const taken: Original[] = [];
  let bytes = 0;
  for (const row of rows) {
    // A document is whole in one part.
    if (bytes > BYTES_IN_PART && row.document_no !== taken.at(-1)?.documentNo) break;
    bytes += row.bytes;
    const isCurrent = row.version_id === row.current;
    taken.push({
      documentNo: row.document_no,
      documentId: row.document_id,
      versionId: row.version_id,
      version: row.no,
      isCurrent,
      isBinned: row.deleted_at !== null,
      folders: pathOf(folders, row.folder_id),
      name: isCurrent
        ? keys.openText(nameCell(row.document_id), row.document_name)
        : keys.openText(versionNameCell(row.version_id), row.name),
      file: row.file,
      bytes: row.bytes,
      addedAt: row.created_at,
    });
  }
  return taken;
}

interface OriginalRow {
  document_no: number;
  document_id: string;
  document_name: Buffer;
  folder_id: string | null;
  deleted_at: Date | null;
  current: string;
  version_id: string;
  no: number;
  name: Buffer;
  file: string;
  bytes: number;
  created_at: Date;
}

export async function countDocuments(ctx: Ctx, ownerId: string | null): Promise<number> {
  const mine = ownerId === null ? sql`true` : sql`owner_id = ${ownerId}`;
  const [rows] = await read(
    ctx,
    sql<{
      n: number;
    }>`select count(*)::int as n from document where tenant_id = ${tenantOf(ctx).id} and ${mine}`,
  );
  return rows[0]?.n ?? 0;
}

type Folders = ReadonlyMap<string, { readonly name: string; readonly parent: string | null }>;

/** Of a person only their own: what others call their folders is not theirs to take. */
async function foldersOf(ctx: Ctx, keys: TenantKeys, ownerId: string | null): Promise<Folders> {
  const mine = ownerId === null ? sql`true` : sql`owner_id = ${ownerId}`;
  const [rows] = await read(
    ctx,
    sql<{ folder_id: string; parent_id: string | null; name: Buffer }>`
      select folder_id, parent_id, name from folder where tenant_id = ${tenantOf(ctx).id} and ${mine}`,
  );
  return new Map(
    rows.map((row) => [
      row.folder_id,
      { name: keys.openText(folderNameCell(row.folder_id), row.name), parent: row.parent_id },
    ]),
  );
}

function pathOf(folders: Folders, id: string | null): string[] {
  const names: string[] = [];
  for (let at = id; at !== null && names.length < 100; ) {
    const folder = folders.get(at);
    if (!folder) break;
    names.unshift(folder.name);
    at = folder.parent;
  }
  return names;
}

const PASSAGES_AT_ONCE = 200;

/** What was read out of a version, as Markdown: its pages are marked where it has any. */
export async function* textOf(ctx: Ctx, original: Original): AsyncGenerator<string> {
  const keys = await keysOf(ctx);
  let page: number | null = null;
  let heading: PassageBody["heading"] = null;
  for (let after = -1; ; ) {
    const [rows] = await read(
      ctx,
      sql<{ passage_no: number; page: number | null; body: Buffer }>`
        select passage_no, page, body from passage
          where tenant_id = ${tenantOf(ctx).id} and version_id = ${original.versionId} and passage_no > ${after}
          order by passage_no limit ${PASSAGES_AT_ONCE}`,
    );
    for (const row of rows) {
      if (row.page !== null && row.page !== page) yield `<!-- page ${row.page} -->\n\n`;
      page = row.page;
      const body = JSON.parse(
        keys.openText(passageCell(original.versionId, row.passage_no), row.body),
      ) as PassageBody;
      if (body.heading && body.heading !== heading) yield `## ${body.heading}\n\n`;
      heading = body.heading;
      yield `${body.text}\n\n`;
    }
    const last = rows.at(-1);
    if (!last || rows.length < PASSAGES_AT_ONCE) return;
    after = last.passage_no;
  }
}

/** Whether anything was read out of a version. */
export async function hasText(ctx: Ctx, { versionId }: Original): Promise<boolean> {
  const [rows] = await read(
    ctx,
    sql<{ there: boolean }>`select exists (select from passage
      where tenant_id = ${tenantOf(ctx).id} and version_id = ${versionId}) as there`,
  );
  return rows[0]?.there === true;
}
