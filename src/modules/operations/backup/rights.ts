import type pg from "pg";
import { copyIn, copyOut } from "./copy.ts";

// What lets somebody in. A backup has it as it stood at its moment: what was taken away since would stand again.

/** Each ends what is open of one table of tenants; $1 is the tenant, or null for all. */
const ENDING: readonly (readonly [table: string, sql: string])[] = [
  ["session", "update session set ended_at = now(), ended_because = 'restored' where ended_at is null"],
  ["api_key", "update api_key set revoked_at = now() where revoked_at is null"],
  ["invitation", "update invitation set revoked_at = now() where accepted_at is null and revoked_at is null"],
  ["mailed_link", "update mailed_link set used_at = now() where used_at is null"],
  [
    "address_change",
    "update address_change set cancelled_at = now() where confirmed_at is null and undone_at is null and cancelled_at is null",
  ],
  ["support_grant", "update support_grant set ended_at = now() where ended_at is null"],
  ["opening", "update opening set ended_at = now() where ended_at is null"],
  ["opening_owner", "update opening_owner set ended_at = now() where ended_at is null"],
];

/** So long nothing is deleted that was about to be, in what was set back: somebody may have kept it since. */
const GRACE = "7 days";

/**
 * Ends, in the transaction of a load and before anybody can enter, whatever lets somebody in beside a password and a
 * second factor; and gives workspaces that were closing time, since they may have been kept after the backup.
 */
export async function endRights(client: pg.ClientBase): Promise<void> {
  await openClosed(client);
  for (const [table, sql] of ENDING) if (await isThere(client, table)) await client.query(sql);
  // Mails that waited carry links of those.
  for (const table of ["factor_ticket", "mail", "challenge_used"])
    if (await isThere(client, table)) await client.query(`delete from ${table}`);
  await client.query(
    `update tenant set purge_after = greatest(purge_after, now() + interval '${GRACE}') where state = 'closing'`,
  );
  await client.query(
    `update platform.closing set purge_after = greatest(purge_after, now() + interval '${GRACE}')
       where kept_at is null and done_at is null`,
  );
}

/**
 * A workspace that was closed without having been deleted: it was being set back when the backup was made. It gets back the
 * state that it had before, which its own times say.
 */
export async function openClosed(client: pg.ClientBase): Promise<void> {
  await client.query(
    `update public.tenant t set state = case when closing_at is null or purge_after is null then 'active' else 'closing' end
       where state = 'closed' and exists (select from public.member m where m.tenant_id = t.tenant_id)
         and not exists (select from platform.closing c where c.tenant_id = t.tenant_id and c.kept_at is null
                           and (c.purge_began_at is not null or c.done_at is not null))`,
  );
}

/** Of an older backup a later migration makes it, empty. */
const isThere = async (client: pg.ClientBase, table: string): Promise<boolean> =>
  (await client.query("select from pg_class where oid = to_regclass($1)", [`public.${table}`])).rowCount ===
  1;

/**
 * Keeps, for this transaction, the rights of a tenant as they stand now: in this database, or in the one of `real`, with the
 * same tables.
 */
export async function rememberRights(
  client: pg.ClientBase,
  tenantId: string,
  real: pg.ClientBase = client,
): Promise<void> {
  for (const table of REMEMBERED) {
    const rows = `select * from public.${table} where tenant_id = '${tenantId}'`;
    if (real === client) await client.query(`create temp table was_${table} on commit drop as ${rows}`);
    else {
      await client.query(`create temp table was_${table} on commit drop as ${rows} limit 0`);
      await copyIn(
        client,
        `copy was_${table} from stdin with (format binary)`,
        copyOut(real, `copy (${rows}) to stdout with (format binary)`),
      );
    }
  }
}

const REMEMBERED = [
  "tenant",
  "member",
  "api_key",
  "invitation",
  "support_grant",
  "opening",
  "share",
  "group_member",
  "role",
  "document",
  "folder",
  "chat",
  "member_group",
  "passkey",
  "totp",
  "recovery_code",
] as const;

/**
 * A right that does not stand now does not come back with a backup: who was removed, suspended or erased since stays so,
 * nobody gets a higher role than they have, and a share, a key or an invitation that was taken away stays away. What was
 * shared of something that is itself gone comes back with it.
 */
export async function keepRightsAway(client: pg.ClientBase, tenantId: string): Promise<void> {
  const run = (sql: string) => client.query(sql, [tenantId]);
  await run(`update api_key k set revoked_at = now() where tenant_id = $1 and revoked_at is null
               and not exists (select from was_api_key w where w.key_id = k.key_id and w.revoked_at is null)`);
  await run(`update invitation i set revoked_at = now() where tenant_id = $1 and accepted_at is null and revoked_at is null
               and not exists (select from was_invitation w where w.invitation_id = i.invitation_id
                                 and w.accepted_at is null and w.revoked_at is null)`);
  await run(`update support_grant g set ended_at = now() where tenant_id = $1 and ended_at is null
               and not exists (select from was_support_grant w where w.grant_id = g.grant_id and w.ended_at is null)`);
  await run(`update opening o set ended_at = now() where tenant_id = $1 and ended_at is null
               and not exists (select from was_opening w where w.opening_id = o.opening_id and w.ended_at is null)`);
  await run(`update opening_owner o set ended_at = now() where tenant_id = $1 and ended_at is null
               and exists (select from opening p where p.tenant_id = $1 and p.opening_id = o.opening_id and p.ended_at is not null)`);
  await run(`update address_change set cancelled_at = now()
               where tenant_id = $1 and confirmed_at is null and undone_at is null and cancelled_at is null`);
  // Those who are not here any more, and those whose access was narrowed: as they are now. Of whoever is erased in what
  // comes back the present may still hold what a job has not come to.
  await run(`update member m set status = 'removed', password = null, address_hash = null where tenant_id = $1
               and not exists (select from was_member w where w.member_id = m.member_id)`);
  await run(`update member m set status = w.status, role = w.role, role_id = w.role_id, address = w.address,
                    address_hash = w.address_hash, password = w.password, name = w.name, verified_at = w.verified_at
               from was_member w where m.tenant_id = $1 and w.member_id = m.member_id
                 and not exists (select from erasure x where x.tenant_id = $1 and x.member_id = m.member_id)`);
  await run(`insert into role select w.* from was_role w
               where w.tenant_id = $1 and not exists (select from role r where r.tenant_id = $1 and r.role_id = w.role_id)`);
  await run(`update role r set permissions = w.permissions from was_role w
               where r.tenant_id = $1 and w.role_id = r.role_id`);
  await run(`delete from group_member g where tenant_id = $1
               and exists (select from was_member_group w where w.group_id = g.group_id)
               and not exists (select from was_group_member w where w.group_id = g.group_id and w.member_id = g.member_id)`);
  await run(`delete from share s where tenant_id = $1
               and not exists (select from was_share w where w.share_id = s.share_id)
               and (exists (select from was_document w where w.document_id = s.document_id)
                 or exists (select from was_folder w where w.folder_id = s.folder_id)
                 or exists (select from was_chat w where w.chat_id = s.chat_id))`);
  await run(`update share s set access = w.access from was_share w
               where s.tenant_id = $1 and w.share_id = s.share_id and w.access = 'read'`);
  for (const table of ["passkey", "totp", "recovery_code"]) {
    await run(`delete from ${table} where tenant_id = $1`);
    await run(`insert into ${table} select w.* from was_${table} w
                 where exists (select from member m where m.tenant_id = $1 and m.member_id = w.member_id)
                   and not exists (select from erasure x where x.tenant_id = $1 and x.member_id = w.member_id)`);
  }
  // Whether it closes, and when it goes, is said with platform.closing, which is not set back.
  await run(`update tenant t set state = w.state, closing_at = w.closing_at, purge_after = w.purge_after
               from was_tenant w where t.tenant_id = $1`);
}
