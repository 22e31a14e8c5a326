-- The encrypted index of a tenant: which segments are searched, who rewrites them, what must be gone from them; and
-- when what its members may see changed last. What was indexed before is indexed anew from its passages.

drop table index_posting;
drop table index_segment;

create table index_manifest (
  tenant_id uuid not null references tenant (tenant_id),
  -- counts the changes of the list of live segments; whoever changes it holds this row
  generation bigint not null default 0,
  -- who rewrites segments just now, and until when unless they say so again
  holder uuid,
  held_until timestamptz,
  primary key (tenant_id)
);
select kernel.protect('index_manifest', 'select, insert, update');

-- building: its rows are being written, and it is searched by nobody. live: searched. gone: its rows are being removed.
create table index_segment (
  tenant_id uuid not null references tenant (tenant_id),
  -- short, for the rows; its sealed cells are bound to segment_id
  segment_no integer not null,
  segment_id uuid not null,
  state text not null check (state in ('building', 'live', 'gone')),
  -- bytes of its rows
  weight bigint not null,
  -- while it is building: nobody's from then on
  kept_until timestamptz not null,
  stats bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, segment_no),
  unique (tenant_id, segment_id)
);
create index index_segment_unfinished on index_segment (kept_until) where state <> 'live';
select kernel.protect('index_segment', 'select, insert, update, delete');

-- Sorted as a merge reads them, and as a query finds them: segment by segment, word by word.
create table index_posting (
  tenant_id uuid not null references tenant (tenant_id),
  segment_no integer not null,
  term_hash bytea not null check (octet_length(term_hash) = 12),
  body bytea not null,
  primary key (tenant_id, segment_no, term_hash),
  foreign key (tenant_id, segment_no) references index_segment (tenant_id, segment_no)
);
-- Ciphertext does not shrink; and lists of up to 8 KB are read with their row.
alter table index_posting alter column body set storage external;
alter table index_posting set (toast_tuple_target = 8160);
select kernel.protect('index_posting', 'select, insert, delete');

-- Numbers of documents that segments may still speak of and nobody finds any more: deleted, in the bin, or indexed
-- under another number. A rewrite of the segments that hold one takes it away, within a bound.
create table index_tombstone (
  tenant_id uuid not null references tenant (tenant_id),
  document_no integer not null,
  since timestamptz not null,
  primary key (tenant_id, document_no)
);
create index index_tombstone_oldest on index_tombstone (since);
select kernel.protect('index_tombstone', 'select, insert, delete');

create function kernel.bury_number() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.index_tombstone (tenant_id, document_no, since)
    values (old.tenant_id, old.document_no, now()) on conflict do nothing;
  return null;
end $$;
revoke execute on function kernel.bury_number() from public;
create trigger bury_number_of_deleted after delete on document
  for each row execute function kernel.bury_number();
create trigger bury_number_of_changed after update on document
  for each row when (old.document_no <> new.document_no or (old.deleted_at is null and new.deleted_at is not null))
  execute function kernel.bury_number();

-- What comes back from the bin is indexed under a new number: the old one may be gone from the segments already.
create function kernel.renumber_restored() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.tenant_counter (tenant_id, counter, value) values (new.tenant_id, 'document', 1)
    on conflict (tenant_id, counter) do update set value = tenant_counter.value + 1
    returning value into new.document_no;
  if new.state = 'ready' then
    new.state := 'indexing';
  end if;
  return new;
end $$;
revoke execute on function kernel.renumber_restored() from public;
create trigger renumber_restored before update on document
  for each row when (old.deleted_at is not null and new.deleted_at is null and old.document_no = new.document_no)
  execute function kernel.renumber_restored();

-- Changes with everything that decides who sees which document: what a process remembers of it holds for one epoch.
-- Never the same twice, also where a database is put back to an earlier state.
create table visibility_epoch (
  tenant_id uuid not null references tenant (tenant_id),
  epoch uuid not null,
  primary key (tenant_id)
);
select kernel.protect('visibility_epoch', 'select');

-- Runs when a transaction commits, once in it, so that the row is held for no longer than the commit takes.
create function kernel.visibility_changed() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_tenant uuid := case when tg_op = 'DELETE' then old.tenant_id else new.tenant_id end;
begin
  if coalesce(current_setting('vouchsafe.epoch_of', true), '') = v_tenant::text then
    return null;
  end if;
  insert into public.visibility_epoch (tenant_id, epoch) values (v_tenant, gen_random_uuid())
    on conflict (tenant_id) do update set epoch = excluded.epoch;
  perform set_config('vouchsafe.epoch_of', v_tenant::text, true);
  return null;
end $$;

revoke execute on function kernel.visibility_changed() from public;

-- For each table that a condition of sharing/reach.ts asks.
create function kernel.watch_visibility(p_table regclass) returns void
  language plpgsql as $$
begin
  execute format('create constraint trigger visibility_changed after insert or update or delete on %s'
    || ' deferrable initially deferred for each row execute function kernel.visibility_changed()', p_table);
end $$;
revoke execute on function kernel.watch_visibility(regclass) from public;
select kernel.watch_visibility('folder');
select kernel.watch_visibility('folder_above');
select kernel.watch_visibility('share');
select kernel.watch_visibility('group_member');
create constraint trigger visibility_changed after insert or delete on document
  deferrable initially deferred for each row execute function kernel.visibility_changed();
-- Not when it is only read, indexed or named.
create constraint trigger visibility_of_document_changed after update on document
  deferrable initially deferred for each row
  when ((old.owner_id, old.folder_id, old.document_no, old.deleted_at, old.state = 'ready')
    is distinct from (new.owner_id, new.folder_id, new.document_no, new.deleted_at, new.state = 'ready'))
  execute function kernel.visibility_changed();

-- For the timer that keeps the bound, and belongs to no tenant: whose index has something to be done that nobody does.
-- Identifiers and nothing else.
create function directory.tenants_with_index_work(p_buried_before timestamptz, p_now timestamptz) returns setof uuid
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.tenant_id from public.index_tombstone t where t.since < p_buried_before
    union
    select s.tenant_id from public.index_segment s where s.state <> 'live' and s.kept_until < p_now
    union
    select d.tenant_id from public.document d
      where d.state = 'indexing' and d.deleted_at is null and d.updated_at < p_now - interval '10 minutes' $$;
revoke execute on function directory.tenants_with_index_work(timestamptz, timestamptz) from public;
grant execute on function directory.tenants_with_index_work(timestamptz, timestamptz) to vouchsafe_app;
create index document_to_index on document (tenant_id, document_no) where state = 'indexing';
