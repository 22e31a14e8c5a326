create table document (
  tenant_id uuid not null references tenant (tenant_id),
  document_id uuid not null,
  document_no integer not null,
  owner_id uuid not null,
  visibility text not null default 'private' check (visibility in ('private', 'tenant')),
  name bytea not null,
  kind text not null check (kind in
    ('pdf', 'docx', 'pptx', 'xlsx', 'odt', 'odp', 'ods', 'rtf', 'html', 'markdown', 'text', 'csv', 'eml', 'zip')),
  bytes bigint not null,
  pages integer,
  file text not null,
  content_hash bytea not null,
  state text not null check (state in ('received', 'reading', 'indexing', 'ready', 'failed')),
  problem text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, document_id),
  unique (tenant_id, document_no),
  foreign key (tenant_id, owner_id) references member (tenant_id, member_id)
);
create index document_newest on document (tenant_id, created_at desc, document_id desc);
-- What open streams of events ask every few seconds.
create index document_changed on document (tenant_id, updated_at);
select kernel.protect('document', 'select, insert, update, delete');
create index document_file on document (file);

-- For the sweep of stored files, which belong to no tenant that could be named: which of these names are some
-- document's. Whoever asks must know the names already, which are random.
create function directory.known_files(p_names text[]) returns setof text
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.file from public.document d where d.file = any(p_names) $$;
revoke execute on function directory.known_files(text[]) from public;
grant execute on function directory.known_files(text[]) to vouchsafe_app;

-- The text of a document, in order. passage_no counts within the document, index_no within the tenant.
create table passage (
  tenant_id uuid not null references tenant (tenant_id),
  document_id uuid not null,
  passage_no integer not null,
  index_no bigint not null,
  page integer,
  body bytea not null,
  primary key (tenant_id, document_id, passage_no),
  unique (tenant_id, index_no),
  foreign key (tenant_id, document_id) references document (tenant_id, document_id) on delete cascade
);
select kernel.protect('passage', 'select, insert, update, delete');

create table index_segment (
  tenant_id uuid not null references tenant (tenant_id),
  segment_id uuid not null,
  stats bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, segment_id)
);
select kernel.protect('index_segment', 'select, insert, delete');

create table index_posting (
  tenant_id uuid not null references tenant (tenant_id),
  term_hash bytea not null check (octet_length(term_hash) = 12),
  segment_id uuid not null,
  body bytea not null,
  primary key (tenant_id, term_hash, segment_id),
  foreign key (tenant_id, segment_id) references index_segment (tenant_id, segment_id) on delete cascade
);
select kernel.protect('index_posting', 'select, insert, delete');
