-- What isolates tenants. Every later migration stands on kernel.protect().

create schema kernel;
create schema directory;
-- The schema `platform` is made before the first migration: it holds the list of migrations.
grant usage on schema kernel, directory, platform to vouchsafe_app, vouchsafe_backup;
grant select on platform.migration to vouchsafe_app;
grant usage on schema kernel to vouchsafe_audit_writer, vouchsafe_audit_eraser;

-- After SET LOCAL the setting is an empty string on a reused connection, hence nullif: no tenant, no rows.
create function kernel.current_tenant() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('vouchsafe.tenant', true), '')::uuid;

create function kernel.current_session() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('vouchsafe.session', true), '')::uuid;

-- Makes a table a tenant table: tenant_id leads its primary key, row security is on and forced, one policy
-- admits the current tenant only, and the application gets the privileges named and no others.
create function kernel.protect(p_table regclass, p_app_privileges text) returns void
  language plpgsql as $$
declare
  v_leading name;
begin
  select a.attname into v_leading
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = p_table and i.indisprimary;
  if v_leading is distinct from 'tenant_id' then
    raise exception 'the primary key of % must begin with tenant_id', p_table;
  end if;
  execute format('alter table %s enable row level security', p_table);
  execute format('alter table %s force row level security', p_table);
  execute format(
    'create policy tenant_isolation on %s using (tenant_id = kernel.current_tenant())'
    || ' with check (tenant_id = kernel.current_tenant())', p_table);
  if p_app_privileges <> '' then
    execute format('grant %s on %s to vouchsafe_app', p_app_privileges, p_table);
  end if;
  execute format('grant select on %s to vouchsafe_backup', p_table);
end $$;

create table tenant (
  tenant_id uuid primary key,
  kind text not null check (kind in ('operator', 'customer', 'canary')),
  name bytea not null,
  state text not null default 'active' check (state in ('active', 'closed')),
  created_at timestamptz not null default now()
);
select kernel.protect('tenant', 'select, insert, update');

-- Numbers that count up within one tenant (documents, passages).
create table tenant_counter (
  tenant_id uuid not null references tenant (tenant_id),
  counter text not null,
  value bigint not null,
  primary key (tenant_id, counter)
);
select kernel.protect('tenant_counter', 'select, insert, update');

-- The operator tenant's own record of the tenants it created.
create table operator_tenant (
  tenant_id uuid not null references tenant (tenant_id),
  customer_id uuid not null,
  slug text not null,
  name bytea not null,
  owner_address bytea not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, customer_id)
);
select kernel.protect('operator_tenant', 'select, insert');

-- What must be found before a tenant is known. The application cannot read this table, only ask for one slug.
create table directory.tenant_slug (
  slug text primary key check (slug ~ '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$'),
  tenant_id uuid not null unique references tenant (tenant_id)
);
grant select on directory.tenant_slug to vouchsafe_backup;

create function directory.tenant_by_slug(p_slug text) returns uuid
  language sql stable security definer set search_path = pg_catalog, pg_temp
  return (select tenant_id from directory.tenant_slug where slug = p_slug);

-- Gives the current tenant its slug; false when it is taken.
create function directory.claim_slug(p_slug text) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into directory.tenant_slug (slug, tenant_id) values (p_slug, kernel.current_tenant())
    on conflict (slug) do nothing;
  return found;
end $$;

-- One row: whether the installation has its first owner. The token's hash is replaced at each start until then.
create table platform.set_up (
  only_row boolean primary key default true check (only_row),
  token_hash bytea,
  done_at timestamptz
);
insert into platform.set_up default values;
grant select, update on platform.set_up to vouchsafe_app;

create table platform.signing_key (
  kid text primary key,
  public_jwk jsonb not null,
  private_key bytea not null,
  created_at timestamptz not null default now()
);
grant select, insert on platform.signing_key to vouchsafe_app;
grant select on all tables in schema platform to vouchsafe_backup;

revoke execute on all functions in schema kernel, directory from public;
grant execute on function kernel.current_tenant(), kernel.current_session()
  to vouchsafe_app, vouchsafe_audit_writer, vouchsafe_audit_eraser, vouchsafe_backup;
grant execute on function directory.tenant_by_slug(text), directory.claim_slug(text) to vouchsafe_app;
