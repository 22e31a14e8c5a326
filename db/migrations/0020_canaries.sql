-- What the installation does to itself: canary tenants, attacks on the running server, alarms and mails to the operator.
-- All of it is of the installation, not of a tenant.

-- What the operator was last told of, so that nothing is told twice within an hour.
create table platform.alert_sent (
  kind text primary key,
  at timestamptz not null
);
grant select, insert, update on platform.alert_sent to vouchsafe_app;

-- The canary tenants, and what the runner must know of them: sealed with a key of the installation. `identifiers` are
-- those of everything that is in them: whoever else names one raises an alarm.
create table platform.canary (
  tenant_id uuid primary key,
  slug text not null unique,
  part text not null unique check (part in ('attacker', 'victim')),
  created_at timestamptz not null,
  -- Which version filled it last; null while nothing has.
  version text,
  identifiers uuid[] not null default '{}',
  secrets bytea not null
);
grant select, insert, update on platform.canary to vouchsafe_app;

-- An attack and its summary, as it was signed; the ledger, sealed, for as long as it is kept.
create table platform.attack_run (
  run_id uuid primary key,
  at timestamptz not null,
  version text not null,
  kind text not null check (kind in ('live', 'rehearsal')),
  summary json not null,
  ledger bytea,
  note text not null
);
create index attack_run_newest on platform.attack_run (kind, at desc);
grant select, insert, update (ledger) on platform.attack_run to vouchsafe_app;

-- Somebody but the runner touched a canary. No content: when, how, by which tenant (null: by nobody known), where.
create table platform.alarm (
  alarm_id uuid primary key,
  at timestamptz not null,
  kind text not null check (kind in ('sign-in', 'session', 'named', 'answer', 'job')),
  tenant_id uuid,
  route text not null
);
create index alarm_newest on platform.alarm (at desc);
grant select, insert on platform.alarm to vouchsafe_app;

grant select on platform.alert_sent, platform.canary, platform.attack_run, platform.alarm to vouchsafe_backup;

-- The public page is read as a role that has no right on any tenant's table.
grant usage on schema platform to vouchsafe_public;
grant select on platform.control_run, platform.public_page, platform.alarm to vouchsafe_public;
grant select (run_id, at, version, kind, summary, note) on platform.attack_run to vouchsafe_public;

-- As before, without the canaries: nobody at the operator's has anything to do there.
create or replace function directory.support_grants(p_now timestamptz)
  returns table (grant_id uuid, tenant_id uuid, slug text, until timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select g.grant_id, g.tenant_id, s.slug, g.until
      from public.support_grant g
      join directory.tenant_slug s on s.tenant_id = g.tenant_id
      join public.tenant t on t.tenant_id = g.tenant_id
      where g.ended_at is null and g.until > p_now and t.state = 'active' and t.kind <> 'canary'
        and exists (select 1 from public.tenant o where o.tenant_id = kernel.current_tenant() and o.kind = 'operator')
      order by g.until, g.grant_id
      limit 500;
  end;
