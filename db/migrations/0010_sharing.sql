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
  -- when it ended for what is theirs, where that was before it ended for all
  ended_at timestamptz,
  primary key (tenant_id, opening_id, member_id),
  foreign key (tenant_id, opening_id) references opening (tenant_id, opening_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index opening_told on opening_owner (tenant_id, member_id);
select kernel.protect('opening_owner', 'select, insert, update');

-- What was read under an opening, so that each object is in the audit log once for it.
create table opening_read (
  tenant_id uuid not null references tenant (tenant_id),
  opening_id uuid not null,
  object_id uuid not null,
  primary key (tenant_id, opening_id, object_id),
  foreign key (tenant_id, opening_id) references opening (tenant_id, opening_id)
);
select kernel.protect('opening_read', 'select, insert');

-- Ends what is open of these members' content: what was judged when it was opened holds no more. The opening itself
-- ends with the last of those whom it was of.
create function kernel.close_content_of(p_tenant uuid, p_members uuid[]) returns void language plpgsql as $$
begin
  update public.opening_owner told set ended_at = now()
    from public.opening o
    where told.tenant_id = p_tenant and told.member_id = any (p_members) and told.ended_at is null
      and o.tenant_id = told.tenant_id and o.opening_id = told.opening_id and o.ended_at is null;
  update public.opening o set ended_at = now()
    where o.tenant_id = p_tenant and o.ended_at is null
      and exists (select from public.opening_owner told
                   where told.tenant_id = o.tenant_id and told.opening_id = o.opening_id
                     and told.member_id = any (p_members))
      and not exists (select from public.opening_owner told
                       where told.tenant_id = o.tenant_id and told.opening_id = o.opening_id and told.ended_at is null);
end $$;

-- Whoever is removed leaves the groups and loses what was shared with them; whose role changes, their openings, and
-- what others have open of theirs.
create function kernel.let_go_of_access() returns trigger language plpgsql as $$
begin
  update public.opening set ended_at = now()
    where tenant_id = new.tenant_id and opened_by = new.member_id and ended_at is null;
  if new.status = 'removed' or old.role <> new.role or old.role_id is distinct from new.role_id then
    perform kernel.close_content_of(new.tenant_id, array[new.member_id]);
  end if;
  if new.status = 'removed' then
    delete from public.share where tenant_id = new.tenant_id and member_id = new.member_id;
    delete from public.group_member where tenant_id = new.tenant_id and member_id = new.member_id;
  end if;
  return null;
end $$;
create trigger let_go_of_access after update of status, role, role_id on member
  for each row when (old.status <> new.status or old.role <> new.role or old.role_id is distinct from new.role_id)
  execute function kernel.let_go_of_access();

-- So do the openings of those whose role loses the right to open.
create function kernel.let_go_of_openings() returns trigger language plpgsql as $$
begin
  update public.opening set ended_at = now()
    where tenant_id = new.tenant_id and ended_at is null
      and opened_by in (select m.member_id from public.member m
                         where m.tenant_id = new.tenant_id and m.role_id = new.role_id);
  return null;
end $$;
create trigger let_go_of_openings after update of permissions on role
  for each row when ('content.open' = any (old.permissions) and not ('content.open' = any (new.permissions)))
  execute function kernel.let_go_of_openings();

-- A role that gains rights may hold more now than whoever has its members' content open.
create function kernel.let_go_of_content() returns trigger language plpgsql as $$
begin
  perform kernel.close_content_of(new.tenant_id, array(
    select m.member_id from public.member m where m.tenant_id = new.tenant_id and m.role_id = new.role_id));
  return null;
end $$;
create trigger let_go_of_content after update of permissions on role
  for each row when (not (new.permissions <@ old.permissions))
  execute function kernel.let_go_of_content();

-- What follows is asked of single rows, and seldom or of few: functions in plpgsql, which cost a statement that does
-- not call them nothing. The condition that whole lists are narrowed with stands in knowledge/sharing/reach.ts.

-- Whether the acting API key reaches what lies in a folder: one that is bound to a folder reaches that one and all in
-- it. A key whose folder is gone reaches nothing.
create function kernel.is_in_reach_of_key(p_place uuid) returns boolean
  language plpgsql stable as $$
declare
  v_bound uuid;
begin
  if kernel.current_key() is null then
    return true;
  end if;
  select k.folder_id into v_bound from public.api_key k
    where k.tenant_id = kernel.current_tenant() and k.key_id = kernel.current_key();
  return v_bound is null or exists (
    select from public.folder_above up
      where up.tenant_id = kernel.current_tenant() and up.folder_id = p_place and up.above_id = v_bound);
end $$;

create function kernel.groups_of(p_member uuid) returns uuid[]
  language plpgsql stable as $$
begin
  return array(select g.group_id from public.group_member g
                where g.tenant_id = kernel.current_tenant() and g.member_id = p_member);
end $$;

create function kernel.has_openings(p_member uuid, p_now timestamptz) returns boolean
  language plpgsql stable as $$
begin
  -- Never for a program.
  return kernel.current_key() is null and exists (
    select from public.opening o
      where o.tenant_id = kernel.current_tenant() and o.opened_by = p_member and o.ended_at is null and o.until > p_now);
end $$;

-- The opening under which a member sees a row; null when there is none. It speaks for the content of those who were
-- told of it. `p_place` is the folder that the row lies in, or is.
create function kernel.opening_of(
  p_document uuid, p_chat uuid, p_place uuid, p_owner uuid, p_member uuid, p_now timestamptz
) returns uuid
  language plpgsql stable as $$
begin
  if kernel.current_key() is not null then
    return null;
  end if;
  return (
    select o.opening_id
      from public.opening o
      join public.opening_owner told
        on told.tenant_id = o.tenant_id and told.opening_id = o.opening_id and told.member_id = p_owner
       and told.ended_at is null
      where o.tenant_id = kernel.current_tenant() and o.opened_by = p_member and o.ended_at is null and o.until > p_now
        and (o.member_id = p_owner or o.document_id = p_document or o.chat_id = p_chat
             or o.folder_id in (select up.above_id from public.folder_above up
                                 where up.tenant_id = kernel.current_tenant() and up.folder_id = p_place))
      -- Of a chat, the one of this very chat shows most.
      order by o.chat_id is null, o.created_at desc
      limit 1);
end $$;

-- What shares and enclosing folders make of one row for its reader: the most they give (write comes after read in the
-- alphabet), the most of that which comes from folders, whether the whole tenant has it, whether anybody else does.
create function kernel.sharing_of(
  p_document uuid, p_folder uuid, p_chat uuid, p_place uuid, p_owner uuid, p_member uuid
) returns table (reached text, inherited text, whole boolean, shared boolean)
  -- Else it would be planned anew at each call, which takes longer than the call.
  language plpgsql stable set plan_cache_mode = force_generic_plan as $$
declare
  v_above uuid[];
  v_groups uuid[];
begin
  -- What is read most: a document in no folder that nobody else has.
  if p_place is null and p_chat is null and not exists (
    select from public.share s where s.tenant_id = kernel.current_tenant() and s.document_id = p_document) then
    whole := false;
    shared := false;
    return next;
    return;
  end if;
  -- Once, and not for every share that is looked at.
  v_groups := kernel.groups_of(p_member);
  if p_place is null then
    return query
      select max(s.access) filter (where s.member_id = p_member or (s.member_id is null and s.group_id is null)
                                      or s.group_id = any (v_groups)),
             null::text, coalesce(bool_or(s.member_id is null and s.group_id is null), false), count(*) > 0
        from public.share s
        where s.tenant_id = kernel.current_tenant() and (s.document_id = p_document or s.chat_id = p_chat);
    return;
  end if;
  v_above := array(select up.above_id from public.folder_above up
                    where up.tenant_id = kernel.current_tenant() and up.folder_id = p_place);
  return query
    select max(g.access) filter (where g.speaks), max(g.access) filter (where g.speaks and g.above),
           coalesce(bool_or(g.member_id is null and g.group_id is null), false),
           count(*) filter (where g.member_id is distinct from p_owner) > 0
      from (
        select s.access, s.member_id, s.group_id, s.above,
               s.member_id = p_member or (s.member_id is null and s.group_id is null)
                 or coalesce(s.group_id = any (v_groups), false) as speaks
          from (
            select d.access, d.member_id, d.group_id, false as above from public.share d
              where d.tenant_id = kernel.current_tenant() and d.document_id = p_document
            union all
            select f.access, f.member_id, f.group_id, f.folder_id is distinct from p_folder
              from public.share f where f.tenant_id = kernel.current_tenant() and f.folder_id = any (v_above)
            union all
            select 'write', holder.owner_id, null, holder.folder_id is distinct from p_folder
              from public.folder holder
              where holder.tenant_id = kernel.current_tenant() and holder.folder_id = any (v_above)) s) g;
end $$;

revoke execute on function kernel.keep_folder_above(), kernel.let_go_of_access(), kernel.let_go_of_openings(),
  kernel.let_go_of_content(), kernel.close_content_of(uuid, uuid[]),
  kernel.is_in_reach_of_key(uuid), kernel.groups_of(uuid), kernel.has_openings(uuid, timestamptz),
  kernel.opening_of(uuid, uuid, uuid, uuid, uuid, timestamptz),
  kernel.sharing_of(uuid, uuid, uuid, uuid, uuid, uuid) from public;
grant execute on function kernel.close_content_of(uuid, uuid[]), kernel.is_in_reach_of_key(uuid), kernel.groups_of(uuid),
  kernel.has_openings(uuid, timestamptz), kernel.opening_of(uuid, uuid, uuid, uuid, uuid, timestamptz),
  kernel.sharing_of(uuid, uuid, uuid, uuid, uuid, uuid) to vouchsafe_app;
