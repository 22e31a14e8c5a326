import type pg from "pg";
import type { Finding } from "../../kernel/controls.ts";

// Asked of the database's own catalog, not of the code: what is there is what counts.

/** Tables of these schemas hold no tenant's rows, each for its reason. */
export const WITHOUT_TENANT: Readonly<Record<string, string>> = {
  "platform.migration": "which migrations were applied",
  "platform.set_up": "whether the installation has its first owner",
  "platform.signing_key": "the installation's signing key, sealed",
  "platform.control_run": "results of the checks, public",
  "platform.public_page": "what the operator says on the public security page",
  "platform.backup_run": "which backups were made",
  "platform.restore_test": "what restoring a backup has shown, public",
  "platform.restored": "to which moment the installation was set back, public",
  "platform.hash_cost": "which costs of password hashes are in use anywhere, without whose",
  "platform.alert_sent": "when the operator was last told of what",
  "platform.canary": "the installation's own canaries, their secrets sealed",
  "platform.attack_run": "results of the attacks, public",
  "platform.alarm": "that a canary was touched, public",
  "platform.closing": "which workspaces are being deleted",
  "platform.closing_step": "how far deleting them has come, in numbers",
  "platform.kept_by_law": "what law keeps of a deleted workspace",
  "platform.retention": "how long what is kept",
  "platform.retention_run": "how much was removed when",
  "audit.staged": "hashes of entries that wait for their place; the application cannot read it",
  "audit.leaf": "the tree of all entries: hashes",
  "audit.subtree": "the tree of all entries: hashes",
  "directory.tenant_slug": "finds a tenant by its public short name; the application cannot read it",
};

/** Row security enabled and forced, exactly the one policy, owners and privileges, for every table there is. */
export async function protectionFindings(client: pg.ClientBase): Promise<Finding[]> {
  const { rows } = await client.query<{
    name: string;
    enabled: boolean;
    forced: boolean;
    owner: string;
    policies: string[];
    key: string | null;
    uniques: string[];
  }>(
    `select n.nspname || '.' || c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
            pg_get_userbyid(c.relowner) as owner,
            array(select polname::text || ': ' || polpermissive::text || ' ' || polcmd::text || ' ' || pg_get_expr(polqual, polrelid) || ' / ' || pg_get_expr(polwithcheck, polrelid)
                    from pg_policy where polrelid = c.oid)::text[] as policies,
            (select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
               where i.indrelid = c.oid and i.indisprimary) as key,
            array(select i.indexrelid::regclass::text from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
               where i.indrelid = c.oid and i.indisunique and a.attname <> 'tenant_id')::text[] as uniques
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pgboss') and n.nspname not like 'pg\\_t%'`,
  );
  const POLICY =
    "tenant_isolation: true * (tenant_id = kernel.current_tenant()) / (tenant_id = kernel.current_tenant())";
  const findings = rows.map(({ name, enabled, forced, owner, policies, key, uniques }): Finding => {
    const what = `table ${name}`;
    if (owner !== "vouchsafe_migrator")
      return { verdict: "broken", what, who: "catalog", got: `owned by ${owner}` };
    if (name in WITHOUT_TENANT)
      return { verdict: "held", what, who: "catalog", got: `no tenant's rows: ${WITHOUT_TENANT[name]}` };
    const wrong = [
      ...(enabled ? [] : ["row security is off"]),
      ...(forced ? [] : ["row security is not forced"]),
      ...(policies.length === 1 && policies[0] === POLICY
        ? []
        : [`policies: ${policies.join("; ") || "none"}`]),
      ...(key === "tenant_id" ? [] : ["the primary key does not begin with the tenant"]),
      ...(uniques.length === 0 ? [] : [`unique without the tenant: ${uniques.join(", ")}`]),
    ];
    return {
      verdict: wrong.length === 0 ? "held" : "broken",
      what,
      who: "catalog",
      got: wrong.join("; ") || "forced, one policy",
    };
  });
  return [...findings, ...(await roleFindings(client)), ...(await waysAround(client))];
}

async function roleFindings(client: pg.ClientBase): Promise<Finding[]> {
  const { rows } = await client.query<{ rolname: string; free: boolean; owns: string; members: string[] }>(
    `select r.rolname, r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb as free,
            (select count(*) from pg_class where relowner = r.oid) + (select count(*) from pg_proc where proowner = r.oid) as owns,
            array(select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid
                  -- The one role that the application takes on: it may do less, see trust.page.
                  where m.member = r.oid and g.rolname <> 'vouchsafe_public')::text[] as members
       from pg_roles r where r.rolname in ('vouchsafe_app', 'vouchsafe_jobs', 'vouchsafe_audit_writer', 'vouchsafe_audit_sequencer', 'vouchsafe_audit_eraser')`,
  );
  const findings = rows.map((r): Finding => {
    const app = r.rolname === "vouchsafe_app";
    const wrong = [
      ...(r.free ? ["may bypass row security or make roles"] : []),
      ...(app && Number(r.owns) > 0 ? [`owns ${r.owns} objects`] : []),
      ...(r.members.length > 0 ? [`is a member of ${r.members.join(", ")}`] : []),
    ];
    return {
      verdict: wrong.length === 0 ? "held" : "broken",
      what: `role ${r.rolname}`,
      who: "catalog",
      got: wrong.join("; ") || "bound by row security",
    };
  });
  const { rows: open } = await client.query<{ name: string }>(
    `select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname in ('kernel', 'directory', 'audit', 'platform', 'public')
         and (p.proacl is null or exists (select 1 from aclexplode(p.proacl) where grantee = 0)
              or (p.prosecdef and not coalesce(array_to_string(p.proconfig, ',') like '%search_path=%', false)))`,
  );
  findings.push({
    verdict: open.length === 0 ? "held" : "broken",
    what: "functions that everybody may call, or that run as their owner without a pinned search path",
    who: "catalog",
    got: open.map((o) => o.name).join(", ") || "none",
  });
  return findings;
}

/** Ways around the tables' own policies: views, privileges, schemas, roles. */
async function waysAround(client: pg.ClientBase): Promise<Finding[]> {
  const { rows } = await client.query<{ got: string }>(
    `with ours as (select oid, nspname, nspowner, nspacl from pg_namespace
                    where nspname not in ('pg_catalog', 'information_schema', 'pgboss') and nspname not like 'pg\\_t%')
     select 'a view: ' || c.oid::regclass as got from pg_class c join ours n on n.oid = c.relnamespace
       where c.relkind in ('v', 'm', 'f')
     union all
     select a.privilege_type || ' on ' || c.oid::regclass || ' to ' || case when a.grantee = 0 then 'everybody' else a.grantee::regrole::text end
       from pg_class c join ours n on n.oid = c.relnamespace, aclexplode(c.relacl) a
       where a.grantee <> c.relowner and (a.grantee = 0 or a.privilege_type in ('TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN')
         or (a.grantee = 'vouchsafe_app'::regrole and (n.nspname = 'directory' or (n.nspname = 'audit' and a.privilege_type <> 'SELECT'))))
     union all
     select 'schema ' || n.nspname || ' of ' || n.nspowner::regrole from ours n
       where n.nspowner::regrole::text <> 'vouchsafe_migrator' or n.nspname not in ('public', 'audit', 'platform', 'directory', 'kernel')
     union all
     select 'schema ' || n.nspname || ' lets create ' || case when a.grantee = 0 then 'everybody' else a.grantee::regrole::text end
       from ours n, aclexplode(n.nspacl) a where a.privilege_type = 'CREATE' and a.grantee <> n.nspowner
     union all
     select 'role ' || rolname || ' passes by row security' from pg_roles
       where (rolbypassrls or rolsuper) and rolname not in ('postgres', 'vouchsafe_migrator', 'vouchsafe_backup')`,
  );
  const what = "beside the tables: views, privileges, schemas, roles";
  if (rows.length === 0) return [{ verdict: "held", what, who: "catalog", got: "no way around" }];
  return rows.map(({ got }) => ({ verdict: "broken", what, who: "catalog", got }));
}

/** Every foreign key from a tenant's table carries the tenant on both sides, in the same place. */
export async function foreignKeyFindings(client: pg.ClientBase): Promise<Finding[]> {
  const { rows } = await client.query<{ name: string; source: string[]; target: string[] }>(
    `select k.conrelid::regclass::text || ' → ' || k.confrelid::regclass::text || ' ' || pg_get_constraintdef(k.oid) as name,
            array(select a.attname from unnest(k.conkey) with ordinality u(n, i) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by i)::text[] as source,
            array(select a.attname from unnest(k.confkey) with ordinality u(n, i) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by i)::text[] as target
       from pg_constraint k join pg_namespace n on n.oid = k.connamespace
       where k.contype = 'f' and n.nspname in ('public', 'audit')`,
  );
  return rows.map(({ name, source, target }) => ({
    verdict: source[0] === "tenant_id" && target[0] === "tenant_id" ? "held" : "broken",
    what: name,
    who: "catalog",
    got: source[0] === "tenant_id" ? "carries the tenant" : "does not carry the tenant",
  }));
}
