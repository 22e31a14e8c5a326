import { sql } from "kysely";
import { type Ctx, memberOf, tenantOf } from "../../../kernel/context.ts";
import { readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";

const GB = 1024 ** 3;

/** What one workspace may take where the operator said nothing else, so that what it takes is not missing for others. */
export const quotas = {
  documents: 10_000,
  /** Of all originals together, those of older versions and of what lies in the bin too. */
  bytes: 5 * GB,
  /** Documents that wait to be read, or are being read and indexed. */
  waiting: 200,
} as const;

/** What is taken, and how much may be; null where there is no bound. */
export interface Taken<Most = number> {
  readonly used: number;
  readonly most: Most;
}
export interface Storage {
  readonly workspace: { readonly documents: Taken; readonly bytes: Taken };
  /** Of one member: what they own, and what they are sending. */
  readonly mine: { readonly documents: Taken<number | null>; readonly bytes: Taken<number | null> };
  readonly waiting: Taken;
}

interface Row {
  readonly documents: number;
  readonly bytes: string;
  readonly waiting: number;
  readonly own_documents: number;
  readonly own_bytes: string;
  readonly most_documents: number | null;
  readonly most_bytes: string | null;
  readonly member_documents: number | null;
  readonly member_bytes: string | null;
}

/** What the workspace takes, and a member of it. An upload that is not whole yet counts as if it were. */
export async function storageOf(ctx: Ctx, owner: string = memberOf(ctx)): Promise<Storage> {
  const row = await readOne(
    ctx,
    sql<Row>`
      with file as (
        select v.bytes, d.owner_id = ${owner} as own, v.state
          from document_version v join document d on d.tenant_id = v.tenant_id and d.document_id = v.document_id
          where v.restored_from is null
        union all
        -- What is being sent counts at its sender, also as a version of somebody else's document.
        select u.bytes, u.member_id = ${owner}, 'upload'
          from upload u
          where u.expires_at > ${ctx.clock()})
      select (select count(*) from document)::int + sending.n as documents,
             (select count(*) from document where owner_id = ${owner})::int + sending.own as own_documents,
             -- What is in the bin is neither read nor indexed there.
             (select count(*) from document where state in ('received', 'reading', 'indexing') and deleted_at is null)::int
               + (select count(*) from document_version v
                    join document d on d.tenant_id = v.tenant_id and d.document_id = v.document_id
                    where v.state in ('received', 'reading') and d.version_id <> v.version_id and d.deleted_at is null)::int
               as waiting,
             (select coalesce(sum(bytes), 0) from file)::text as bytes,
             (select coalesce(sum(bytes), 0) from file where own)::text as own_bytes,
             t.quota_documents as most_documents, t.quota_bytes::text as most_bytes,
             t.member_documents, t.member_bytes::text as member_bytes
        from tenant t
        cross join lateral (
          select count(*)::int as n, count(*) filter (where u.member_id = ${owner})::int as own
            from upload u where u.document_id is null and u.expires_at > ${ctx.clock()}) sending
        where t.tenant_id = ${tenantOf(ctx).id}`,
  );
  if (!row) throw appError("not_found");
  const bound = (value: string | null) => (value === null ? null : Number(value));
  return {
    workspace: {
      documents: { used: row.documents, most: row.most_documents ?? quotas.documents },
      bytes: { used: Number(row.bytes), most: bound(row.most_bytes) ?? quotas.bytes },
    },
    mine: {
      documents: { used: row.own_documents, most: row.member_documents },
      bytes: { used: Number(row.own_bytes), most: bound(row.member_bytes) },
    },
    waiting: { used: row.waiting, most: quotas.waiting },
  };
}

/**
 * Throws `quota`, saying what is left, unless this much more fits in: into the workspace, and into what the member may
 * have who is to own it. Exact only in a unit of work that holds the counter of documents (`takeNumbers`), which lets
 * one of a tenant at a time pass. Answers how many wait.
 */
export async function checkRoom(
  ctx: Ctx,
  add: { readonly documents: number; readonly bytes: number; readonly owner: string },
): Promise<{ waiting: number }> {
  const { workspace, mine, waiting } = await storageOf(ctx, add.owner);
  demandRoom(workspace, add, "This workspace");
  demandRoom(mine, add, add.owner === memberOf(ctx) ? "You" : "The owner of this document");
  demandTurn(waiting);
  return { waiting: waiting.used };
}

/** How many waited before these, which the open unit of work has added already. Throws `quota` when they were too many. */
export async function waitingAlready(ctx: Ctx, these: number): Promise<number> {
  const { waiting } = await storageOf(ctx);
  const used = Math.max(0, waiting.used - these);
  demandTurn({ ...waiting, used });
  return used;
}

function demandTurn(waiting: Taken): void {
  if (waiting.used >= waiting.most) {
    throw appError("quota", {
      message: `${waiting.used} documents wait to be read. Wait until some of them are ready, then add more.`,
    });
  }
}

function demandRoom(
  { documents, bytes }: Storage["mine"],
  add: { readonly documents: number; readonly bytes: number },
  who: string,
): void {
  const has = who === "You" ? "have" : "has";
  const whose = who === "You" ? "your" : "its";
  if (add.documents > 0 && documents.most !== null && documents.used + add.documents > documents.most) {
    throw appError("quota", {
      message: `${who} ${has} ${whose} ${documents.most.toLocaleString("en")} documents. Delete some first, and empty the bin.`,
    });
  }
  if (bytes.most !== null && bytes.used + add.bytes > bytes.most) {
    throw appError("quota", {
      message: `Of ${whose} ${inWords(bytes.most)} ${who === "You" ? "you" : who.replace("This", "this").replace("The", "the")} ${has} ${inWords(Math.max(0, bytes.most - bytes.used))} left. Delete documents first, and empty the bin.`,
    });
  }
}

function inWords(bytes: number): string {
  if (bytes >= GB) return `${Math.floor((bytes / GB) * 10) / 10} GB`;
  return `${Math.floor(bytes / 1024 ** 2)} MB`;
}
