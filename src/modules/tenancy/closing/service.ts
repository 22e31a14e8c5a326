import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { days } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { crossInto, read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { actAlone } from "../../identity/roles/acting.ts";
import { foreignContext, tenantName } from "../tenants/service.ts";

/** So long a workspace that is closing can be read, exported and kept. */
export const KEPT_FOR = days(30);
/** So long after that its deletion has ended at the latest. */
export const PURGED_WITHIN = days(90);

export interface Closing {
  readonly since: string;
  /** From then on it is deleted. */
  readonly until: string;
}

/** Whether, and until when, the acting member's workspace is closing. */
export async function closingOf(ctx: Ctx): Promise<Closing | null> {
  const row = await readOne(ctx, db.selectFrom("tenant").select(["state", "closing_at", "purge_after"]));
  if (row?.state !== "closing" || !row.closing_at || !row.purge_after) return null;
  return { since: row.closing_at.toISOString(), until: row.purge_after.toISOString() };
}

/**
 * Closes the workspace: from now on it is read-only, and in 30 days it is deleted. Owners and admins are told. Throws
 * `invalid_input` unless `name` is what the workspace is called, `wrong_state` when it is closing already.
 */
export async function closeWorkspace(ctx: Ctx, name: string): Promise<Closing> {
  return unit(ctx, async (inner) => {
    await actAlone(inner);
    const { id } = tenantOf(inner);
    if (name.trim() !== (await tenantName(inner)).name)
      throw appError("invalid_input", { fields: { name: "This is not what the workspace is called." } });
    return close(inner, { by: "owner", name: await ownName(inner), reason: "" }, id);
  });
}

/** The operator closes a customer's workspace, for a reason that its owners and admins are told. Throws `not_found`. */
export async function closeCustomer(
  ctx: Ctx,
  customerId: string,
  { slug, reason }: { slug: string; reason: string },
): Promise<Closing> {
  let closing: Closing | null = null;
  await unit(ctx, async (inner) => {
    const customer = await readOne(
      inner,
      db.selectFrom("operator_tenant").select("slug").where("customer_id", "=", customerId),
    );
    if (!customer) throw appError("not_found");
    if (customer.slug !== slug.trim())
      throw appError("invalid_input", { fields: { slug: "This is not the workspace's short name." } });
    record(inner, {
      event: "tenant.closed-by-operator",
      resource: { type: "tenant", id: customerId },
      changes: { reason: [null, reason] },
    });
    await crossInto(inner, foreignContext(ctx, customerId, customer.slug), async (tenant) => {
      closing = await close(tenant, { by: "operator", name: "", reason }, customerId);
    });
  });
  if (!closing) throw appError("wrong_state");
  return closing;
}

type Closer = { readonly by: "owner" | "operator"; readonly name: string; readonly reason: string };

async function close(ctx: Ctx, closer: Closer, tenantId: string): Promise<Closing> {
  // By the database's clock, and with an entry of its own: the application can neither shorten the days nor hide them.
  const { rows } = await write(
    ctx,
    sql<{ since: Date; until: Date }>`select since, until from directory.begin_closing(${closer.by})`,
  );
  const [begun] = rows;
  if (!begun) throw appError("wrong_state");
  const { since, until } = begun;
  record(ctx, {
    event: "tenant.closing",
    resource: { type: "tenant", id: tenantId },
    changes: {
      until: [null, until.toISOString()],
      ...(closer.reason ? { reason: [null, closer.reason] } : {}),
    },
  });
  await tellManagers(ctx, (id) =>
    notify(ctx, id, "workspace-closing", {
      by: closer.name,
      reason: closer.reason,
      until: until.toISOString(),
    }),
  );
  return { since: since.toISOString(), until: until.toISOString() };
}

/** Takes the closing back: everything goes on as before. Throws `wrong_state` when it is not closing. */
export async function keepWorkspace(ctx: Ctx): Promise<void> {
  await unit(ctx, async (inner) => {
    await actAlone(inner);
    const { id } = tenantOf(inner);
    const { rows } = await write(inner, sql<{ kept: boolean }>`select directory.end_closing() as kept`);
    if (!rows[0]?.kept) throw appError("wrong_state");
    record(inner, { event: "tenant.kept", resource: { type: "tenant", id } });
    const by = await ownName(inner);
    await tellManagers(inner, (member) => notify(inner, member, "workspace-kept", { by }));
    await goOn(inner);
  });
}

/** Asks again for what jobs left undone while nothing changed. */
async function goOn(ctx: Ctx): Promise<void> {
  const { id } = tenantOf(ctx);
  const [unread] = await read(
    ctx,
    db.selectFrom("document_version").select("version_id").where("state", "in", ["received", "reading"]),
  );
  for (const [waiting, { version_id }] of unread.entries())
    await ctx.system.jobs.enqueue(ctx, "knowledge.read-document", version_id, waiting);
  await ctx.system.jobs.enqueue(ctx, "knowledge.index", id);
  await ctx.system.jobs.enqueue(ctx, "knowledge.tidy-library", id);
}

async function tellManagers(ctx: Ctx, tell: (memberId: string) => Promise<void>): Promise<void> {
  const [managers] = await read(
    ctx,
    db
      .selectFrom("member")
      .select("member_id")
      .where("role", "in", ["owner", "admin"])
      .where("status", "=", "active"),
  );
  for (const { member_id } of managers) await tell(member_id);
}

async function ownName(ctx: Ctx): Promise<string> {
  const row = await readOne(
    ctx,
    db.selectFrom("member").select(["member_id", "name"]).where("member_id", "=", memberOf(ctx)),
  );
  return row ? openName(await keysOf(ctx), row) : "";
}
