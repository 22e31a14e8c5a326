import pg from "pg";
import { record } from "../../../kernel/audit.ts";
import { days } from "../../../kernel/clock.ts";
import { keysOf } from "../../../kernel/context.ts";
import { openPool } from "../../../kernel/database/pool.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { giveAll, holdingsOf } from "../../tenancy/hand-over/service.ts";
import { finishErasures } from "./finishing.ts";
import { type Erased, readErased } from "./ledger.ts";
import { type Spoken, spokenCell, spokenOf } from "./service.ts";

// A backup brings back whom somebody erased after it was made. Before anybody can enter what was set back, they are erased
// once more: what follows stands in the key store's folder, and the work is the erasure's own.

/** What was done again, in people. */
export interface ErasedAgain {
  readonly again: number;
  /** Of these something did not open: the server tries again daily. */
  readonly left: number;
  /**
   * Members (their ids) of whom their address, or what they own, could not be looked at: they are removed, and an erasure is
   * open that works without it. What is found by their address alone must be erased by hand.
   */
  readonly failed: readonly string[];
}

/**
 * Erases everybody again who was erased after `taken`, in what `system` and `adminUrl` (a superuser's, of the same database)
 * lead to: a database that nobody has entered yet. `only` keeps to one workspace. `erased` says who that is, where it is
 * not the list in the system's own home. Done again, it does nothing.
 */
export async function eraseAgain(
  system: System,
  adminUrl: string,
  {
    taken,
    only,
    erased: all,
  }: { readonly taken: Date; readonly only?: string; readonly erased?: readonly Erased[] },
): Promise<ErasedAgain> {
  // Two clocks: the database's own said when the backup was taken.
  const since = taken.getTime() - days(1);
  const erased = (all ?? (await readErased(system.config.home))).filter(
    ({ tenant, at }) => Date.parse(at) >= since && (only === undefined || tenant === only),
  );
  if (erased.length === 0) return { again: 0, left: 0, failed: [] };
  const client = new pg.Client({ connectionString: adminUrl, application_name: "vouchsafe restore" });
  await client.connect();
  try {
    // No queue works here: indexes are tidied by the clock, once a server runs.
    const quiet: System = { ...system, jobs: { ...system.jobs, enqueue: async () => {} } };
    const [begun, failed]: [string[], string[]] = [[], []];
    for (const one of erased) {
      // Each by itself: of one person nothing may open, and all the others come back with a restore that ends there.
      try {
        const id = await beginAgain(quiet, client, one);
        if (id) begun.push(id);
      } catch (error) {
        system.log.error({ err: error, member: one.member }, "somebody could not be erased again");
        failed.push(one.member);
        await removeAtLeast(quiet, client, one);
      }
    }
    await finishErasures(quiet);
    const { rowCount } = await client.query(
      "select from erasure where erasure_id = any($1) and state = 'working'",
      [begun],
    );
    return { again: begun.length, left: rowCount ?? 0, failed };
  } finally {
    await client.end();
  }
}

/** Those of one workspace as its own rows say: one may have begun that the list does not name yet. */
export async function erasuresIn(adminUrl: string, tenantId: string): Promise<readonly Erased[]> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: "vouchsafe restore" });
  await client.connect();
  try {
    const { rows } = await client.query<Omit<Erased, "at"> & { at: Date }>(
      `select tenant_id as tenant, member_id as member, created_at as at, asked_by as by, content, given_to as to
         from erasure where tenant_id = $1 and isfinite(created_at)`,
      [tenantId],
    );
    return rows.map((one) => ({ ...one, at: one.at.toISOString() }));
  } finally {
    await client.end();
  }
}

/** The same system on a copy of its database. Files stay: whoever puts the copy's rows back leaves out what goes here. */
export function onCopy(system: System, url: string): { system: System; close(): Promise<void> } {
  const pool = openPool(url, system.log, { max: 2, name: "copy" });
  const files = { ...system.files, remove: async () => false };
  return { system: { ...system, pool, files }, close: () => pool.end() };
}

/** Answers the new erasure's id; null where there is nothing to erase: a person who came later, a workspace that is gone. */
async function beginAgain(system: System, client: pg.Client, one: Erased): Promise<string | null> {
  if (!system.keyring.has(one.tenant)) return null;
  const { rows } = await client.query<{
    slug: string;
    open: boolean;
    begun: boolean;
    by: string;
    to: string | null;
  }>(
    `select s.slug, t.state in ('active', 'closing') as open, exists (select from erasure x where x.tenant_id = m.tenant_id and x.member_id = m.member_id) as begun,
            coalesce((select b.member_id from member b where b.tenant_id = m.tenant_id and b.member_id = $3), o.id,
                     m.member_id) as by,
            coalesce((select b.member_id from member b where b.tenant_id = m.tenant_id and b.member_id = $4
                        and b.status = 'active'), o.id) as to
       from member m
       join directory.tenant_slug s using (tenant_id)
       join tenant t on t.tenant_id = m.tenant_id
       left join lateral (select b.member_id as id from member b where b.tenant_id = m.tenant_id and b.role = 'owner'
                            and b.status = 'active' and b.member_id <> m.member_id order by b.member_id limit 1) o on true
       where m.tenant_id = $1 and m.member_id = $2`,
    [one.tenant, one.member, one.by, one.to],
  );
  const [found] = rows;
  if (!found || found.begun) return null;
  if (!found.open) throw new Error("a workspace that is closed opens nothing");
  const id = newId();
  const ctx = jobContext(system, { tenantId: one.tenant, slug: found.slug });
  const sealed = await unit(ctx, async (inner) => {
    const spoken = await spokenOf(inner, one.member);
    if (one.content === "handed-over") {
      const { documents, folders, chats } = await holdingsOf(inner, one.member);
      // Whoever got it may have come after the backup: then an owner has it, rather than nobody.
      if (found.to && documents + folders + chats > 0) await giveAll(inner, one.member, found.to);
    }
    await write(
      inner,
      db
        .updateTable("member")
        .set({ status: "removed", address_hash: null })
        .where("member_id", "=", one.member),
    );
    record(inner, {
      event: "member.erased",
      resource: { type: "member", id: one.member },
      method: "again after a restore",
      changes: { content: [null, one.content] },
    });
    return (await keysOf(inner)).seal(spokenCell(id), JSON.stringify(spoken));
  });
  await client.query(
    `insert into erasure (tenant_id, erasure_id, member_id, asked_by, content, given_to, created_at, spoken, state)
       values ($1, $2, $3, $4, $5, $6, $7, $8, 'working')`,
    [
      one.tenant,
      id,
      one.member,
      found.by,
      one.content,
      one.content === "handed-over" ? found.to : null,
      one.at,
      sealed,
    ],
  );
  return id;
}

/** Keeps somebody out of whom something does not open, and leaves an erasure that does what can be done without it. */
async function removeAtLeast(system: System, client: pg.Client, one: Erased): Promise<void> {
  await client.query(
    "update member set status = 'removed', address_hash = null where tenant_id = $1 and member_id = $2",
    [one.tenant, one.member],
  );
  const id = newId();
  const keys = await system.keyring.tenant(one.tenant).catch(() => null); // then the row says so daily
  const spoken =
    keys?.seal(spokenCell(id), JSON.stringify({ addresses: [] } satisfies Spoken)) ?? Buffer.of();
  await client.query(
    `insert into erasure (tenant_id, erasure_id, member_id, asked_by, content, given_to, created_at, spoken, state)
       select $1, $2, $3, coalesce(b.member_id, m.member_id), $4, null, $5, $6, 'working'
         from member m left join member b on b.tenant_id = $1 and b.member_id = $7
         where m.tenant_id = $1 and m.member_id = $3
           and not exists (select from erasure x where x.tenant_id = $1 and x.member_id = $3)`,
    [one.tenant, id, one.member, one.content, one.at, spoken, one.by],
  );
}
