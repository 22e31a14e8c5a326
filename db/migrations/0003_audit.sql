create schema audit;
grant usage on schema audit to vouchsafe_app, vouchsafe_audit_writer, vouchsafe_audit_eraser, vouchsafe_backup;

create table audit.entry (
  tenant_id uuid not null references tenant (tenant_id),
  entry_id uuid not null,
  -- to the millisecond, so that a page of the log can end at an exact place
  at timestamptz(3) not null,
  actor_kind text not null check (actor_kind in ('member', 'visitor', 'job', 'operator')),
  actor_id uuid,
  role text,
  event text not null,
  resource_type text not null,
  resource_id uuid,
  outcome text not null check (outcome in ('done', 'refused')),
  -- address, user agent, changed fields with old and new values; null once erased
  content bytea,
  primary key (tenant_id, entry_id)
);
create index audit_newest on audit.entry (tenant_id, at desc, entry_id desc);
select kernel.protect('audit.entry', 'select');
grant insert on audit.entry to vouchsafe_audit_writer;
-- Erasing content when retention ends; the entry itself stays.
grant select (tenant_id, entry_id, at), update (content) on audit.entry to vouchsafe_audit_eraser;
-- The privilege alone would let the eraser put other content in its place.
create function audit.only_erase() returns trigger language plpgsql as $$
begin
  if new.content is not null then
    raise exception 'the content of an entry is erased, never replaced' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
revoke execute on function audit.only_erase() from public;
create trigger only_erase before update on audit.entry for each row execute function audit.only_erase();
grant select on tenant, member, session to vouchsafe_audit_writer;

-- The only way to write an entry. Tenant, actor, role and time are set here, from the session that the
-- database itself has checked, and not by the caller.
create function audit.append(
  p_entry uuid, p_event text, p_resource_type text, p_resource uuid, p_outcome text, p_content bytea
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := kernel.current_tenant();
  v_session uuid := kernel.current_session();
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
  elsif v_kind = 'member' then
    raise exception 'a member needs a session' using errcode = 'VS401';
  end if;
  insert into audit.entry
      (tenant_id, entry_id, at, actor_kind, actor_id, role, event, resource_type, resource_id, outcome, content)
    values
      (v_tenant, p_entry, clock_timestamp(), v_kind, v_actor, v_role, p_event, p_resource_type, p_resource,
       p_outcome, p_content);
end $$;
revoke execute on function audit.append(uuid, text, text, uuid, text, bytea) from public;
grant execute on function audit.append(uuid, text, text, uuid, text, bytea) to vouchsafe_app;
-- Owning a function needs CREATE on its schema, for this one statement only.
grant create on schema audit to vouchsafe_audit_writer;
alter function audit.append(uuid, text, text, uuid, text, bytea) owner to vouchsafe_audit_writer;
revoke create on schema audit from vouchsafe_audit_writer;
