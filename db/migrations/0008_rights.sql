-- Custom roles, second factors in sessions, API keys: everything that the first statement of a unit of work reads.

create table role (
  tenant_id uuid not null references tenant (tenant_id),
  role_id uuid not null,
  name bytea not null,
  -- by which a name is found taken
  name_hash bytea not null,
  permissions text[] not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, role_id),
  unique (tenant_id, name_hash)
);
select kernel.protect('role', 'select, insert, update, delete');

-- `custom` names a row of `role`; `support` is the operator's staff under a tenant's grant.
alter table member
  drop constraint member_role_check,
  add column role_id uuid,
  add constraint member_role_check check (role in ('viewer', 'manager', 'admin', 'owner', 'support', 'custom')),
  add constraint member_custom_role check ((role = 'custom') = (role_id is not null)),
  add foreign key (tenant_id, role_id) references role (tenant_id, role_id);
create index member_of_role on member (tenant_id, role_id) where role_id is not null;

alter table invitation
  drop constraint invitation_role_check,
  add column role_id uuid,
  add constraint invitation_role_check check (role in ('viewer', 'manager', 'admin', 'owner', 'custom')),
  add constraint invitation_custom_role check ((role = 'custom') = (role_id is not null)),
  add foreign key (tenant_id, role_id) references role (tenant_id, role_id);

-- From when on every member needs a second factor; owners and admins always do.
alter table tenant add column factor_required_from timestamptz;

-- When the session last proved a second factor, and with which.
alter table session
  add column factor_at timestamptz,
  add column factor text check (factor in ('totp', 'passkey', 'recovery-code'));

create table api_key (
  tenant_id uuid not null references tenant (tenant_id),
  key_id uuid not null,
  member_id uuid not null,
  name bytea not null,
  -- the key's first characters, by which its owner knows it again
  prefix text not null,
  key_hash bytea not null check (octet_length(key_hash) = 32),
  permissions text[] not null,
  -- null: all that its owner reaches; else this folder and what lies in it
  folder_id uuid,
  -- empty: from anywhere
  networks cidr[] not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  warned_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, key_id),
  unique (tenant_id, key_hash),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index api_key_of_member on api_key (tenant_id, member_id);
select kernel.protect('api_key', 'select, insert, update');

create function kernel.current_key() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('vouchsafe.key', true), '')::uuid;

-- The first statement of every unit of work of a signed-in person: sets the tenant, and refuses at once when
-- the session has ended or its member may not act, so that revocation holds on the next request everywhere.
drop function kernel.enter(uuid, uuid, timestamptz, boolean);
create function kernel.enter(p_tenant uuid, p_session uuid, p_now timestamptz, p_read_only boolean)
  returns table (member_id uuid, role text, role_id uuid, granted text[], kind text, last_active_at timestamptz,
                 factor_at timestamptz, factor_required_from timestamptz)
  language plpgsql volatile as $$
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', p_session::text, true),
          set_config('vouchsafe.key', '', true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
  return query
    select m.member_id, m.role, m.role_id, r.permissions, t.kind, s.last_active_at, s.factor_at,
           t.factor_required_from
      from public.session s
      join public.member m on m.tenant_id = s.tenant_id and m.member_id = s.member_id
      join public.tenant t on t.tenant_id = s.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where s.tenant_id = p_tenant and s.session_id = p_session
        and s.ended_at is null and s.expires_at > p_now and s.last_active_at > p_now - interval '30 minutes'
        and m.status = 'active' and m.verified_at is not null and t.state = 'active';
  if not found then
    raise exception 'the session has ended' using errcode = 'VS401';
  end if;
end $$;

-- The same for a program with an API key: the key must stand, its owner too, and the call must come from an
-- allowed network.
create function kernel.enter_with_key(p_tenant uuid, p_hash bytea, p_ip inet, p_now timestamptz, p_read_only boolean)
  returns table (member_id uuid, role text, role_id uuid, granted text[], kind text, key_id uuid,
                 key_permissions text[], folder_id uuid, last_used_at timestamptz)
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
      and m.status = 'active' and m.verified_at is not null and t.state = 'active';
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
    select m.member_id, m.role, m.role_id, r.permissions, t.kind, k.key_id, k.permissions, k.folder_id, k.last_used_at
      from public.api_key k
      join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
      join public.tenant t on t.tenant_id = k.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where k.tenant_id = p_tenant and k.key_id = v_key;
end $$;

create or replace function kernel.enter_without_session(p_tenant uuid, p_actor text, p_read_only boolean) returns void
  language plpgsql volatile as $$
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.key', '', true),
          set_config('vouchsafe.actor', p_actor, true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
end $$;

revoke execute on function kernel.enter(uuid, uuid, timestamptz, boolean),
  kernel.enter_with_key(uuid, bytea, inet, timestamptz, boolean), kernel.current_key() from public;
grant execute on function kernel.enter(uuid, uuid, timestamptz, boolean),
  kernel.enter_with_key(uuid, bytea, inet, timestamptz, boolean), kernel.current_key() to vouchsafe_app;
grant execute on function kernel.current_key() to vouchsafe_audit_writer;

-- Which key acted; its owner is the actor.
alter table audit.entry
  drop constraint entry_actor_kind_check,
  add constraint entry_actor_kind_check check (actor_kind in ('member', 'key', 'visitor', 'job', 'operator')),
  add column key_id uuid;
grant select on api_key to vouchsafe_audit_writer;

-- Only its owner replaces a function, and owning one in a schema needs CREATE there, for this statement only.
grant create on schema audit to vouchsafe_audit_writer;
set local role vouchsafe_audit_writer;
create or replace function audit.append(
  p_entry uuid, p_event text, p_resource_type text, p_resource uuid, p_outcome text, p_content bytea
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
  v_session uuid := kernel.current_session();
  v_key uuid := kernel.current_key();
  v_kind text := coalesce(nullif(current_setting('vouchsafe.actor', true), ''), 'visitor');
  v_actor uuid;
  v_role text;
begin
  if v_session is not null then
    select 'member', m.member_id, m.role into v_kind, v_actor, v_role
      from public.session s
      join public.member m on m.tenant_id = s.tenant_id and m.member_id = s.member_id
      where s.tenant_id = v_tenant and s.session_id = v_session
        -- A session that has ended speaks for nobody any more, except in the unit of work that ends it.
        and (s.ended_at is null or s.xmin = pg_current_xact_id()::xid);
    if not found then
      raise exception 'no such session' using errcode = 'VS401';
    end if;
  elsif v_key is not null then
    select 'key', m.member_id, m.role into v_kind, v_actor, v_role
      from public.api_key k
      join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
      where k.tenant_id = v_tenant and k.key_id = v_key
        and (k.revoked_at is null or k.xmin = pg_current_xact_id()::xid);
    if not found then
      raise exception 'no such key' using errcode = 'VS402';
    end if;
  elsif v_kind in ('member', 'key') then
    raise exception 'a member needs a session' using errcode = 'VS401';
  end if;
  insert into audit.entry
      (tenant_id, entry_id, at, actor_kind, actor_id, role, event, resource_type, resource_id, outcome, content,
       key_id)
    values
      (v_tenant, p_entry, clock_timestamp(), v_kind, v_actor, v_role, p_event, p_resource_type, p_resource,
       p_outcome, p_content, case when v_session is null then v_key end);
end $$;
set local role vouchsafe_migrator;
revoke create on schema audit from vouchsafe_audit_writer;
