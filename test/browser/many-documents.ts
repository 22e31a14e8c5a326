import { sql } from "kysely";
import { keysOf, tenantOf } from "../../src/kernel/context.ts";
import { unit, write } from "../../src/kernel/database/unit.ts";
import { newId } from "../../src/kernel/ids.ts";
import { jobContext } from "../../src/kernel/jobs.ts";
import type { System } from "../../src/kernel/system.ts";
import { nameCell } from "../../src/modules/knowledge/documents/view.ts";
import { takeNumbers } from "../../src/modules/knowledge/index/numbers.ts";
import type { Company, Person } from "../../src/modules/trust/stage/people.ts";

/**
 * So many more documents of a member, as after as many uploads, each like one that is there: `of` its id, their names
 * as `name` says, the last one the newest.
 */
export function addMany(
  system: System,
  company: Company,
  owner: Person,
  { of, count, name }: { of: string; count: number; name: (n: number) => string },
): Promise<void> {
  return unit(jobContext(system, { tenantId: company.id, slug: company.slug }), async (ctx) => {
    const keys = await keysOf(ctx);
    const first = await takeNumbers(ctx, "document", count);
    const ids = Array.from({ length: count }, () => newId());
    const versions = ids.map(() => newId());
    const names = ids.map((id, index) => keys.seal(nameCell(id), name(index + 1)));
    const tenant = tenantOf(ctx).id;
    await write(
      ctx,
      sql`insert into document
            (tenant_id, document_id, version_id, name, document_no, owner_id, kind, bytes, pages, file, content_hash,
             state, created_at, updated_at)
          select d.tenant_id, n.id, n.version, n.name, ${first - 1}::int + n.i::int, ${owner.id}, d.kind, d.bytes,
                 d.pages, d.file, d.content_hash, 'ready', d.created_at + n.i * interval '1 ms',
                 d.created_at + n.i * interval '1 ms'
            from document d,
                 unnest(${ids}::uuid[], ${versions}::uuid[], ${names}::bytea[]) with ordinality as n (id, version, name, i)
            where d.tenant_id = ${tenant} and d.document_id = ${of}`,
    );
    await write(
      ctx,
      sql`insert into document_version
            (tenant_id, version_id, document_id, no, name, kind, bytes, file, content_hash, state, pages, created_by,
             created_at, updated_at)
          select d.tenant_id, d.version_id, d.document_id, 1, d.name, d.kind, d.bytes, d.file, d.content_hash, 'ready',
                 d.pages, d.owner_id, d.created_at, d.updated_at
            from document d where d.tenant_id = ${tenant} and d.document_id = any(${ids}::uuid[])`,
    );
  });
}
