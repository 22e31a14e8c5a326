create table chat (
  tenant_id uuid not null references tenant (tenant_id),
  chat_id uuid not null,
  owner_id uuid not null,
  visibility text not null default 'private' check (visibility in ('private', 'tenant')),
  title bytea not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, chat_id),
  foreign key (tenant_id, owner_id) references member (tenant_id, member_id)
);
create index chat_newest on chat (tenant_id, updated_at desc, chat_id desc);
select kernel.protect('chat', 'select, insert, update, delete');

create table message (
  tenant_id uuid not null references tenant (tenant_id),
  message_id uuid not null,
  chat_id uuid not null,
  author text not null check (author in ('person', 'assistant')),
  -- who asked: the answer sees what this member may see
  member_id uuid not null,
  state text not null check (state in ('working', 'done', 'failed')),
  attempt integer not null default 0,
  body bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, message_id),
  foreign key (tenant_id, chat_id) references chat (tenant_id, chat_id) on delete cascade,
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index message_in_order on message (tenant_id, chat_id, created_at, message_id);
select kernel.protect('message', 'select, insert, update, delete');

-- An answer as it is written; a stream that was cut resumes from these rows.
create table answer_part (
  tenant_id uuid not null references tenant (tenant_id),
  message_id uuid not null,
  seq integer not null,
  body bytea not null,
  primary key (tenant_id, message_id, seq),
  foreign key (tenant_id, message_id) references message (tenant_id, message_id) on delete cascade
);
select kernel.protect('answer_part', 'select, insert, delete');
