-- How things end: workspaces that close and are deleted, people who are erased, exports, and data whose time is over.

-- ---------- Closing ----------

alter table tenant drop constraint tenant_state_check;
alter table tenant
  -- closing: read only, can be kept; purging: nobody gets in, its rows are being deleted; closed: nothing is left of it but
  -- this row, which the audit log's entries (without their content) point to
  add constraint tenant_state_check check (state in ('active', 'closing', 'purging', 'closed')),
  add column closing_at timestamptz,
  -- from when on it is deleted
  add column purge_after timestamptz,
  add check ((state = 'closing') <= (closing_at is not null and purge_after is not null));
-- How far a workspace's end has come is changed by the functions below only: by this machine's clock, and each change with
-- an entry in the log that is written here. Otherwise whoever took the application over could delete a workspace at once.
revoke insert, update on tenant from vouchsafe_app;
grant insert (tenant_id, kind, name), update (name, passwords, factor_required_from, member_documents, member_bytes)
  on tenant to vouchsafe_app;
set local role vouchsafe_audit_writer;
grant execute on function audit.append(uuid, text, text, uuid, text, bytea, bytea)
  to vouchsafe_migrator, vouchsafe_audit_eraser;
set local role vouchsafe_migrator;

-- A closing and what came of it, step by step. No content, and no name but the one that stood in addresses.
create table platform.closing (
  closing_id uuid primary key,
  tenant_id uuid not null,
  slug text not null,
  closed_by text not null check (closed_by in ('owner', 'operator')),
  closed_at timestamptz not null,
  purge_after timestamptz not null,
  kept_at timestamptz,
  purge_began_at timestamptz,
  done_at timestamptz
);
create unique index one_closing on platform.closing (tenant_id) where kept_at is null;
create table platform.closing_step (
  closing_id uuid not null references platform.closing (closing_id) on delete cascade,
  step text not null,
  -- a table, or a word of ours
  what text not null,
  gone bigint not null,
  at timestamptz not null,
  primary key (closing_id, step, what)
);
grant select on platform.closing, platform.closing_step to vouchsafe_app;

-- Closes the current tenant; answers from when until when it can be kept, or nothing when it is not open.
create function directory.begin_closing(p_by text) returns table (since timestamptz, until timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
begin
  since := date_trunc('milliseconds', clock_timestamp());
  -- In hours: a day may have 23.
  until := since + interval '720 hours';
  update public.tenant t set state = 'closing', closing_at = since, purge_after = until
    where t.tenant_id = v_tenant and t.state = 'active';
  if not found then
    return;
  end if;
  insert into platform.closing (closing_id, tenant_id, slug, closed_by, closed_at, purge_after)
    select gen_random_uuid(), v_tenant, s.slug, p_by, since, until
      from directory.tenant_slug s where s.tenant_id = v_tenant;
  perform audit.append(gen_random_uuid(), 'closing.began', 'tenant', v_tenant, 'done', null, null);
  return next;
end $$;

-- Takes the closing of the current tenant back.
create function directory.end_closing() returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
begin
  update public.tenant t set state = 'active', closing_at = null, purge_after = null
    where t.tenant_id = v_tenant and t.state = 'closing';
  if not found then
    return false;
  end if;
  update platform.closing c set kept_at = clock_timestamp() where c.tenant_id = v_tenant and c.kept_at is null;
  perform audit.append(gen_random_uuid(), 'closing.ended', 'tenant', v_tenant, 'done', null, null);
  return true;
end $$;

-- What law keeps of a workspace that is gone: its invoices, each for seven years. Nothing writes into it before there are
-- any. The body is sealed with the installation's key, since the workspace's own is destroyed.
create table platform.kept_by_law (
  record_id uuid primary key,
  tenant_id uuid not null,
  kind text not null check (kind = 'invoice'),
  issued_at timestamptz not null,
  body bytea not null
);
grant select, insert on platform.kept_by_law to vouchsafe_app;

-- As before; a workspace that is closing lets its members in, and says that it is.
drop function kernel.enter(uuid, uuid, timestamptz, boolean);
create function kernel.enter(p_tenant uuid, p_session uuid, p_now timestamptz, p_read_only boolean)
  returns table (member_id uuid, role text, role_id uuid, granted text[], kind text, last_active_at timestamptz,
                 factor_at timestamptz, factor_required_from timestamptz, closing boolean)
  language plpgsql volatile as $$
declare
  s public.session%rowtype;
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', p_session::text, true),
          set_config('vouchsafe.key', '', true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
  -- By its key and by itself: joined, a planner without figures may begin with all members.
  select * into s from public.session x where x.tenant_id = p_tenant and x.session_id = p_session;
  return query
    select m.member_id, m.role, m.role_id, r.permissions, t.kind, s.last_active_at, s.factor_at,
           t.factor_required_from, t.state = 'closing'
      from public.member m
      join public.tenant t on t.tenant_id = m.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where m.tenant_id = p_tenant and m.member_id = s.member_id
        and s.ended_at is null and s.expires_at > p_now and s.last_active_at > p_now - interval '30 minutes'
        and m.status = 'active' and m.verified_at is not null and t.state in ('active', 'closing')
        and case when m.role = 'support' then directory.support_stands(m.member_id, s.staff_session_id, p_now)
                 else true end;
  if not found then
    raise exception 'the session has ended' using errcode = 'VS401';
  end if;
end $$;

drop function kernel.enter_with_key(uuid, bytea, inet, timestamptz, boolean);
create function kernel.enter_with_key(p_tenant uuid, p_hash bytea, p_ip inet, p_now timestamptz, p_read_only boolean)
  returns table (member_id uuid, role text, role_id uuid, granted text[], kind text, key_id uuid, key_permissions text[],
                 folder_id uuid, last_used_at timestamptz, closing boolean)
  language plpgsql volatile as $$
declare
  v_key uuid;
  v_networks cidr[];
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.key', '', true);
  select k.key_id, k.networks into v_key, v_networks
    from public.api_key k
    join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
    join public.tenant t on t.tenant_id = k.tenant_id
    where k.tenant_id = p_tenant and k.key_hash = p_hash and k.revoked_at is null and k.expires_at > p_now
      and m.status = 'active' and m.verified_at is not null and t.state in ('active', 'closing');
  if v_key is null then
    raise exception 'the key is not valid' using errcode = 'VS402';
  end if;
  if cardinality(v_networks) > 0 and not coalesce(p_ip <<= any (v_networks), false) then
    raise exception 'the key does not work from this network' using errcode = 'VS403';
  end if;
  perform set_config('vouchsafe.key', v_key::text, true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
  return query
    select m.member_id, m.role, m.role_id, r.permissions, t.kind, k.key_id, k.permissions, k.folder_id, k.last_used_at,
           t.state = 'closing'
      from public.api_key k
      join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
      join public.tenant t on t.tenant_id = k.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where k.tenant_id = p_tenant and k.key_id = v_key;
end $$;

-- As before; what changes something (a visitor's or a job's doing) is refused in a workspace that is closing.
drop function kernel.enter_without_session(uuid, text, boolean);
create function kernel.enter_without_session(p_tenant uuid, p_actor text, p_read_only boolean, p_changes boolean)
  returns void
  language plpgsql volatile as $$
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.key', '', true),
          set_config('vouchsafe.actor', p_actor, true);
  -- One that is being deleted is entered by nobody, to change something or not: what came then would stay.
  if exists (select from public.tenant t where t.tenant_id = p_tenant
               and (t.state in ('purging', 'closed') or (p_changes and t.state <> 'active'))) then
    raise exception 'the workspace is closing' using errcode = 'VS405';
  end if;
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
end $$;

-- A workspace that is being deleted is found by nobody any more, though its short name stays taken until the end.
create or replace function directory.tenant_by_slug(p_slug text) returns uuid
  language sql stable security definer set search_path = pg_catalog, pg_temp
  return (select s.tenant_id from directory.tenant_slug s
            join public.tenant t on t.tenant_id = s.tenant_id and t.state in ('active', 'closing')
            where s.slug = p_slug);

-- As before; and one that was another customer's within two years is not given away: old links must not lead to strangers.
create or replace function directory.claim_slug(p_slug text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from platform.closing c where c.slug = p_slug and c.kept_at is null) then
    return false;
  end if;
  insert into directory.tenant_slug (slug, tenant_id) values (p_slug, kernel.current_tenant())
    on conflict (slug) do nothing;
  return found;
end $$;

-- ---------- Purging ----------

-- Whether the deletion of a workspace may go on. It begins with the first call after its day, 30 days after it was closed
-- by this machine's own clock, and its log says so.
create function directory.begin_purge(p_tenant uuid) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from public.tenant t where t.tenant_id = p_tenant and t.state = 'purging') then
    return true;
  end if;
  update public.tenant t set state = 'purging'
    where t.tenant_id = p_tenant and t.kind <> 'operator' and t.state = 'closing'
      and t.purge_after <= clock_timestamp() and t.closing_at <= clock_timestamp() - interval '720 hours';
  if not found then
    return false;
  end if;
  update platform.closing c set purge_began_at = clock_timestamp() where c.tenant_id = p_tenant and c.kept_at is null;
  perform set_config('vouchsafe.tenant', p_tenant::text, true), set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.key', '', true), set_config('vouchsafe.actor', 'job', true);
  perform audit.append(gen_random_uuid(), 'purge.began', 'tenant', p_tenant, 'done', null, null);
  perform set_config('vouchsafe.tenant', '', true);
  return true;
end $$;

-- Counts what a step of a deletion did, while it is under way.
create function directory.note_step(p_tenant uuid, p_step text, p_what text, p_gone bigint) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp
  begin atomic
    insert into platform.closing_step (closing_id, step, what, gone, at)
      select c.closing_id, p_step, p_what, p_gone, clock_timestamp() from platform.closing c
        where c.tenant_id = p_tenant and c.purge_began_at is not null and c.kept_at is null and c.done_at is null
      on conflict (closing_id, step, what)
      do update set gone = platform.closing_step.gone + excluded.gone, at = excluded.at;
  end;

-- Deletes some rows of a workspace that is being purged: of each table that names a tenant, as the catalog knows them, so
-- that no table is forgotten. Answers what went; nothing when nothing is left. Tables that others point to wait for them.
create function directory.purge_rows(p_tenant uuid, p_most integer) returns table (relation text, gone bigint)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_table record;
  v_held boolean;
  v_other record;
  v_rows bigint;
begin
  if not exists (select from public.tenant t where t.tenant_id = p_tenant and t.state = 'purging') then
    raise exception 'this workspace is not being deleted' using errcode = 'insufficient_privilege';
  end if;
  for v_table in
    select c.oid, c.oid::regclass::text as name,
           exists (select from pg_constraint f where f.contype = 'f' and f.conrelid = c.oid and f.confrelid = c.oid
                     and f.confdeltype = 'a') as refers_to_itself
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      where c.relkind in ('r', 'p') and c.oid <> 'public.tenant'::regclass
      -- What triggers fill while others are deleted comes last.
      order by c.relname in ('visibility_epoch', 'index_tombstone'), c.relname
  loop
    v_held := false;
    for v_other in
      select f.conrelid::regclass::text as name from pg_constraint f
        where f.contype = 'f' and f.confrelid = v_table.oid and f.conrelid <> v_table.oid and f.confdeltype in ('a', 'r')
    loop
      execute format('select exists (select from %s where tenant_id = $1)', v_other.name) into v_held using p_tenant;
      exit when v_held;
    end loop;
    continue when v_held;
    if v_table.refers_to_itself then
      execute format('delete from %s where tenant_id = $1', v_table.name) using p_tenant;
    else
      execute format('delete from %1$s where tenant_id = $1 and ctid = any (array(
                        select ctid from %1$s where tenant_id = $1 limit %2$s))', v_table.name, p_most) using p_tenant;
    end if;
    get diagnostics v_rows = row_count;
    if v_rows > 0 then
      relation := v_table.name;
      gone := v_rows;
      return next;
    end if;
  end loop;
end $$;

-- The end: the short name is free again, the operator's own record of the customer is gone, and the row that audit entries
-- point to is empty.
create function directory.end_tenant(p_tenant uuid) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.tenant t where t.tenant_id = p_tenant and t.state in ('purging', 'closed')) then
    raise exception 'this workspace is not being deleted' using errcode = 'insufficient_privilege';
  end if;
  -- Whoever came in before it began and wrote after its rows were gone has ended when this lock is had, and what they
  -- wrote goes, too. From then on nobody gets in.
  perform from public.tenant t where t.tenant_id = p_tenant for update;
  if exists (select from public.tenant t where t.tenant_id = p_tenant and t.state = 'purging') then
    loop
      perform directory.purge_rows(p_tenant, 10000);
      exit when not found;
    end loop;
  end if;
  delete from directory.tenant_slug where tenant_id = p_tenant;
  delete from public.operator_tenant where customer_id = p_tenant;
  update public.tenant set state = 'closed', name = '\x', quota_documents = null, quota_bytes = null,
      member_documents = null, member_bytes = null
    where tenant_id = p_tenant;
end $$;

-- The report's last line.
create function directory.end_purge(p_tenant uuid) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp
  begin atomic
    update platform.closing c set done_at = clock_timestamp()
      where c.tenant_id = p_tenant and c.kept_at is null and c.done_at is null
        and exists (select from public.tenant t where t.tenant_id = p_tenant and t.state = 'closed');
  end;

-- ---------- The audit log's content ----------

-- Entries that still have content: of a time, or of a workspace. Ids only.
create function audit.unerased(p_tenant uuid, p_before timestamptz, p_most integer)
  returns table (tenant_id uuid, entry_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select e.tenant_id, e.entry_id from audit.entry e
      where e.content is not null and e.at < p_before and (p_tenant is null or e.tenant_id = p_tenant)
      limit p_most;
  end;

-- ---------- People who are erased ----------

-- Who is to be forgotten, and how far that is. `spoken` holds, sealed, the addresses they had: what is looked for. It is
-- a licence to delete, and so made by the functions below only, each of which is seen in the log for ever.
create table erasure (
  tenant_id uuid not null references tenant (tenant_id),
  erasure_id uuid not null,
  member_id uuid not null,
  asked_by uuid not null,
  content text not null check (content in ('handed-over', 'deleted')),
  given_to uuid,
  created_at timestamptz not null,
  spoken bytea,
  -- waiting: who asked for it themself is forgotten but in the log, whose entries about them go after 30 days
  state text not null check (state in ('working', 'waiting', 'done')),
  entries integer not null default 0,
  done_at timestamptz,
  primary key (tenant_id, erasure_id),
  unique (tenant_id, member_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id),
  foreign key (tenant_id, asked_by) references member (tenant_id, member_id),
  foreign key (tenant_id, given_to) references member (tenant_id, member_id),
  check ((state = 'done') = (spoken is null))
);
select kernel.protect('erasure', 'select');
-- For the same words under a newer key.
grant update (spoken) on erasure to vouchsafe_app;
create index erasure_open on erasure (tenant_id, created_at) where state <> 'done';

-- Begins to forget a member of the current tenant who has been removed, asked for by whoever is at work, and says so in
-- the log.
create function kernel.begin_erasure(
  p_erasure uuid, p_member uuid, p_content text, p_given_to uuid, p_spoken bytea
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
begin
  if not exists (select from public.member m where m.tenant_id = v_tenant and m.member_id = p_member
                   and m.status = 'removed') then
    raise exception 'this person is a member' using errcode = 'insufficient_privilege';
  end if;
  insert into public.erasure (tenant_id, erasure_id, member_id, asked_by, content, given_to, created_at, spoken, state)
    select v_tenant, p_erasure, p_member, s.member_id, p_content, p_given_to, clock_timestamp(), p_spoken, 'working'
      from public.session s where s.tenant_id = v_tenant and s.session_id = kernel.current_session();
  if not found then
    raise exception 'a member needs a session' using errcode = 'VS401';
  end if;
  perform audit.append(gen_random_uuid(), 'erasure.began', 'member', p_member, 'done', null, null);
end $$;

-- Ends one. Of who asked for it themself the log's entries wait.
create function kernel.end_erasure(p_erasure uuid) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp
  begin atomic
    update public.erasure x
      set (state, spoken, done_at) =
        (select case when late then 'done' else 'waiting' end, case when late then null else x.spoken end,
                case when late then clock_timestamp() end
           from (select x.asked_by <> x.member_id or x.created_at <= clock_timestamp() - interval '720 hours' as late) w)
      where x.tenant_id = kernel.current_tenant() and x.erasure_id = p_erasure and x.state <> 'done';
  end;

create function directory.is_purged(p_tenant uuid) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
  return exists (select from public.tenant t where t.tenant_id = p_tenant and t.state in ('purging', 'closed'));
revoke execute on function directory.is_purged(uuid) from public;
grant usage on schema directory to vouchsafe_audit_eraser;
grant execute on function directory.is_purged(uuid) to vouchsafe_audit_eraser;
grant select (actor_id, resource_type, resource_id) on audit.entry to vouchsafe_audit_eraser;
grant select (tenant_id, erasure_id, member_id, asked_by, created_at, state, entries), update (entries)
  on erasure to vouchsafe_audit_eraser;
grant create on schema audit to vouchsafe_audit_eraser;
-- The owner says who calls a function: whoever gave it away afterwards would be told so and change nothing.
set local role vouchsafe_audit_eraser;

-- Whether entries may go of somebody who is being forgotten: at once when somebody else asked for it, else 30 days later,
-- so that nobody takes the traces of what they did away by themself.
create function audit.may_erase(p_asked_by uuid, p_member uuid, p_created_at timestamptz) returns boolean
  language sql volatile set search_path = pg_catalog, pg_temp
  return p_asked_by <> p_member or p_created_at <= clock_timestamp() - interval '720 hours';

-- Empties entries of the current tenant. Only what may be forgotten: what is older than two years by this machine's own
-- clock, whatever the application says; all of a workspace that is being deleted, and what the operator recorded of it;
-- what somebody did, or what was done to them, who is being erased, which is counted where it can be seen. The leaf stays,
-- and the tree verifies.
create function audit.erase(p_entries uuid[]) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
  v_all boolean := directory.is_purged(v_tenant);
  v_people uuid[];
  v_rows bigint;
begin
  v_people := array(select x.member_id from public.erasure x
                      where x.tenant_id = v_tenant and x.state <> 'done'
                        and audit.may_erase(x.asked_by, x.member_id, x.created_at));
  update audit.entry e set content = null
    where e.tenant_id = v_tenant and e.entry_id = any (p_entries)
      and (v_all or e.at < clock_timestamp() - interval '730 days'
           or (e.resource_type = 'tenant' and directory.is_purged(e.resource_id))
           or e.actor_id = any (v_people) or (e.resource_type = 'member' and e.resource_id = any (v_people)));
  get diagnostics v_rows = row_count;
  update public.erasure x set entries = x.entries + v_rows where x.tenant_id = v_tenant and x.member_id = any (v_people);
  return v_rows;
end $$;

-- Empties entries of others that hold the address of somebody who is being erased. Here nobody can see whether they do, so
-- each is named in the log for ever.
create function audit.erase_named(p_erasure uuid, p_entries uuid[]) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
  v_entry uuid;
  v_rows bigint := 0;
begin
  if not exists (select from public.erasure x where x.tenant_id = v_tenant and x.erasure_id = p_erasure
                   and x.state <> 'done' and audit.may_erase(x.asked_by, x.member_id, x.created_at)) then
    raise exception 'nobody is being erased' using errcode = 'insufficient_privilege';
  end if;
  for v_entry in
    update audit.entry e set content = null
      where e.tenant_id = v_tenant and e.entry_id = any (p_entries)
      returning e.entry_id
  loop
    perform audit.append(gen_random_uuid(), 'entry.emptied', 'audit-entry', v_entry, 'done', null, null);
    v_rows := v_rows + 1;
  end loop;
  update public.erasure x set entries = x.entries + v_rows where x.tenant_id = v_tenant and x.erasure_id = p_erasure;
  return v_rows;
end $$;
revoke execute on function audit.may_erase(uuid, uuid, timestamptz), audit.erase(uuid[]),
  audit.erase_named(uuid, uuid[]) from public;
grant execute on function audit.erase(uuid[]), audit.erase_named(uuid, uuid[]) to vouchsafe_app;
set local role vouchsafe_migrator;
revoke create on schema audit from vouchsafe_audit_eraser;

-- What the operator recorded of a customer is the operator's own log: its content goes with the customer.
create function audit.entries_about(p_tenant uuid) returns table (tenant_id uuid, entry_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select e.tenant_id, e.entry_id from audit.entry e
      join public.tenant o on o.tenant_id = e.tenant_id and o.kind = 'operator'
      where e.resource_type = 'tenant' and e.resource_id = p_tenant and e.content is not null;
  end;

-- What of a person lies in tables from which the application cannot delete. In the current tenant, for somebody whose
-- erasure is under way. Of the member a row stays, to which what they made and the log's entries point, without their data.
create function kernel.erase_rows(p_member uuid) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
  v_table text;
  v_rows bigint;
  v_all bigint := 0;
begin
  if not exists (select from public.erasure x where x.tenant_id = v_tenant and x.member_id = p_member
                   and x.state <> 'done') then
    raise exception 'this person is not being erased' using errcode = 'insufficient_privilege';
  end if;
  -- Each before what it points to.
  foreach v_table in array array['factor_ticket', 'mailed_link', 'address_change', 'device', 'notice', 'notice_choice',
      'passkey', 'recovery_code', 'totp', 'saved_search', 'api_key', 'session', 'group_member', 'upload'] loop
    execute format('delete from public.%I where tenant_id = $1 and member_id = $2', v_table) using v_tenant, p_member;
    get diagnostics v_rows = row_count;
    v_all := v_all + v_rows;
  end loop;
  delete from public.share where tenant_id = v_tenant and member_id = p_member;
  get diagnostics v_rows = row_count;
  return v_all + v_rows;
end $$;

-- Mails, notices and invitations of the current tenant that are for, or hold the address of, somebody who is being erased.
create function kernel.erase_letters(p_mails uuid[], p_notices uuid[], p_invitations uuid[]) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
  v_rows bigint;
  v_all bigint := 0;
begin
  if not exists (select from public.erasure x where x.tenant_id = v_tenant and x.state <> 'done') then
    raise exception 'nobody is being erased' using errcode = 'insufficient_privilege';
  end if;
  delete from public.mail where tenant_id = v_tenant and mail_id = any (p_mails);
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.notice where tenant_id = v_tenant and notice_id = any (p_notices);
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.invitation where tenant_id = v_tenant and invitation_id = any (p_invitations);
  get diagnostics v_rows = row_count;
  return v_all + v_rows;
end $$;

-- ---------- Exports ----------

create table export (
  tenant_id uuid not null references tenant (tenant_id),
  export_id uuid not null,
  kind text not null check (kind in ('workspace', 'person')),
  asked_by uuid not null,
  -- an age recipient of the asker's, sealed; null: the parts are encrypted for this installation only
  recipient bytea,
  state text not null check (state in ('making', 'ready', 'failed', 'ended')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- up to which document number everything is in a finished part
  reached integer not null default 0,
  done integer not null default 0,
  total integer not null default 0,
  primary key (tenant_id, export_id),
  foreign key (tenant_id, asked_by) references member (tenant_id, member_id)
);
select kernel.protect('export', 'select, insert, update, delete');
create index export_by_end on export (expires_at);
create index export_of_member on export (tenant_id, asked_by);

create table export_part (
  tenant_id uuid not null references tenant (tenant_id),
  export_id uuid not null,
  no integer not null,
  file text not null,
  bytes bigint not null,
  sha256 bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, export_id, no),
  foreign key (tenant_id, export_id) references export (tenant_id, export_id) on delete cascade
);
select kernel.protect('export_part', 'select, insert, delete');
create index export_part_file on export_part (file);

create or replace function directory.known_files(p_names text[]) returns setof text
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select v.file from public.document_version v where v.file = any(p_names)
    union
    select p.file from public.upload_piece p where p.file = any(p_names)
    union
    select e.file from public.export_part e where e.file = any(p_names) $$;

-- Some of the names of stored files of a workspace that is being deleted.
create function directory.files_of(p_tenant uuid, p_after text, p_most integer) returns setof text
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select f.file from (
        select v.file from public.document_version v where v.tenant_id = p_tenant
        union all
        select p.file from public.upload_piece p where p.tenant_id = p_tenant
        union all
        select e.file from public.export_part e where e.tenant_id = p_tenant) f
      where f.file > p_after and exists (select from public.tenant t where t.tenant_id = p_tenant and t.state = 'purging')
      order by f.file limit p_most;
  end;

-- Exports whose time is over, or that were asked for and never came to an end.
create function directory.exports_to_end(p_now timestamptz) returns table (tenant_id uuid, export_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select e.tenant_id, e.export_id from public.export e where e.expires_at <= p_now order by e.expires_at limit 1000;
  end;

-- People whose erasure began and has not ended, and those of whom the log's entries have waited long enough.
create function directory.erasures_to_do() returns table (tenant_id uuid, slug text, erasure_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select x.tenant_id, s.slug, x.erasure_id from public.erasure x
      join directory.tenant_slug s on s.tenant_id = x.tenant_id
      join public.tenant t on t.tenant_id = x.tenant_id and t.state in ('active', 'closing')
      where x.state = 'working'
         or (x.state = 'waiting' and x.created_at <= clock_timestamp() - interval '720 hours')
      order by x.created_at limit 1000;
  end;

-- ---------- Retention ----------

-- How long what is kept: read by the purge, by the page that shows it and by the check that asks the catalog. The
-- application reads it and cannot change it.
create table platform.retention (
  timer text primary key,
  relation text not null,
  -- the moment from which the time counts, as an expression of the row
  since text not null,
  keeps interval not null,
  -- what else must hold
  condition text not null default 'true',
  -- in this order: what points to others before them
  place integer not null
);
grant select on platform.retention to vouchsafe_app;
insert into platform.retention (place, timer, relation, since, keeps, condition) values
  (10, 'notices', 'public.notice', 'created_at', '90 days', 'true'),
  (20, 'mailed-links', 'public.mailed_link', 'created_at', '90 days', 'true'),
  (30, 'address-changes', 'public.address_change', 'created_at', '90 days',
   'not exists (select from public.mailed_link l where l.tenant_id = r.tenant_id and l.change_id = r.change_id)'),
  (40, 'reset-counts', 'public.reset_guard', 'window_started_at', '1 day', 'true'),
  (50, 'browsers', 'public.device', 'last_seen_at', '400 days', 'true'),
  (60, 'failed-sign-ins', 'public.sign_in_guard', 'greatest(window_started_at, locked_until)', '7 days', 'in_all = 0'),
  (70, 'repeated-failures', 'public.sign_in_guard', 'greatest(window_started_at, locked_until + interval ''-393 days'')',
   '400 days', 'in_all > 0'),
  (80, 'solved-challenges', 'public.challenge_used', 'expires_at', '0 days', 'true'),
  (90, 'factor-tickets', 'public.factor_ticket', 'expires_at', '0 days', 'true'),
  -- The audit log names sessions by their id and needs no row.
  (100, 'ended-sessions', 'public.session', 'coalesce(ended_at, expires_at)', '90 days',
   'not exists (select from public.factor_ticket f where f.tenant_id = r.tenant_id and f.session_id = r.session_id)'),
  (110, 'ended-invitations', 'public.invitation', 'coalesce(accepted_at, revoked_at, expires_at)', '90 days', 'true'),
  (120, 'sent-mails', 'public.mail', 'coalesce(sent_at, created_at)', '30 days', 'state <> ''waiting'''),
  (130, 'ended-keys', 'public.api_key', 'coalesce(revoked_at, expires_at)', '730 days', 'true'),
  (140, 'opened-reads', 'public.opening_read',
   '(select o.until from public.opening o where o.tenant_id = r.tenant_id and o.opening_id = r.opening_id)', '730 days',
   'true'),
  (150, 'opened-owners', 'public.opening_owner',
   '(select o.until from public.opening o where o.tenant_id = r.tenant_id and o.opening_id = r.opening_id)', '730 days',
   'true'),
  (160, 'openings', 'public.opening', 'until', '730 days',
   'not exists (select from public.opening_owner o where o.tenant_id = r.tenant_id and o.opening_id = r.opening_id)
    and not exists (select from public.opening_read o where o.tenant_id = r.tenant_id and o.opening_id = r.opening_id)'),
  (170, 'erasures', 'public.erasure', 'done_at', '90 days', 'state = ''done'''),
  (180, 'check-runs', 'platform.control_run', 'at', '400 days', 'true'),
  (190, 'closing-reports', 'platform.closing', 'coalesce(done_at, kept_at)', '730 days', 'true'),
  (200, 'kept-by-law', 'platform.kept_by_law', 'issued_at', '7 years', 'true');

-- What the last purges did.
create table platform.retention_run (
  run_id uuid not null,
  timer text not null,
  at timestamptz not null,
  gone bigint not null,
  primary key (run_id, timer)
);
create index retention_run_newest on platform.retention_run (at desc);
grant select, insert, delete on platform.retention_run to vouchsafe_app;

-- By what the times above are measured: this machine's clock, whatever the application's says. A check puts another
-- function in its place, which the application cannot.
create function kernel.moment() returns timestamptz
  language sql volatile set search_path = pg_catalog, pg_temp
  return clock_timestamp();
revoke execute on function kernel.moment() from public;

-- Deletes, of one timer, in all workspaces, at most so many rows; answers how many.
create function directory.purge_older(p_timer text, p_most integer) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  t platform.retention;
  v_rows bigint;
begin
  select * into strict t from platform.retention where timer = p_timer;
  execute format('delete from %1$s where ctid = any (array(
                    select r.ctid from %1$s r where %2$s < $1 - $2 and (%3$s) limit %4$s))',
                 t.relation, t.since, t.condition, p_most) using kernel.moment(), t.keeps;
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;
-- Its times stand above now.
drop function directory.forget_old(timestamptz);

revoke execute on function kernel.enter(uuid, uuid, timestamptz, boolean),
  kernel.enter_with_key(uuid, bytea, inet, timestamptz, boolean),
  kernel.enter_without_session(uuid, text, boolean, boolean),
  directory.begin_closing(text), directory.end_closing(), directory.begin_purge(uuid),
  directory.note_step(uuid, text, text, bigint), directory.end_purge(uuid),
  directory.purge_rows(uuid, integer), directory.end_tenant(uuid),
  kernel.begin_erasure(uuid, uuid, text, uuid, bytea), kernel.end_erasure(uuid),
  directory.files_of(uuid, text, integer), directory.exports_to_end(timestamptz), directory.erasures_to_do(),
  directory.purge_older(text, integer), audit.unerased(uuid, timestamptz, integer),
  audit.entries_about(uuid), kernel.erase_rows(uuid), kernel.erase_letters(uuid[], uuid[], uuid[]) from public;
grant execute on function kernel.enter(uuid, uuid, timestamptz, boolean),
  kernel.enter_with_key(uuid, bytea, inet, timestamptz, boolean),
  kernel.enter_without_session(uuid, text, boolean, boolean),
  directory.begin_closing(text), directory.end_closing(), directory.begin_purge(uuid),
  directory.note_step(uuid, text, text, bigint), directory.end_purge(uuid),
  directory.purge_rows(uuid, integer), directory.end_tenant(uuid),
  kernel.begin_erasure(uuid, uuid, text, uuid, bytea), kernel.end_erasure(uuid),
  directory.files_of(uuid, text, integer), directory.exports_to_end(timestamptz), directory.erasures_to_do(),
  directory.purge_older(text, integer), audit.unerased(uuid, timestamptz, integer),
  audit.entries_about(uuid), kernel.erase_rows(uuid), kernel.erase_letters(uuid[], uuid[], uuid[]) to vouchsafe_app;
