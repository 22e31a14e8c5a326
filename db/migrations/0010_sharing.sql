-- Who may see what inside of a tenant: folders, groups, shares, and the recorded access of an admin.

create table folder (
  tenant_id uuid not null references tenant (tenant_id),
  folder_id uuid not null,
  owner_id uuid not null,
  -- null: at the top
  parent_id uuid,
  name bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, folder_id),
  foreign key (tenant_id, owner_id) references member (tenant_id, member_id),
  foreign key (tenant_id, parent_id) references folder (tenant_id, folder_id)
);
create index folder_in_folder on folder (tenant_id, parent_id) where parent_id is not null;
create index folder_of_member on folder (tenant_id, owner_id);
select kernel.protect('folder', 'select, insert, update, delete');

-- Each folder with itself and every folder above it, so that what is inherited is a join and no search. Kept by the
-- trigger below.
create table folder_above (
  tenant_id uuid not null references tenant (tenant_id),
  folder_id uuid not null,
  above_id uuid not null,
  primary key (tenant_id, folder_id, above_id),
  foreign key (tenant_id, folder_id) references folder (tenant_id, folder_id) on delete cascade,
  foreign key (tenant_id, above_id) references folder (tenant_id, folder_id) on delete cascade
);
create index folder_below on folder_above (tenant_id, above_id);
select kernel.protect('folder_above', 'select, insert, delete');

create function kernel.keep_folder_above() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into public.folder_above (tenant_id, folder_id, above_id)
      values (new.tenant_id, new.folder_id, new.folder_id);
  else
    -- Whoever moves folders holds the tenant's lock; without it this alone would not see a circle made elsewhere.
    if exists (select from public.folder_above a
                where a.tenant_id = new.tenant_id and a.folder_id = new.parent_id and a.above_id = new.folder_id) then
      raise exception 'a folder cannot lie in itself' using errcode = 'check_violation';
    end if;
    delete from public.folder_above a using public.folder_above inside
      where inside.tenant_id = new.tenant_id and inside.above_id = new.folder_id
        and a.tenant_id = new.tenant_id and a.folder_id = inside.folder_id
        and not exists (select from public.folder_above kept
                         where kept.tenant_id = new.tenant_id and kept.folder_id = a.above_id
                           and kept.above_id = new.folder_id);
  end if;
  insert into public.folder_above (tenant_id, folder_id, above_id)
    select new.tenant_id, inside.folder_id, up.above_id
      from public.folder_above inside join public.folder_above up on up.tenant_id = inside.tenant_id
      where inside.tenant_id = new.tenant_id and inside.above_id = new.folder_id and up.folder_id = new.parent_id;
  return null;
end $$;
create trigger keep_folder_above after insert or update of parent_id on folder
  for each row execute function kernel.keep_folder_above();

alter table document
  add column folder_id uuid,
  add foreign key (tenant_id, folder_id) references folder (tenant_id, folder_id);
create index document_in_folder on document (tenant_id, folder_id) where folder_id is not null;
create index document_of_member on document (tenant_id, owner_id);

create table member_group (
  tenant_id uuid not null references tenant (tenant_id),
  group_id uuid not null,
  name bytea not null,
  -- by which a name is found taken
  name_hash bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, group_id),
  unique (tenant_id, name_hash)
);
select kernel.protect('member_group', 'select, insert, update, delete');

create table group_member (
  tenant_id uuid not null references tenant (tenant_id),
  group_id uuid not null,
  member_id uuid not null,
  primary key (tenant_id, group_id, member_id),
  foreign key (tenant_id, group_id) references member_group (tenant_id, group_id) on delete cascade,
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index group_of_member on group_member (tenant_id, member_id);
select kernel.protect('group_member', 'select, insert, delete');

-- One of the three objects, for a member, a group, or (neither) the whole tenant.
create table share (
  tenant_id uuid not null references tenant (tenant_id),
  share_id uuid not null,
  document_id uuid,
  folder_id uuid,
  chat_id uuid,
  member_id uuid,
  group_id uuid,
  access text not null check (access in ('read', 'write')),
  created_by uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, share_id),
  unique nulls not distinct (tenant_id, document_id, folder_id, chat_id, member_id, group_id),
  check (num_nonnulls(document_id, folder_id, chat_id) = 1),
  check (num_nonnulls(member_id, group_id) <= 1),
  foreign key (tenant_id, document_id) references document (tenant_id, document_id) on delete cascade,
  foreign key (tenant_id, folder_id) references folder (tenant_id, folder_id) on delete cascade,
  foreign key (tenant_id, chat_id) references chat (tenant_id, chat_id) on delete cascade,
  foreign key (tenant_id, member_id) references member (tenant_id, member_id),
  foreign key (tenant_id, group_id) references member_group (tenant_id, group_id) on delete cascade,
  foreign key (tenant_id, created_by) references member (tenant_id, member_id)
);
create index share_of_folder on share (tenant_id, folder_id) where folder_id is not null;
create index share_of_chat on share (tenant_id, chat_id) where chat_id is not null;
create index share_with_member on share (tenant_id, member_id) where member_id is not null;
create index share_with_group on share (tenant_id, group_id) where group_id is not null;
create index share_with_all on share (tenant_id) where member_id is null and group_id is null;
select kernel.protect('share', 'select, insert, update, delete');

insert into share (tenant_id, share_id, document_id, access, created_by, created_at)
  select tenant_id, gen_random_uuid(), document_id, 'read', owner_id, created_at from document where visibility = 'tenant';
insert into share (tenant_id, share_id, chat_id, access, created_by, created_at)
  select tenant_id, gen_random_uuid(), chat_id, 'read', owner_id, created_at from chat where visibility = 'tenant';
alter table document drop column visibility;
alter table chat drop column visibility;
create index chat_of_member on chat (tenant_id, owner_id);

-- An admin's access to others' content, for a while and with a reason: to one object, a folder with what lies in it,
-- or everything of a member. It opens what belonged at that time to those whom it names in opening_owner, who were
-- told.
create table opening (
  tenant_id uuid not null references tenant (tenant_id),
  opening_id uuid not null,
  opened_by uuid not null,
  kind text not null check (kind in ('document', 'folder', 'chat', 'member')),
  -- the one of its kind; null once that is deleted
  document_id uuid,
  folder_id uuid,
  chat_id uuid,
  member_id uuid,
  reason bytea not null,
  created_at timestamptz not null,
  until timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, opening_id),
  check (num_nonnulls(document_id, folder_id, chat_id, member_id) <= 1),
  foreign key (tenant_id, opened_by) references member (tenant_id, member_id),
  foreign key (tenant_id, document_id) references document (tenant_id, document_id) on delete set null (document_id),
  foreign key (tenant_id, folder_id) references folder (tenant_id, folder_id) on delete set null (folder_id),
  foreign key (tenant_id, chat_id) references chat (tenant_id, chat_id) on delete set null (chat_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index opening_of_admin on opening (tenant_id, opened_by, until);
create index opening_newest on opening (tenant_id, created_at desc, opening_id desc);
select kernel.protect('opening', 'select, insert, update');

create table opening_owner (
  tenant_id uuid not null references tenant (tenant_id),
  opening_id uuid not null,
  member_id uuid not null,
  primary key (tenant_id, opening_id, member_id),
  foreign key (tenant_id, opening_id) references opening (tenant_id, opening_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index opening_told on opening_owner (tenant_id, member_id);
select kernel.protect('opening_owner', 'select, insert');

-- What was read under an opening, so that each object is in the audit log once for it.
create table opening_read (
  tenant_id uuid not null references tenant (tenant_id),
  opening_id uuid not null,
  object_id uuid not null,
  primary key (tenant_id, opening_id, object_id),
  foreign key (tenant_id, opening_id) references opening (tenant_id, opening_id)
);
select kernel.protect('opening_read', 'select, insert');

-- Whoever is removed leaves the groups and loses what was shared with them; whose role changes, their openings.
create function kernel.let_go_of_access() returns trigger language plpgsql as $$
begin
  update public.opening set ended_at = now()
    where tenant_id = new.tenant_id and opened_by = new.member_id and ended_at is null;
  if new.status = 'removed' then
    delete from public.share where tenant_id = new.tenant_id and member_id = new.member_id;
    delete from public.group_member where tenant_id = new.tenant_id and member_id = new.member_id;
  end if;
  return null;
end $$;
create trigger let_go_of_access after update of status, role, role_id on member
  for each row when (old.status <> new.status or old.role <> new.role or old.role_id is distinct from new.role_id)
  execute function kernel.let_go_of_access();

-- The folder that the acting API key is bound to; null: none. A key whose folder is gone reaches nothing.
create function kernel.key_folder() returns uuid
  language sql stable
  return (select k.folder_id from public.api_key k
           where k.tenant_id = kernel.current_tenant() and k.key_id = kernel.current_key());

revoke execute on function kernel.keep_folder_above(), kernel.let_go_of_access(), kernel.key_folder() from public;
grant execute on function kernel.key_folder() to vouchsafe_app;
