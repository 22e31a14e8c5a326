-- The audit log as a transparency log (RFC 6962): entries wait in a queue until a sequencer gives each its place in one
-- tree. Formats, byte for byte: verify/FORMAT.md.

alter table audit.entry
  -- SHA-256 of the content in clear, which holds a salt: stays when the content is erased, and tells nothing of it
  add column commitment bytea check (octet_length(commitment) = 32);

-- Entries that have no place yet. Identifiers commit out of order, so a place is given only after the commit.
create table audit.staged (
  staged_no bigint generated always as identity primary key,
  tenant_id uuid not null,
  entry_id uuid not null,
  entry_hash bytea not null check (octet_length(entry_hash) = 32)
);
-- The tree: of the whole installation, and nothing but hashes.
create table audit.leaf (
  leaf_index bigint primary key,
  hash bytea not null check (octet_length(hash) = 32)
);
-- Where a tenant's entries stand in it. `number` counts them from 1: what is taken out leaves a gap.
create table audit.place (
  tenant_id uuid not null references tenant (tenant_id),
  number bigint not null check (number > 0),
  entry_id uuid not null,
  leaf_index bigint not null,
  primary key (tenant_id, number),
  unique (tenant_id, entry_id),
  foreign key (tenant_id, entry_id) references audit.entry (tenant_id, entry_id)
);
select kernel.protect('audit.place', 'select');
-- Roots of complete subtrees of 256^level leaves, so that a proof reads a few rows.
create table audit.subtree (
  level smallint not null check (level between 1 and 7),
  subtree_index bigint not null,
  hash bytea not null check (octet_length(hash) = 32),
  primary key (level, subtree_index)
);
grant insert on audit.staged to vouchsafe_audit_writer;
grant select, delete on audit.staged to vouchsafe_audit_sequencer;
grant select, insert on audit.leaf, audit.place, audit.subtree to vouchsafe_audit_sequencer;
grant usage on schema audit, kernel to vouchsafe_audit_sequencer;
grant execute on function kernel.current_tenant() to vouchsafe_audit_sequencer;
grant select on audit.leaf, audit.subtree to vouchsafe_app;
grant select on audit.staged, audit.leaf, audit.subtree to vouchsafe_backup;

-- The hash of an entry as verify/FORMAT.md defines it. Written out: a function for each field would cost ten times as
-- much, with every entry.
create function audit.entry_hash(e audit.entry) returns bytea
  language sql stable parallel safe
  return sha256('vouchsafe-audit-entry-1'::bytea
    || '\x00000010'::bytea || uuid_send(e.tenant_id)
    || '\x00000010'::bytea || uuid_send(e.entry_id)
    || '\x00000008'::bytea || int8send((extract(epoch from e.at) * 1000)::bigint)
    || int4send(octet_length(e.actor_kind)) || convert_to(e.actor_kind, 'UTF8')
    || coalesce('\x00000010'::bytea || uuid_send(e.actor_id), '\xffffffff'::bytea)
    || coalesce('\x00000010'::bytea || uuid_send(e.key_id), '\xffffffff'::bytea)
    || coalesce(int4send(octet_length(e.role)) || convert_to(e.role, 'UTF8'), '\xffffffff'::bytea)
    || int4send(octet_length(e.event)) || convert_to(e.event, 'UTF8')
    || int4send(octet_length(e.resource_type)) || convert_to(e.resource_type, 'UTF8')
    || coalesce('\x00000010'::bytea || uuid_send(e.resource_id), '\xffffffff'::bytea)
    || int4send(octet_length(e.outcome)) || convert_to(e.outcome, 'UTF8')
    || coalesce('\x00000020'::bytea || e.commitment, '\xffffffff'::bytea));

create function audit.node(p_left bytea, p_right bytea) returns bytea
  language sql immutable parallel safe
  return pg_catalog.sha256('\x01'::bytea || p_left || p_right);

-- The root over a power of two of hashes.
create function audit.root(p_hashes bytea[]) returns bytea
  language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  v_row bytea[] := p_hashes;
begin
  while cardinality(v_row) > 1 loop
    v_row := array(select audit.node(v_row[2 * i - 1], v_row[2 * i])
                     from generate_series(1, cardinality(v_row) / 2) as i order by i);
  end loop;
  return v_row[1];
end $$;

revoke execute on function audit.entry_hash(audit.entry), audit.node(bytea, bytea),
  audit.root(bytea[]) from public;
grant execute on function audit.entry_hash(audit.entry) to vouchsafe_audit_writer;
grant execute on function audit.node(bytea, bytea), audit.root(bytea[]) to vouchsafe_audit_sequencer;

-- Only its owner drops a function, and owning one in a schema needs CREATE there, for this statement only.
grant create on schema audit to vouchsafe_audit_writer, vouchsafe_audit_sequencer;
set local role vouchsafe_audit_writer;
drop function audit.append(uuid, text, text, uuid, text, bytea);
create function audit.append(
  p_entry uuid, p_event text, p_resource_type text, p_resource uuid, p_outcome text, p_content bytea,
  p_commitment bytea
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_session uuid := kernel.current_session();
  v_key uuid := kernel.current_key();
  v audit.entry;
begin
  v.tenant_id := kernel.current_tenant();
  v.actor_kind := coalesce(nullif(current_setting('vouchsafe.actor', true), ''), 'visitor');
  if v_session is not null then
    select 'member', m.member_id, m.role into v.actor_kind, v.actor_id, v.role
      from public.session s
      join public.member m on m.tenant_id = s.tenant_id and m.member_id = s.member_id
      where s.tenant_id = v.tenant_id and s.session_id = v_session
        -- A session that has ended speaks for nobody any more, except in the unit of work that ends it.
        and (s.ended_at is null or s.xmin = pg_current_xact_id()::xid);
    if not found then
      raise exception 'no such session' using errcode = 'VS401';
    end if;
  elsif v_key is not null then
    select 'key', m.member_id, m.role into v.actor_kind, v.actor_id, v.role
      from public.api_key k
      join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
      where k.tenant_id = v.tenant_id and k.key_id = v_key
        and (k.revoked_at is null or k.xmin = pg_current_xact_id()::xid);
    if not found then
      raise exception 'no such key' using errcode = 'VS402';
    end if;
    v.key_id := v_key;
  elsif v.actor_kind in ('member', 'key') then
    raise exception 'a member needs a session' using errcode = 'VS401';
  end if;
  v.entry_id := p_entry;
  v.at := date_trunc('milliseconds', clock_timestamp());
  v.event := p_event;
  v.resource_type := p_resource_type;
  v.resource_id := p_resource;
  v.outcome := p_outcome;
  v.content := p_content;
  v.commitment := p_commitment;
  insert into audit.entry
      (tenant_id, entry_id, at, actor_kind, actor_id, role, event, resource_type, resource_id, outcome, content, key_id,
       commitment)
    values (v.tenant_id, v.entry_id, v.at, v.actor_kind, v.actor_id, v.role, v.event, v.resource_type, v.resource_id,
            v.outcome, v.content, v.key_id, v.commitment);
  insert into audit.staged (tenant_id, entry_id, entry_hash)
    values (v.tenant_id, v.entry_id, audit.entry_hash(v));
end $$;
revoke execute on function audit.append(uuid, text, text, uuid, text, bytea, bytea) from public;
grant execute on function audit.append(uuid, text, text, uuid, text, bytea, bytea) to vouchsafe_app;

-- Gives the oldest waiting entries, at most p_most, the next places of the tree, all or none. Answers its size and, for
-- each tenant that had one among them, the first and the last number that it got. One at a time in the whole database.
set local role vouchsafe_audit_sequencer;
create function audit.sequence(p_most integer)
  returns table (new_size bigint, of_tenant uuid, first_number bigint, last_number bigint)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_given jsonb := '[]';
  v_tenant text := current_setting('vouchsafe.tenant', true);
  v_size bigint;
  v_from bigint;
  v_number bigint;
  v_level smallint;
  v_width bigint;
  v record;
begin
  perform pg_advisory_xact_lock(7234011908);
  v_from := coalesce((select max(leaf_index) + 1 from audit.leaf), 0);
  v_size := v_from;
  for v in
    with taken as (
      delete from audit.staged
        where staged_no in (select staged_no from audit.staged order by staged_no limit p_most)
        returning staged_no, tenant_id, entry_id, entry_hash)
    select tenant_id, array_agg(entry_id order by staged_no) as ids, array_agg(entry_hash order by staged_no) as hashes
      from taken group by tenant_id
  loop
    -- The one policy of the table holds for this role as for every other.
    perform set_config('vouchsafe.tenant', v.tenant_id::text, true);
    v_number := coalesce((select max(number) from audit.place where tenant_id = v.tenant_id), 0);
    insert into audit.place (tenant_id, number, entry_id, leaf_index)
      select v.tenant_id, v_number + i, v.ids[i], v_size + i - 1 from generate_series(1, cardinality(v.ids)) as i;
    insert into audit.leaf (leaf_index, hash)
      select v_size + i - 1,
             sha256('\x00'::bytea || 'vouchsafe-audit-leaf-1'::bytea || uuid_send(v.tenant_id) || int8send(v_number + i)
                    || v.hashes[i])
        from generate_series(1, cardinality(v.ids)) as i;
    v_size := v_size + cardinality(v.ids);
    v_given := v_given || jsonb_build_object('t', v.tenant_id, 'f', v_number + 1, 'l', v_number + cardinality(v.ids));
  end loop;
  perform set_config('vouchsafe.tenant', coalesce(v_tenant, ''), true);
  -- Subtrees that are complete now and were not before.
  v_width := 256;
  for v_level in 1..7 loop
    exit when v_size < v_width or v_from / v_width = v_size / v_width;
    insert into audit.subtree (level, subtree_index, hash)
      select v_level, i, case v_level
          when 1 then audit.root(array(select hash from audit.leaf
                                         where leaf_index >= i * 256 and leaf_index < (i + 1) * 256 order by leaf_index))
          else audit.root(array(select hash from audit.subtree
                                  where level = v_level - 1 and subtree_index >= i * 256 and subtree_index < (i + 1) * 256
                                  order by subtree_index)) end
        from generate_series(v_from / v_width, v_size / v_width - 1) as i;
    v_width := v_width * 256;
  end loop;
  return query select v_size, (g->>'t')::uuid, (g->>'f')::bigint, (g->>'l')::bigint
    from jsonb_array_elements(case when v_given = '[]' then '[{}]' else v_given end) as g;
end $$;
revoke execute on function audit.sequence(integer) from public;
grant execute on function audit.sequence(integer) to vouchsafe_app;
-- Entries of the current tenant that have no place yet.
create function audit.waiting() returns setof uuid
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic select entry_id from audit.staged where tenant_id = kernel.current_tenant(); end;
revoke execute on function audit.waiting() from public;
grant execute on function audit.waiting() to vouchsafe_app;
set local role vouchsafe_migrator;
revoke create on schema audit from vouchsafe_audit_writer, vouchsafe_audit_sequencer;

-- How many places of the tree have no entry any more, in the whole installation: a number, so that whoever checks one
-- tenant's log learns that entries were removed whose numbers were given again.
create function audit.removed() returns bigint
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select count(*) from audit.leaf l
      where not exists (select from audit.place p
                          join audit.entry e on e.tenant_id = p.tenant_id and e.entry_id = p.entry_id
                          where p.leaf_index = l.leaf_index);
  end;
revoke execute on function audit.removed() from public;
grant execute on function audit.removed() to vouchsafe_app;
