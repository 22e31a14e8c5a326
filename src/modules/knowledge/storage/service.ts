import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { takeNumbers } from "../index/numbers.ts";

/** What one member may take; null is no bound. */
export interface MemberQuota {
  readonly memberDocuments: number | null;
  readonly memberBytes: number | null;
}

/** Bounds what each member may own. Whoever has more already keeps it, and adds nothing. */
export async function setMemberQuota(ctx: Ctx, quota: MemberQuota): Promise<MemberQuota> {
  return unit(ctx, async (inner) => {
    // The row before the counter, as numbers.ts says; then between two uploads, not beside one.
    await read(inner, sql`select from tenant where tenant_id = ${tenantOf(inner).id} for no key update`);
    await takeNumbers(inner, "document", 1);
    const { id } = tenantOf(inner);
    const before = await readOne(
      inner,
      db.selectFrom("tenant").select(["member_documents", "member_bytes"]).where("tenant_id", "=", id),
    );
    const { memberDocuments, memberBytes } = quota;
    await write(
      inner,
      db
        .updateTable("tenant")
        .set({ member_documents: memberDocuments, member_bytes: memberBytes })
        .where("tenant_id", "=", id),
    );
    record(inner, {
      event: "policy.quotas-changed",
      resource: { type: "tenant", id },
      changes: {
        memberDocuments: [before?.member_documents ?? null, memberDocuments],
        memberBytes: [before?.member_bytes ?? null, memberBytes],
      },
    });
    return quota;
  });
}

/** What one workspace may take; null is what every workspace may. */
export interface WorkspaceQuota {
  readonly documents: number | null;
  readonly bytes: number | null;
}

/** As the operator: lets another workspace take more or less. Throws `not_found`. */
export async function setWorkspaceQuota(ctx: Ctx, tenantId: string, quota: WorkspaceQuota): Promise<void> {
  await unit(ctx, async (inner) => {
    const { rows } = await write(
      inner,
      // The database asks itself whether this is the operator's own workspace.
      sql<{ set: boolean }>`
        select directory.set_quota(${tenantId}, ${quota.documents}, ${quota.bytes}) as set`,
    );
    if (!rows[0]?.set) throw appError("not_found");
    record(inner, {
      event: "tenant.quota-changed",
      resource: { type: "tenant", id: tenantId },
      changes: { documents: [null, quota.documents], bytes: [null, quota.bytes] },
    });
  });
}
