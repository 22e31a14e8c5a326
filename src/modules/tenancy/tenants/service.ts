import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, noDemand, type TenantKind, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import {
  crossInto,
  enter,
  isOutcomeUnknown,
  read,
  readOne,
  unit,
  write,
} from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { addInvitation } from "../../identity/invitations/service.ts";
import { customerAddressCell, customerNameCell, tenantNameCell } from "../../identity/members.ts";

const OWNER = { role: "owner", roleId: null, granted: null } as const;

export interface TenantSummary {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly ownerAddress: string;
  readonly createdAt: string;
  readonly state: "active";
}

/**
 * Creates a workspace and invites its first owner. Throws `slug_taken`. The operator gets no access to it: what
 * is kept here is the operator's own record of whom they created it for.
 */
export async function createTenant(
  ctx: Ctx,
  input: { slug: string; name: string; ownerAddress: string },
): Promise<{ id: string; slug: string }> {
  // Before keys are made: whoever may not do this leaves no trace on the disk.
  await enter(ctx);
  const id = newId();
  await ctx.system.keyring.create(id);
  try {
    // One transaction in two tenants: the operator's record, which proves the right to create one, then the tenant.
    await unit(ctx, async (inner) => {
      const keys = await keysOf(inner);
      await write(
        inner,
        db.insertInto("operator_tenant").values({
          tenant_id: tenantOf(inner).id,
          customer_id: id,
          slug: input.slug,
          name: keys.seal(customerNameCell(id), input.name),
          owner_address: keys.seal(customerAddressCell(id), input.ownerAddress),
        }),
      );
      record(inner, {
        event: "tenant.created",
        resource: { type: "tenant", id },
        changes: { slug: [null, input.slug], name: [null, input.name], owner: [null, input.ownerAddress] },
      });
      await crossInto(inner, foreignContext(ctx, id, input.slug), async (tenant) => {
        await insertTenant(tenant, "customer", input.name);
        await addInvitation(tenant, input.ownerAddress, OWNER, null, "The operator of this installation");
        record(tenant, { event: "tenant.created", resource: { type: "tenant", id } });
      });
    });
  } catch (error) {
    // A lost connection may have lost only the answer: then the workspace is there and needs its keys.
    if (!isOutcomeUnknown(error)) await ctx.system.keyring.destroy(id);
    throw error;
  }
  return { id, slug: input.slug };
}

/** The rows of a new tenant. In an open unit of that tenant. Throws `slug_taken`. */
export async function insertTenant(ctx: Ctx, kind: TenantKind, name: string): Promise<void> {
  const { id, slug } = tenantOf(ctx);
  const keys = await keysOf(ctx);
  await write(
    ctx,
    db.insertInto("tenant").values({ tenant_id: id, kind, name: keys.seal(tenantNameCell(id), name) }),
  );
  const { rows } = await write(
    ctx,
    sql<{ claimed: boolean }>`select directory.claim_slug(${slug}) as claimed`,
  );
  if (!rows[0]?.claimed) throw appError("slug_taken", { fields: { slug: "Choose another short name." } });
}

/** A context in another tenant for work that no session of that tenant does. */
export function foreignContext(ctx: Ctx, tenantId: string, slug: string): Ctx {
  return {
    ...ctx,
    tenant: { id: tenantId, slug },
    actor: { kind: "operator" },
    demand: { ...noDemand, changes: true },
    tx: null,
    standing: { current: null },
  };
}

/** The workspaces that this operator created, newest first. */
export async function listTenants(ctx: Ctx): Promise<TenantSummary[]> {
  const [rows] = await read(
    ctx,
    db.selectFrom("operator_tenant").selectAll().orderBy("created_at", "desc").limit(5000),
  );
  const keys = await keysOf(ctx);
  return rows.map((row) => ({
    id: row.customer_id,
    slug: row.slug,
    name: keys.openText(customerNameCell(row.customer_id), row.name),
    ownerAddress: keys.openText(customerAddressCell(row.customer_id), row.owner_address),
    createdAt: row.created_at.toISOString(),
    state: "active",
  }));
}

export async function tenantName(ctx: Ctx): Promise<{ slug: string; name: string }> {
  const row = await readOne(ctx, db.selectFrom("tenant").select("name"));
  if (!row) throw appError("not_found");
  const { id, slug } = tenantOf(ctx);
  return { slug, name: (await keysOf(ctx)).openText(tenantNameCell(id), row.name) };
}

export async function renameTenant(ctx: Ctx, name: string): Promise<{ slug: string; name: string }> {
  return unit(ctx, async (inner) => {
    const before = await tenantName(inner);
    const { id } = tenantOf(inner);
    const keys = await keysOf(inner);
    await write(
      inner,
      db
        .updateTable("tenant")
        .set({ name: keys.seal(tenantNameCell(id), name) })
        .where("tenant_id", "=", id),
    );
    record(inner, {
      event: "tenant.renamed",
      resource: { type: "tenant", id },
      changes: { name: [before.name, name] },
    });
    return { slug: before.slug, name };
  });
}
