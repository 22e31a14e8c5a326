-- Versions of documents, the bin, uploads that can be resumed, and what one workspace and one member may take.

-- Every document has one or more. The newest that could be read is the document's own; columns of `document` say what
-- that one is, so that lists and searches read one table.
create table document_version (
  tenant_id uuid not null references tenant (tenant_id),
  version_id uuid not null,
  document_id uuid not null,
  -- counts up within the document
  no integer not null,
  -- what its sender called this file
  name bytea not null,
  kind text not null check (kind in
    ('pdf', 'docx', 'pptx', 'xlsx', 'odt', 'odp', 'ods', 'rtf', 'html', 'markdown', 'text', 'csv', 'eml', 'zip')),
  bytes bigint not null,
  file text not null,
  content_hash bytea not null,
  -- `ready`: its text has been read. Whether it is in the index is the document's state.
  state text not null check (state in ('received', 'reading', 'ready', 'failed')),
  problem text,
  pages integer,
  language text,
  pictures integer,
  -- whose file this is again; it is kept once
  restored_from integer,
  created_by uuid not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, version_id),
  unique (tenant_id, document_id, no),
  foreign key (tenant_id, document_id) references document (tenant_id, document_id) on delete cascade,
  foreign key (tenant_id, created_by) references member (tenant_id, member_id)
);
create index version_file on document_version (file);
create index version_waiting on document_version (tenant_id) where state in ('received', 'reading');
select kernel.protect('document_version', 'select, insert, update, delete');

-- What was deleted, for 30 days: an entry for each member who owned something of it. Its id is that of the document or
-- the folder that was deleted, or that lay in somebody else's folder which was.
create table binned (
  tenant_id uuid not null references tenant (tenant_id),
  binned_id uuid not null,
  kind text not null check (kind in ('document', 'folder')),
  owner_id uuid not null,
  deleted_by uuid not null,
  deleted_at timestamptz not null,
  -- the entry that it came along with and goes back with
  within_id uuid,
  -- its owner has given it up for ever: nobody gets it back
  ended_at timestamptz,
  primary key (tenant_id, binned_id),
  foreign key (tenant_id, owner_id) references member (tenant_id, member_id),
  foreign key (tenant_id, deleted_by) references member (tenant_id, member_id),
  foreign key (tenant_id, within_id) references binned (tenant_id, binned_id) on delete set null (within_id)
);
create index binned_of_member on binned (tenant_id, owner_id, deleted_at desc, binned_id desc);
create index binned_within on binned (tenant_id, within_id) where within_id is not null;
create index binned_by_age on binned (deleted_at);
select kernel.protect('binned', 'select, insert, update, delete');

alter table folder
  add column deleted_at timestamptz,
  add column binned_id uuid,
  add constraint folder_binned check ((deleted_at is null) = (binned_id is null)),
  add foreign key (tenant_id, binned_id) references binned (tenant_id, binned_id);
create index folder_in_bin on folder (tenant_id, binned_id) where binned_id is not null;

alter table document
  add column deleted_at timestamptz,
  add column binned_id uuid,
  add constraint document_binned check ((deleted_at is null) = (binned_id is null)),
  -- which of its versions is its own, and how many it has
  add column version_id uuid not null,
  add column version_no integer not null default 1,
  add column versions integer not null default 1,
  add column language text,
  add column pictures integer,
  add foreign key (tenant_id, binned_id) references binned (tenant_id, binned_id),
  -- Checked at the end: a document and its first version begin together.
  add foreign key (tenant_id, version_id) references document_version (tenant_id, version_id) deferrable initially deferred;
create index document_in_bin on document (tenant_id, binned_id) where binned_id is not null;
-- For the reference above, when a version goes.
create index document_of_version on document (tenant_id, version_id);
-- By which the same content is found again; a keyed hash.
create index document_content on document (tenant_id, content_hash);
drop index document_file;

-- The text belongs to a version.
alter table passage
  drop constraint passage_pkey,
  drop constraint passage_tenant_id_document_id_fkey,
  add column version_id uuid not null,
  add primary key (tenant_id, version_id, passage_no),
  add foreign key (tenant_id, version_id) references document_version (tenant_id, version_id) on delete cascade;
create index passage_of_document on passage (tenant_id, document_id);

-- A file that arrives in pieces, each stored by itself until all are there. Its bytes count from the beginning.
create table upload (
  tenant_id uuid not null references tenant (tenant_id),
  upload_id uuid not null,
  member_id uuid not null,
  name bytea not null,
  bytes bigint not null,
  received bigint not null default 0,
  -- where it is to go: a folder, or as a new version of a document; looked at anew at the end
  folder_id uuid,
  document_id uuid,
  visibility text not null check (visibility in ('private', 'tenant')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, upload_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id),
  check (received <= bytes)
);
create index upload_of_member on upload (tenant_id, member_id);
create index upload_by_end on upload (expires_at);
select kernel.protect('upload', 'select, insert, update, delete');

create table upload_piece (
  tenant_id uuid not null references tenant (tenant_id),
  upload_id uuid not null,
  starts_at bigint not null,
  bytes integer not null,
  file text not null,
  -- by which a piece that comes twice is known
  content_hash bytea not null,
  primary key (tenant_id, upload_id, starts_at),
  foreign key (tenant_id, upload_id) references upload (tenant_id, upload_id) on delete cascade
);
create index piece_file on upload_piece (file);
select kernel.protect('upload_piece', 'select, insert, delete');

-- null: what every workspace may take, and no bound for one member.
alter table tenant
  add column quota_documents integer check (quota_documents >= 0),
  add column quota_bytes bigint check (quota_bytes >= 0),
  add column member_documents integer check (member_documents >= 0),
  add column member_bytes bigint check (member_bytes >= 0);

-- What the operator lets a workspace take: for the operator's own workspace and nobody else.
create function directory.set_quota(p_tenant uuid, p_documents integer, p_bytes bigint) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.tenant o where o.tenant_id = kernel.current_tenant() and o.kind = 'operator') then
    return false;
  end if;
  update public.tenant t set quota_documents = p_documents, quota_bytes = p_bytes
    where t.tenant_id = p_tenant and t.kind <> 'operator';
  return found;
end $$;

-- For the sweep of stored files: also those of older versions, and pieces of what is not whole yet.
create or replace function directory.known_files(p_names text[]) returns setof text
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select v.file from public.document_version v where v.file = any(p_names)
    union
    select p.file from public.upload_piece p where p.file = any(p_names) $$;

-- Workspaces in which something in the bin, or an upload that nobody went on with, has had its time.
create function directory.libraries_to_tidy(p_now timestamptz) returns table (tenant_id uuid, slug text)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select s.tenant_id, s.slug
      from directory.tenant_slug s
      where exists (select from public.binned b where b.tenant_id = s.tenant_id and b.deleted_at <= p_now - interval '30 days')
         or exists (select from public.binned b where b.tenant_id = s.tenant_id and b.ended_at is not null)
         or exists (select from public.upload u where u.tenant_id = s.tenant_id and u.expires_at <= p_now);
  end;

-- Other documents of the same content that a member reaches by owning and sharing, at most five. What they do not
-- reach is looked at and left out here, so that no answer and no further question depends on it.
create function kernel.twins_of(p_hash bytea, p_document uuid, p_member uuid) returns uuid[]
  language plpgsql stable as $$
begin
  return array(
    select d.document_id
      from (select * from public.document same
              where same.tenant_id = kernel.current_tenant() and same.content_hash = p_hash
                and same.document_id <> p_document and same.deleted_at is null
              order by same.owner_id = p_member desc limit 100) d
      cross join lateral kernel.sharing_of(d.document_id, null, null, d.folder_id, d.owner_id, p_member) sharing
      where (d.owner_id = p_member or sharing.reached is not null)
        and (kernel.current_key() is null or kernel.is_in_reach_of_key(d.folder_id))
      order by d.created_at desc, d.document_id
      limit 5);
end $$;

-- As before; and a key whose folder lies in the bin reaches nothing.
create or replace function kernel.is_in_reach_of_key(p_place uuid) returns boolean
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
      join public.folder bound on bound.tenant_id = up.tenant_id and bound.folder_id = up.above_id
      where up.tenant_id = kernel.current_tenant() and up.folder_id = p_place and up.above_id = v_bound
        and bound.deleted_at is null);
end $$;

-- The history of one document.
create index audit_of_document on audit.entry (tenant_id, resource_id, at desc, entry_id desc)
  where resource_type = 'document';

revoke execute on function directory.set_quota(uuid, integer, bigint), directory.libraries_to_tidy(timestamptz),
  kernel.twins_of(bytea, uuid, uuid) from public;
grant execute on function directory.set_quota(uuid, integer, bigint), directory.libraries_to_tidy(timestamptz),
  kernel.twins_of(bytea, uuid, uuid) to vouchsafe_app;
