-- The operator's staff in a tenant, for hours that the tenant's admin grants; what keeps API keys from outliving their
-- time; and who may still act under a grant.

create table support_grant (
  tenant_id uuid not null references tenant (tenant_id),
  grant_id uuid not null,
  granted_by uuid not null,
  reason bytea not null,
  created_at timestamptz not null,
  until timestamptz not null,
  ended_at timestamptz,
  ended_by uuid,
  primary key (tenant_id, grant_id),
  foreign key (tenant_id, granted_by) references member (tenant_id, member_id),
  foreign key (tenant_id, ended_by) references member (tenant_id, member_id),
  check (until > created_at and until <= created_at + interval '72 hours')
);
select kernel.protect('support_grant', 'select, insert, update');
create index support_grant_in_force on support_grant (until) where ended_at is null;

-- Under which grant a member of role `support` came, and who that is at the operator's. No reference: it would be one
-- into another tenant.
create table support_guest (
  tenant_id uuid not null references tenant (tenant_id),
  member_id uuid not null,
  grant_id uuid not null,
  staff_id uuid not null,
  entries integer not null default 0,
  primary key (tenant_id, member_id),
  unique (tenant_id, grant_id, staff_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id),
  foreign key (tenant_id, grant_id) references support_grant (tenant_id, grant_id)
);
select kernel.protect('support_guest', 'select, insert, update');

-- Of a guest's session: from which one at the operator's its holder came. No reference, for the same reason.
alter table session add column staff_session_id uuid;

-- A guest has no password to sign in with and no address by which to be found, and only a guest is of this role.
alter table member add constraint member_support check (role <> 'support' or (password is null and address_hash is null));

-- The grants in force of all tenants, for the operator's own workspace and nobody else.
create function directory.support_grants(p_now timestamptz)
  returns table (grant_id uuid, tenant_id uuid, slug text, until timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select g.grant_id, g.tenant_id, s.slug, g.until
      from public.support_grant g
      join directory.tenant_slug s on s.tenant_id = g.tenant_id
      join public.tenant t on t.tenant_id = g.tenant_id
      where g.ended_at is null and g.until > p_now and t.state = 'active'
        and exists (select 1 from public.tenant o where o.tenant_id = kernel.current_tenant() and o.kind = 'operator')
      order by g.until, g.grant_id
      limit 500;
  end;

-- Whether a guest of the current tenant may still act: the grant is in force; whoever it is still works at the
-- operator's and may enter there (operator.support.enter: from admin, or by a role of the operator's own); and the
-- session there from which they came has not ended. It may have paused meanwhile: they are at work here.
create function directory.support_stands(p_member uuid, p_staff_session uuid, p_now timestamptz) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
  return exists (
    select 1
      from public.support_guest g
      join public.support_grant f on f.tenant_id = g.tenant_id and f.grant_id = g.grant_id
      join public.member m on m.member_id = g.staff_id
      join public.tenant o on o.tenant_id = m.tenant_id and o.kind = 'operator' and o.state = 'active'
      join public.session s on s.tenant_id = m.tenant_id and s.member_id = m.member_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where g.tenant_id = kernel.current_tenant() and g.member_id = p_member
        and f.ended_at is null and f.until > p_now
        and s.session_id = p_staff_session
        and s.ended_at is null and s.expires_at > p_now
        and m.status = 'active'
        and (m.role in ('admin', 'owner') or 'operator.support.enter' = any (r.permissions)));

-- Keys that end within a week and whose owner has not been told, of all tenants.
create function directory.keys_to_warn_of(p_now timestamptz) returns table (tenant_id uuid, slug text, key_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select k.tenant_id, s.slug, k.key_id
      from public.api_key k
      join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
      join public.tenant t on t.tenant_id = k.tenant_id
      join directory.tenant_slug s on s.tenant_id = k.tenant_id
      where k.revoked_at is null and k.warned_at is null and m.status = 'active' and t.state = 'active'
        and k.expires_at > p_now and k.expires_at <= p_now + interval '7 days'
      order by k.expires_at
      limit 5000;
  end;
create index api_key_by_end on api_key (expires_at) where revoked_at is null and warned_at is null;

revoke execute on function directory.support_grants(timestamptz), directory.support_stands(uuid, uuid, timestamptz),
  directory.keys_to_warn_of(timestamptz) from public;
grant execute on function directory.support_grants(timestamptz), directory.support_stands(uuid, uuid, timestamptz),
  directory.keys_to_warn_of(timestamptz) to vouchsafe_app;

-- As before, and of the operator's staff: only while their grant is in force and they are signed in at the operator's.
create or replace function kernel.enter(p_tenant uuid, p_session uuid, p_now timestamptz, p_read_only boolean)
  returns table (member_id uuid, role text, role_id uuid, granted text[], kind text, last_active_at timestamptz,
                 factor_at timestamptz, factor_required_from timestamptz)
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
           t.factor_required_from
      from public.member m
      join public.tenant t on t.tenant_id = m.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where m.tenant_id = p_tenant and m.member_id = s.member_id
        and s.ended_at is null and s.expires_at > p_now and s.last_active_at > p_now - interval '30 minutes'
        and m.status = 'active' and m.verified_at is not null and t.state = 'active'
        and case when m.role = 'support' then directory.support_stands(m.member_id, s.staff_session_id, p_now)
                 else true end;
  if not found then
    raise exception 'the session has ended' using errcode = 'VS401';
  end if;
end $$;
