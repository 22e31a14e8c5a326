import type pg from "pg";
import { type AuditEntry, auditStatement } from "../../../kernel/audit.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { Address } from "../../identity/addresses.ts";
import {
  customerAddressCell,
  customerNameCell,
  openAddress,
  passwordCell,
  tenantNameCell,
} from "../../identity/members.ts";
import { costOf } from "../../identity/passwords/stored.ts";
import { PersonName } from "../../identity/shapes.ts";
import { copyIn, copyOut } from "../backup/copy.ts";
import { backupFailure, isBackupFailure } from "../backup/failure.ts";
import { rowsOf } from "../backup/snapshot.ts";
import { copyInto, type Table } from "../backup/tables.ts";
import { compareRows } from "../backup/tenant-restore.ts";

const OPERATOR = "operator";
/** Given anew by the log of the installation that it comes to. */
const NOT_COPIED: readonly string[] = ["audit.place", "audit.staged", "directory.tenant_slug"];

const ENTRIES_AT_ONCE = 5000;
/** An installation has one kind of its own, and a few of imported people. */
const MOST_COSTS = 10;

/** A workspace on its way from one database into another. */
export interface Arrival {
  readonly tenantId: string;
  /** Under which short name it is found here. */
  readonly slug: string;
  /** What its own log says of it, after everything that it brings. */
  readonly entry: AuditEntry;
}

/** What of a workspace its new installation must know in clear. Throws `damaged` when its keys do not open it. */
export async function openArrival(
  from: pg.Client,
  keys: TenantKeys,
): Promise<{ name: string; ownerAddress: string; costs: string[] }> {
  const { rows: tenants } = await from.query<{ name: Buffer }>("select name from public.tenant");
  const { rows: members } = await from.query<{
    member_id: string;
    role: string;
    status: string;
    address: Buffer;
    password: Buffer | null;
  }>("select member_id, role, status, address, password from public.member order by created_at, member_id");
  try {
    const owner = members.find(({ role, status }) => role === "owner" && status === "active");
    if (!tenants[0] || !owner) throw backupFailure("damaged", "This workspace has no owner.");
    const costs = new Set<string>();
    for (const { member_id, password } of members)
      if (password) costs.add(costOf(keys.openText(passwordCell(member_id), password)));
    const name = keys.openText(tenantNameCell(keys.tenantId), tenants[0].name);
    const ownerAddress = openAddress(keys, owner);
    // Each kind of hash is measured here; name and address stand in the operator's lists, where control characters would
    // make them somebody else's.
    const asGiven = PersonName.safeParse(name).success && Address.safeParse(ownerAddress).success;
    if (costs.size > MOST_COSTS || !asGiven)
      throw backupFailure("damaged", "This workspace says something of itself that none can be given here.");
    return { name, ownerAddress, costs: [...costs] };
  } catch (cause) {
    if (isBackupFailure(cause)) throw cause;
    throw backupFailure("damaged", "The keys of this archive do not open what is in it.", cause);
  }
}

/**
 * Copies a tenant's rows from a scratch database, in one transaction of a superuser: before it commits nobody finds the
 * workspace, and after it everybody does. Its log entries come as they are and wait for their place in the tree of this
 * installation, in their old order, which numbers them as before; then comes the one that says where they are from.
 * Answers how many rows, and which costs of password hashes the installation has not had before.
 */
export async function bringIn(
  system: System,
  from: pg.Client,
  to: pg.Client,
  tables: readonly Table[],
  arrival: Arrival,
): Promise<{ rows: number; costs: string[] }> {
  const { tenantId, slug } = arrival;
  const keys = await system.keyring.tenant(tenantId);
  const known = await openArrival(from, keys);
  await to.query("begin");
  try {
    await to.query("set local session_replication_role = replica");
    await requireFree(to, tenantId, slug);
    let rows = 0;
    for (const table of tables.filter(({ name }) => !NOT_COPIED.includes(name))) {
      rows += await copyIn(to, copyInto(table), copyOut(from, rowsOf(table, tenantId)));
      await compareRows(from, to, table, tenantId);
    }
    await to.query("insert into directory.tenant_slug (slug, tenant_id) values ($1, $2)", [slug, tenantId]);
    await stageEntries(from, to, tenantId);
    const { rows: costs } = await to.query<{ cost: string }>(
      "insert into platform.hash_cost (cost) select unnest($1::text[]) on conflict do nothing returning cost",
      [known.costs],
    );
    await append(system, to, { tenantId, slug }, keys, arrival.entry);
    await tellOperator(system, to, arrival, known);
    await to.query("commit");
    return { rows, costs: costs.map(({ cost }) => cost) };
  } catch (error) {
    // A connection that is lost has rolled back, too.
    await to.query("rollback").catch(() => undefined);
    if ((error as { code?: string }).code === "23505")
      throw backupFailure(
        "taken",
        `A workspace with this id or the short name ${slug} has just come.`,
        error,
      );
    throw error;
  }
}

/** Throws `taken` where there is such a workspace, or was one: an id names one workspace for ever. */
export async function requireFree(to: pg.ClientBase, tenantId: string, slug: string): Promise<void> {
  if (slug === OPERATOR)
    throw backupFailure("taken", "This short name is the operator's own. Give another one with --slug.");
  const { rows } = await to.query<{ id: boolean; slug: boolean }>(
    `select exists (select from public.tenant where tenant_id = $1)
         or exists (select from platform.closing where tenant_id = $1)
         or exists (select from platform.canary where tenant_id = $1) as id,
            exists (select from directory.tenant_slug where slug = $2)
         or exists (select from platform.closing where slug = $2 and kept_at is null) as slug`,
    [tenantId, slug],
  );
  if (rows[0]?.id !== false)
    throw backupFailure("taken", "This workspace is, or was, in this installation already.");
  if (rows[0].slug)
    throw backupFailure("taken", `The short name ${slug} is taken here. Give another one with --slug.`);
}

/** In the order of their old numbers, which they get again. */
async function stageEntries(from: pg.Client, to: pg.Client, tenantId: string): Promise<void> {
  await from.query("begin");
  await from.query(
    `declare entries no scroll cursor for
       select e.entry_id as id from audit.entry e
         left join audit.place p on p.tenant_id = e.tenant_id and p.entry_id = e.entry_id
         left join audit.staged s on s.tenant_id = e.tenant_id and s.entry_id = e.entry_id
         where p.number is not null or s.staged_no is not null
         order by p.number is null, p.number, s.staged_no`,
  );
  for (;;) {
    const { rows } = await from.query<{ id: string }>(`fetch ${ENTRIES_AT_ONCE} from entries`);
    if (rows.length === 0) break;
    await to.query(
      `insert into audit.staged (tenant_id, entry_id, entry_hash)
         select e.tenant_id, e.entry_id, audit.entry_hash(e)
           from unnest($2::uuid[]) with ordinality as given (id, no)
           join audit.entry e on e.tenant_id = $1 and e.entry_id = given.id order by given.no`,
      [tenantId, rows.map(({ id }) => id)],
    );
  }
  await from.query("commit");
}

/** As the application would, for a tenant of this transaction. */
async function append(
  system: System,
  to: pg.ClientBase,
  tenant: { tenantId: string; slug: string },
  keys: TenantKeys,
  entry: AuditEntry,
): Promise<void> {
  await to.query(
    `select set_config('vouchsafe.tenant', $1, true), set_config('vouchsafe.session', '', true),
            set_config('vouchsafe.key', '', true), set_config('vouchsafe.actor', 'operator', true)`,
    [tenant.tenantId],
  );
  const { sql, parameters } = auditStatement(jobContext(system, tenant), keys, entry);
  await to.query(sql, [...parameters]);
}

/** The operator's own record of the customer, and the entry in their log; nothing where there is no operator. */
async function tellOperator(
  system: System,
  to: pg.ClientBase,
  { tenantId, slug, entry }: Arrival,
  { name, ownerAddress }: { name: string; ownerAddress: string },
): Promise<void> {
  const operator = await system.directory.tenantBySlug(OPERATOR);
  if (!operator) return;
  const keys = await system.keyring.tenant(operator);
  await to.query(
    "insert into operator_tenant (tenant_id, customer_id, slug, name, owner_address) values ($1, $2, $3, $4, $5)",
    [
      operator,
      tenantId,
      slug,
      keys.seal(customerNameCell(tenantId), name),
      keys.seal(customerAddressCell(tenantId), ownerAddress),
    ],
  );
  await append(system, to, { tenantId: operator, slug: OPERATOR }, keys, entry);
}
