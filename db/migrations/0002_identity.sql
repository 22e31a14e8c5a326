create table member (
  tenant_id uuid not null references tenant (tenant_id),
  member_id uuid not null,
  address_hash bytea,
  address bytea not null,
  name bytea not null,
  password bytea,
  role text not null check (role in ('viewer', 'manager', 'admin', 'owner')),
  status text not null default 'active' check (status in ('active', 'suspended', 'removed')),
  verified_at timestamptz,
  created_at timestamptz not null default now(),
  last_sign_in_at timestamptz,
  primary key (tenant_id, member_id),
  -- null once the member is removed, so that the address can be invited again
  unique (tenant_id, address_hash)
);
select kernel.protect('member', 'select, insert, update');

create table session (
  tenant_id uuid not null references tenant (tenant_id),
  session_id uuid not null,
  member_id uuid not null,
  client bytea not null,
  -- of the newest refresh token; its generation counts up at each rotation
  refresh_hash bytea not null,
  generation integer not null default 0,
  rotated_at timestamptz not null,
  created_at timestamptz not null,
  last_active_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_because text,
  primary key (tenant_id, session_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
-- Of all sessions, not only of those that stand: the planner would take a smaller index for the question of every
-- request, which session this is, and then look through all of the tenant's.
create index session_of_member on session (tenant_id, member_id);
select kernel.protect('session', 'select, insert, update');

create table invitation (
  tenant_id uuid not null references tenant (tenant_id),
  invitation_id uuid not null,
  address_hash bytea not null,
  address bytea not null,
  role text not null check (role in ('viewer', 'manager', 'admin', 'owner')),
  -- null: the operator invited the first owner
  invited_by uuid,
  token_hash bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, invitation_id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, invited_by) references member (tenant_id, member_id)
);
create unique index one_open_invitation on invitation (tenant_id, address_hash)
  where accepted_at is null and revoked_at is null;
select kernel.protect('invitation', 'select, insert, update');

-- Links sent by mail: to verify an address, to unlock an account.
create table mailed_link (
  tenant_id uuid not null references tenant (tenant_id),
  link_id uuid not null,
  member_id uuid not null,
  purpose text not null check (purpose in ('verify', 'unlock')),
  token_hash bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, link_id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
select kernel.protect('mailed_link', 'select, insert, update');

-- Failed sign-ins by address, kept for addresses that nobody has, too: else locking would tell who exists.
create table sign_in_guard (
  tenant_id uuid not null references tenant (tenant_id),
  address_hash bytea not null,
  failures integer not null,
  window_started_at timestamptz not null,
  locked_until timestamptz,
  locks integer not null default 0,
  primary key (tenant_id, address_hash)
);
select kernel.protect('sign_in_guard', 'select, insert, update, delete');

-- The first statement of every unit of work of a signed-in person: sets the tenant, and refuses at once when
-- the session has ended or its member may not act, so that revocation holds on the next request everywhere.
create function kernel.enter(p_tenant uuid, p_session uuid, p_now timestamptz, p_read_only boolean)
  returns table (member_id uuid, role text, kind text, last_active_at timestamptz)
  language plpgsql volatile as $$
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', p_session::text, true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
  return query
    select m.member_id, m.role, t.kind, s.last_active_at
      from public.session s
      join public.member m on m.tenant_id = s.tenant_id and m.member_id = s.member_id
      join public.tenant t on t.tenant_id = s.tenant_id
      where s.tenant_id = p_tenant and s.session_id = p_session
        and s.ended_at is null and s.expires_at > p_now and s.last_active_at > p_now - interval '30 minutes'
        and m.status = 'active' and m.verified_at is not null and t.state = 'active';
  if not found then
    raise exception 'the session has ended' using errcode = 'VS401';
  end if;
end $$;

-- The same for work without a session: a visitor, a job, the operator in a tenant being created.
create function kernel.enter_without_session(p_tenant uuid, p_actor text, p_read_only boolean) returns void
  language plpgsql volatile as $$
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.actor', p_actor, true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
end $$;

revoke execute on function kernel.enter(uuid, uuid, timestamptz, boolean),
  kernel.enter_without_session(uuid, text, boolean) from public;
grant execute on function kernel.enter(uuid, uuid, timestamptz, boolean),
  kernel.enter_without_session(uuid, text, boolean) to vouchsafe_app;
