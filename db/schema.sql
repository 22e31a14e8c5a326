-- The schema as it is after every migration, read from the catalog of PostgreSQL 18.
-- Written by `node src/main.ts check schema --write`; do not edit.

-- role vouchsafe_app: no superuser, row security applies
-- role vouchsafe_audit_eraser: no superuser, row security applies
-- role vouchsafe_audit_sequencer: no superuser, row security applies
-- role vouchsafe_audit_writer: no superuser, row security applies
-- role vouchsafe_backup: no superuser, BYPASSRLS
-- role vouchsafe_jobs: no superuser, row security applies
-- role vouchsafe_migrator: no superuser, BYPASSRLS
-- role vouchsafe_public: no superuser, row security applies

-- ==================== public ====================

create table address_change (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  change_id uuid not null,
  member_id uuid not null,
  old_address bytea not null,
  new_address bytea not null,
  new_hash bytea not null,
  created_at timestamp with time zone not null,
  confirmed_at timestamp with time zone,
  undone_at timestamp with time zone,
  cancelled_at timestamp with time zone,
  PRIMARY KEY (tenant_id, change_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
CREATE INDEX address_change_of_member ON public.address_change USING btree (tenant_id, member_id, created_at DESC);
alter table address_change enable row level security;
alter table address_change force row level security;
create policy tenant_isolation on address_change for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on address_change to vouchsafe_app;
grant select on address_change to vouchsafe_backup;

create table answer_part (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  message_id uuid not null,
  seq integer not null,
  body bytea not null,
  PRIMARY KEY (tenant_id, message_id, seq),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES message(tenant_id, message_id) ON DELETE CASCADE
);
alter table answer_part enable row level security;
alter table answer_part force row level security;
create policy tenant_isolation on answer_part for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select on answer_part to vouchsafe_app;
grant select on answer_part to vouchsafe_backup;
grant update (body) on answer_part to vouchsafe_app;

create table api_key (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  key_id uuid not null,
  member_id uuid not null,
  name bytea not null,
  prefix text not null,
  key_hash bytea not null,
  permissions text[] not null,
  folder_id uuid,
  networks cidr[] not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  warned_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  PRIMARY KEY (tenant_id, key_id),
  UNIQUE (tenant_id, key_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK ((octet_length(key_hash) = 32))
);
CREATE INDEX api_key_by_end ON public.api_key USING btree (expires_at) WHERE ((revoked_at IS NULL) AND (warned_at IS NULL));
CREATE INDEX api_key_of_member ON public.api_key USING btree (tenant_id, member_id);
alter table api_key enable row level security;
alter table api_key force row level security;
create policy tenant_isolation on api_key for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on api_key to vouchsafe_app;
grant select on api_key to vouchsafe_audit_writer;
grant select on api_key to vouchsafe_backup;

create table binned (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  binned_id uuid not null,
  kind text not null,
  owner_id uuid not null,
  deleted_by uuid not null,
  deleted_at timestamp with time zone not null,
  within_id uuid,
  ended_at timestamp with time zone,
  PRIMARY KEY (tenant_id, binned_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, deleted_by) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, owner_id) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, within_id) REFERENCES binned(tenant_id, binned_id) ON DELETE SET NULL (within_id),
  CHECK ((kind = ANY (ARRAY['document'::text, 'folder'::text])))
);
CREATE INDEX binned_by_age ON public.binned USING btree (deleted_at);
CREATE INDEX binned_of_member ON public.binned USING btree (tenant_id, owner_id, deleted_at DESC, binned_id DESC);
CREATE INDEX binned_within ON public.binned USING btree (tenant_id, within_id) WHERE (within_id IS NOT NULL);
alter table binned enable row level security;
alter table binned force row level security;
create policy tenant_isolation on binned for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on binned to vouchsafe_app;
grant select on binned to vouchsafe_backup;

create table challenge_used (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  challenge bytea not null,
  expires_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, challenge),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CHECK ((octet_length(challenge) = 32))
);
CREATE INDEX challenge_used_expired ON public.challenge_used USING btree (tenant_id, expires_at);
alter table challenge_used enable row level security;
alter table challenge_used force row level security;
create policy tenant_isolation on challenge_used for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select on challenge_used to vouchsafe_app;
grant select on challenge_used to vouchsafe_backup;

create table chat (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  chat_id uuid not null,
  owner_id uuid not null,
  title bytea not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, chat_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, owner_id) REFERENCES member(tenant_id, member_id)
);
CREATE INDEX chat_newest ON public.chat USING btree (tenant_id, updated_at DESC, chat_id DESC);
CREATE INDEX chat_of_member ON public.chat USING btree (tenant_id, owner_id);
alter table chat enable row level security;
alter table chat force row level security;
create policy tenant_isolation on chat for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on chat to vouchsafe_app;
grant select on chat to vouchsafe_backup;

create table device (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  member_id uuid not null,
  device_hash bytea not null,
  first_seen_at timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, member_id, device_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
alter table device enable row level security;
alter table device force row level security;
create policy tenant_isolation on device for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on device to vouchsafe_app;
grant select on device to vouchsafe_backup;

create table document (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  document_id uuid not null,
  document_no integer not null,
  owner_id uuid not null,
  name bytea not null,
  kind text not null,
  bytes bigint not null,
  pages integer,
  file text not null,
  content_hash bytea not null,
  state text not null,
  problem text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  folder_id uuid,
  deleted_at timestamp with time zone,
  binned_id uuid,
  version_id uuid not null,
  version_no integer not null default 1,
  versions integer not null default 1,
  language text,
  pictures integer,
  PRIMARY KEY (tenant_id, document_id),
  UNIQUE (tenant_id, document_no),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, binned_id) REFERENCES binned(tenant_id, binned_id),
  FOREIGN KEY (tenant_id, folder_id) REFERENCES folder(tenant_id, folder_id),
  FOREIGN KEY (tenant_id, owner_id) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, version_id) REFERENCES document_version(tenant_id, version_id) DEFERRABLE INITIALLY DEFERRED,
  CHECK (((deleted_at IS NULL) = (binned_id IS NULL))),
  CHECK ((kind = ANY (ARRAY['pdf'::text, 'docx'::text, 'pptx'::text, 'xlsx'::text, 'odt'::text, 'odp'::text, 'ods'::text, 'rtf'::text, 'html'::text, 'markdown'::text, 'text'::text, 'csv'::text, 'eml'::text, 'zip'::text]))),
  CHECK ((state = ANY (ARRAY['received'::text, 'reading'::text, 'indexing'::text, 'ready'::text, 'failed'::text])))
);
CREATE INDEX document_changed ON public.document USING btree (tenant_id, updated_at);
CREATE INDEX document_content ON public.document USING btree (tenant_id, content_hash);
CREATE INDEX document_in_bin ON public.document USING btree (tenant_id, binned_id) WHERE (binned_id IS NOT NULL);
CREATE INDEX document_in_folder ON public.document USING btree (tenant_id, folder_id) WHERE (folder_id IS NOT NULL);
CREATE INDEX document_newest ON public.document USING btree (tenant_id, created_at DESC, document_id DESC);
CREATE INDEX document_of_member ON public.document USING btree (tenant_id, owner_id);
CREATE INDEX document_of_version ON public.document USING btree (tenant_id, version_id);
CREATE INDEX document_to_index ON public.document USING btree (tenant_id, document_no) WHERE (state = 'indexing'::text);
alter table document enable row level security;
alter table document force row level security;
create policy tenant_isolation on document for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE TRIGGER bury_number_of_changed AFTER UPDATE ON public.document FOR EACH ROW WHEN (((old.document_no <> new.document_no) OR ((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL)))) EXECUTE FUNCTION kernel.bury_number();
CREATE TRIGGER bury_number_of_deleted AFTER DELETE ON public.document FOR EACH ROW EXECUTE FUNCTION kernel.bury_number();
CREATE TRIGGER renumber_restored BEFORE UPDATE ON public.document FOR EACH ROW WHEN (((old.deleted_at IS NOT NULL) AND (new.deleted_at IS NULL) AND (old.document_no = new.document_no))) EXECUTE FUNCTION kernel.renumber_restored();
CREATE CONSTRAINT TRIGGER visibility_changed AFTER INSERT OR DELETE ON public.document DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kernel.visibility_changed();
CREATE CONSTRAINT TRIGGER visibility_of_document_changed AFTER UPDATE ON public.document DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((((((old.owner_id IS DISTINCT FROM new.owner_id) OR (old.folder_id IS DISTINCT FROM new.folder_id)) OR (old.document_no IS DISTINCT FROM new.document_no)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)) OR ((old.state = 'ready'::text) IS DISTINCT FROM (new.state = 'ready'::text)))) EXECUTE FUNCTION kernel.visibility_changed();
grant delete, insert, select, update on document to vouchsafe_app;
grant select on document to vouchsafe_backup;

create table document_version (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  version_id uuid not null,
  document_id uuid not null,
  no integer not null,
  name bytea not null,
  kind text not null,
  bytes bigint not null,
  file text not null,
  content_hash bytea not null,
  state text not null,
  problem text,
  pages integer,
  language text,
  pictures integer,
  restored_from integer,
  created_by uuid not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, version_id),
  UNIQUE (tenant_id, document_id, no),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, created_by) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, document_id) REFERENCES document(tenant_id, document_id) ON DELETE CASCADE,
  CHECK ((kind = ANY (ARRAY['pdf'::text, 'docx'::text, 'pptx'::text, 'xlsx'::text, 'odt'::text, 'odp'::text, 'ods'::text, 'rtf'::text, 'html'::text, 'markdown'::text, 'text'::text, 'csv'::text, 'eml'::text, 'zip'::text]))),
  CHECK ((state = ANY (ARRAY['received'::text, 'reading'::text, 'ready'::text, 'failed'::text])))
);
CREATE INDEX version_file ON public.document_version USING btree (file);
CREATE INDEX version_waiting ON public.document_version USING btree (tenant_id) WHERE (state = ANY (ARRAY['received'::text, 'reading'::text]));
alter table document_version enable row level security;
alter table document_version force row level security;
create policy tenant_isolation on document_version for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on document_version to vouchsafe_app;
grant select on document_version to vouchsafe_backup;

create table erasure (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  erasure_id uuid not null,
  member_id uuid not null,
  asked_by uuid not null,
  content text not null,
  given_to uuid,
  created_at timestamp with time zone not null,
  spoken bytea,
  state text not null,
  entries integer not null default 0,
  done_at timestamp with time zone,
  PRIMARY KEY (tenant_id, erasure_id),
  UNIQUE (tenant_id, member_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, asked_by) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, given_to) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK (((state = 'done'::text) = (spoken IS NULL))),
  CHECK ((content = ANY (ARRAY['handed-over'::text, 'deleted'::text]))),
  CHECK ((state = ANY (ARRAY['working'::text, 'waiting'::text, 'done'::text])))
);
CREATE INDEX erasure_open ON public.erasure USING btree (tenant_id, created_at) WHERE (state <> 'done'::text);
alter table erasure enable row level security;
alter table erasure force row level security;
create policy tenant_isolation on erasure for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant select on erasure to vouchsafe_app;
grant select on erasure to vouchsafe_backup;
grant update (spoken) on erasure to vouchsafe_app;
grant select (asked_by, created_at, entries, erasure_id, member_id, state, tenant_id) on erasure to vouchsafe_audit_eraser;
grant update (entries) on erasure to vouchsafe_audit_eraser;

create table export (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  export_id uuid not null,
  kind text not null,
  asked_by uuid not null,
  recipient bytea,
  state text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  reached integer not null default 0,
  done integer not null default 0,
  total integer not null default 0,
  PRIMARY KEY (tenant_id, export_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, asked_by) REFERENCES member(tenant_id, member_id),
  CHECK ((kind = ANY (ARRAY['workspace'::text, 'person'::text]))),
  CHECK ((state = ANY (ARRAY['making'::text, 'ready'::text, 'failed'::text, 'ended'::text])))
);
CREATE INDEX export_by_end ON public.export USING btree (expires_at);
CREATE INDEX export_of_member ON public.export USING btree (tenant_id, asked_by);
alter table export enable row level security;
alter table export force row level security;
create policy tenant_isolation on export for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on export to vouchsafe_app;
grant select on export to vouchsafe_backup;

create table export_part (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  export_id uuid not null,
  no integer not null,
  file text not null,
  bytes bigint not null,
  sha256 bytea not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, export_id, no),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, export_id) REFERENCES export(tenant_id, export_id) ON DELETE CASCADE
);
CREATE INDEX export_part_file ON public.export_part USING btree (file);
alter table export_part enable row level security;
alter table export_part force row level security;
create policy tenant_isolation on export_part for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select on export_part to vouchsafe_app;
grant select on export_part to vouchsafe_backup;

create table factor_ticket (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  ticket_hash bytea not null,
  purpose text not null,
  member_id uuid,
  session_id uuid,
  expires_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, ticket_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, session_id) REFERENCES session(tenant_id, session_id),
  CHECK ((purpose = ANY (ARRAY['second-factor'::text, 'passkey'::text, 'register'::text, 'step-up'::text])))
);
CREATE INDEX factor_ticket_by_end ON public.factor_ticket USING btree (tenant_id, expires_at);
CREATE INDEX factor_ticket_of_member ON public.factor_ticket USING btree (tenant_id, member_id);
alter table factor_ticket enable row level security;
alter table factor_ticket force row level security;
create policy tenant_isolation on factor_ticket for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on factor_ticket to vouchsafe_app;
grant select on factor_ticket to vouchsafe_backup;

create table folder (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  folder_id uuid not null,
  owner_id uuid not null,
  parent_id uuid,
  name bytea not null,
  created_at timestamp with time zone not null,
  deleted_at timestamp with time zone,
  binned_id uuid,
  PRIMARY KEY (tenant_id, folder_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, binned_id) REFERENCES binned(tenant_id, binned_id),
  FOREIGN KEY (tenant_id, owner_id) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, parent_id) REFERENCES folder(tenant_id, folder_id),
  CHECK (((deleted_at IS NULL) = (binned_id IS NULL)))
);
CREATE INDEX folder_in_bin ON public.folder USING btree (tenant_id, binned_id) WHERE (binned_id IS NOT NULL);
CREATE INDEX folder_in_folder ON public.folder USING btree (tenant_id, parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX folder_of_member ON public.folder USING btree (tenant_id, owner_id);
alter table folder enable row level security;
alter table folder force row level security;
create policy tenant_isolation on folder for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE TRIGGER keep_folder_above AFTER INSERT OR UPDATE OF parent_id ON public.folder FOR EACH ROW EXECUTE FUNCTION kernel.keep_folder_above();
CREATE CONSTRAINT TRIGGER visibility_changed AFTER INSERT OR DELETE OR UPDATE ON public.folder DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kernel.visibility_changed();
grant delete, insert, select, update on folder to vouchsafe_app;
grant select on folder to vouchsafe_backup;

create table folder_above (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  folder_id uuid not null,
  above_id uuid not null,
  PRIMARY KEY (tenant_id, folder_id, above_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, above_id) REFERENCES folder(tenant_id, folder_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, folder_id) REFERENCES folder(tenant_id, folder_id) ON DELETE CASCADE
);
CREATE INDEX folder_below ON public.folder_above USING btree (tenant_id, above_id);
alter table folder_above enable row level security;
alter table folder_above force row level security;
create policy tenant_isolation on folder_above for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE CONSTRAINT TRIGGER visibility_changed AFTER INSERT OR DELETE OR UPDATE ON public.folder_above DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kernel.visibility_changed();
grant delete, insert, select on folder_above to vouchsafe_app;
grant select on folder_above to vouchsafe_backup;

create table group_member (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  group_id uuid not null,
  member_id uuid not null,
  PRIMARY KEY (tenant_id, group_id, member_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, group_id) REFERENCES member_group(tenant_id, group_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
CREATE INDEX group_of_member ON public.group_member USING btree (tenant_id, member_id);
alter table group_member enable row level security;
alter table group_member force row level security;
create policy tenant_isolation on group_member for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE CONSTRAINT TRIGGER visibility_changed AFTER INSERT OR DELETE OR UPDATE ON public.group_member DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kernel.visibility_changed();
grant delete, insert, select on group_member to vouchsafe_app;
grant select on group_member to vouchsafe_backup;

create table index_manifest (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  generation bigint not null default 0,
  holder uuid,
  held_until timestamp with time zone,
  PRIMARY KEY (tenant_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table index_manifest enable row level security;
alter table index_manifest force row level security;
create policy tenant_isolation on index_manifest for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on index_manifest to vouchsafe_app;
grant select on index_manifest to vouchsafe_backup;

create table index_posting (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  segment_no integer not null,
  term_hash bytea not null,
  body bytea not null,
  PRIMARY KEY (tenant_id, segment_no, term_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, segment_no) REFERENCES index_segment(tenant_id, segment_no),
  CHECK ((octet_length(term_hash) = 12))
);
alter table index_posting enable row level security;
alter table index_posting force row level security;
create policy tenant_isolation on index_posting for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select on index_posting to vouchsafe_app;
grant select on index_posting to vouchsafe_backup;
grant update (body) on index_posting to vouchsafe_app;

create table index_segment (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  segment_no integer not null,
  segment_id uuid not null,
  state text not null,
  weight bigint not null,
  kept_until timestamp with time zone not null,
  stats bytea not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, segment_no),
  UNIQUE (tenant_id, segment_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CHECK ((state = ANY (ARRAY['building'::text, 'live'::text, 'gone'::text])))
);
CREATE INDEX index_segment_unfinished ON public.index_segment USING btree (kept_until) WHERE (state <> 'live'::text);
alter table index_segment enable row level security;
alter table index_segment force row level security;
create policy tenant_isolation on index_segment for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on index_segment to vouchsafe_app;
grant select on index_segment to vouchsafe_backup;

create table index_tombstone (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  document_no integer not null,
  since timestamp with time zone not null,
  PRIMARY KEY (tenant_id, document_no),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
CREATE INDEX index_tombstone_oldest ON public.index_tombstone USING btree (since);
alter table index_tombstone enable row level security;
alter table index_tombstone force row level security;
create policy tenant_isolation on index_tombstone for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select on index_tombstone to vouchsafe_app;
grant select on index_tombstone to vouchsafe_backup;

create table invitation (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  invitation_id uuid not null,
  address_hash bytea not null,
  address bytea not null,
  role text not null,
  invited_by uuid,
  token_hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  accepted_at timestamp with time zone,
  revoked_at timestamp with time zone,
  role_id uuid,
  PRIMARY KEY (tenant_id, invitation_id),
  UNIQUE (tenant_id, token_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, invited_by) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, role_id) REFERENCES role(tenant_id, role_id),
  CHECK (((role = 'custom'::text) = (role_id IS NOT NULL))),
  CHECK ((role = ANY (ARRAY['viewer'::text, 'manager'::text, 'admin'::text, 'owner'::text, 'custom'::text])))
);
CREATE UNIQUE INDEX one_open_invitation ON public.invitation USING btree (tenant_id, address_hash) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));
alter table invitation enable row level security;
alter table invitation force row level security;
create policy tenant_isolation on invitation for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on invitation to vouchsafe_app;
grant select on invitation to vouchsafe_backup;

create table key_rotation (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  version bigint not null,
  started_at timestamp with time zone not null,
  resealed bigint not null default 0,
  finished_at timestamp with time zone,
  PRIMARY KEY (tenant_id, version),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table key_rotation enable row level security;
alter table key_rotation force row level security;
create policy tenant_isolation on key_rotation for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on key_rotation to vouchsafe_app;
grant select on key_rotation to vouchsafe_backup;

create table mail (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  mail_id uuid not null,
  recipient bytea not null,
  subject bytea not null,
  body bytea not null,
  state text not null default 'waiting'::text,
  problem text,
  created_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  PRIMARY KEY (tenant_id, mail_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'outbox'::text, 'failed'::text])))
);
CREATE INDEX mail_newest ON public.mail USING btree (created_at DESC);
alter table mail enable row level security;
alter table mail force row level security;
create policy tenant_isolation on mail for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on mail to vouchsafe_app;
grant select on mail to vouchsafe_backup;

create table mailed_link (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  link_id uuid not null,
  member_id uuid not null,
  purpose text not null,
  token_hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  change_id uuid,
  PRIMARY KEY (tenant_id, link_id),
  UNIQUE (tenant_id, token_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, change_id) REFERENCES address_change(tenant_id, change_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK ((purpose = ANY (ARRAY['verify'::text, 'unlock'::text, 'reset'::text, 'confirm-address'::text, 'undo-address'::text])))
);
CREATE INDEX mailed_link_of_member ON public.mailed_link USING btree (tenant_id, member_id) WHERE (used_at IS NULL);
alter table mailed_link enable row level security;
alter table mailed_link force row level security;
create policy tenant_isolation on mailed_link for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on mailed_link to vouchsafe_app;
grant select on mailed_link to vouchsafe_backup;

create table member (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  member_id uuid not null,
  address_hash bytea,
  address bytea not null,
  name bytea not null,
  password bytea,
  role text not null,
  status text not null default 'active'::text,
  verified_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  last_sign_in_at timestamp with time zone,
  role_id uuid,
  preferences bytea,
  PRIMARY KEY (tenant_id, member_id),
  UNIQUE (tenant_id, address_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, role_id) REFERENCES role(tenant_id, role_id),
  CHECK (((role <> 'support'::text) OR ((password IS NULL) AND (address_hash IS NULL)))),
  CHECK (((role = 'custom'::text) = (role_id IS NOT NULL))),
  CHECK ((role = ANY (ARRAY['viewer'::text, 'manager'::text, 'admin'::text, 'owner'::text, 'support'::text, 'custom'::text]))),
  CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'removed'::text])))
);
CREATE INDEX member_of_role ON public.member USING btree (tenant_id, role_id) WHERE (role_id IS NOT NULL);
alter table member enable row level security;
alter table member force row level security;
create policy tenant_isolation on member for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE TRIGGER let_go_of_access AFTER UPDATE OF status, role, role_id ON public.member FOR EACH ROW WHEN (((old.status <> new.status) OR (old.role <> new.role) OR (old.role_id IS DISTINCT FROM new.role_id))) EXECUTE FUNCTION kernel.let_go_of_access();
CREATE TRIGGER let_go_of_searches AFTER UPDATE OF status ON public.member FOR EACH ROW WHEN (((old.status <> new.status) AND (new.status = 'removed'::text))) EXECUTE FUNCTION kernel.let_go_of_searches();
grant insert, select, update on member to vouchsafe_app;
grant select on member to vouchsafe_audit_writer;
grant select on member to vouchsafe_backup;

create table member_group (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  group_id uuid not null,
  name bytea not null,
  name_hash bytea not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, group_id),
  UNIQUE (tenant_id, name_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table member_group enable row level security;
alter table member_group force row level security;
create policy tenant_isolation on member_group for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on member_group to vouchsafe_app;
grant select on member_group to vouchsafe_backup;

create table message (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  message_id uuid not null,
  chat_id uuid not null,
  author text not null,
  member_id uuid not null,
  state text not null,
  attempt integer not null default 0,
  body bytea not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, message_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, chat_id) REFERENCES chat(tenant_id, chat_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK ((author = ANY (ARRAY['person'::text, 'assistant'::text]))),
  CHECK ((state = ANY (ARRAY['working'::text, 'done'::text, 'failed'::text])))
);
CREATE INDEX message_in_order ON public.message USING btree (tenant_id, chat_id, created_at, message_id);
alter table message enable row level security;
alter table message force row level security;
create policy tenant_isolation on message for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on message to vouchsafe_app;
grant select on message to vouchsafe_backup;

create table notice (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  notice_id uuid not null,
  member_id uuid not null,
  kind text not null,
  facts bytea not null,
  created_at timestamp(3) with time zone not null,
  in_page boolean not null,
  mailed boolean not null,
  read_at timestamp with time zone,
  PRIMARY KEY (tenant_id, notice_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
CREATE INDEX notice_newest ON public.notice USING btree (tenant_id, member_id, created_at DESC, notice_id DESC);
CREATE INDEX notice_oldest ON public.notice USING btree (created_at);
CREATE INDEX notice_unread ON public.notice USING btree (tenant_id, member_id) WHERE ((read_at IS NULL) AND in_page);
alter table notice enable row level security;
alter table notice force row level security;
create policy tenant_isolation on notice for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on notice to vouchsafe_app;
grant select on notice to vouchsafe_backup;

create table notice_choice (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  member_id uuid not null,
  kind text not null,
  in_page boolean not null,
  by_mail boolean not null,
  PRIMARY KEY (tenant_id, member_id, kind),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
alter table notice_choice enable row level security;
alter table notice_choice force row level security;
create policy tenant_isolation on notice_choice for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on notice_choice to vouchsafe_app;
grant select on notice_choice to vouchsafe_backup;

create table opening (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  opening_id uuid not null,
  opened_by uuid not null,
  kind text not null,
  document_id uuid,
  folder_id uuid,
  chat_id uuid,
  member_id uuid,
  reason bytea not null,
  created_at timestamp with time zone not null,
  until timestamp with time zone not null,
  ended_at timestamp with time zone,
  PRIMARY KEY (tenant_id, opening_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, chat_id) REFERENCES chat(tenant_id, chat_id) ON DELETE SET NULL (chat_id),
  FOREIGN KEY (tenant_id, document_id) REFERENCES document(tenant_id, document_id) ON DELETE SET NULL (document_id),
  FOREIGN KEY (tenant_id, folder_id) REFERENCES folder(tenant_id, folder_id) ON DELETE SET NULL (folder_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, opened_by) REFERENCES member(tenant_id, member_id),
  CHECK ((kind = ANY (ARRAY['document'::text, 'folder'::text, 'chat'::text, 'member'::text]))),
  CHECK ((num_nonnulls(document_id, folder_id, chat_id, member_id) <= 1))
);
CREATE INDEX opening_newest ON public.opening USING btree (tenant_id, created_at DESC, opening_id DESC);
CREATE INDEX opening_of_admin ON public.opening USING btree (tenant_id, opened_by, until);
alter table opening enable row level security;
alter table opening force row level security;
create policy tenant_isolation on opening for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on opening to vouchsafe_app;
grant select on opening to vouchsafe_backup;

create table opening_owner (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  opening_id uuid not null,
  member_id uuid not null,
  ended_at timestamp with time zone,
  PRIMARY KEY (tenant_id, opening_id, member_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, opening_id) REFERENCES opening(tenant_id, opening_id)
);
CREATE INDEX opening_told ON public.opening_owner USING btree (tenant_id, member_id);
alter table opening_owner enable row level security;
alter table opening_owner force row level security;
create policy tenant_isolation on opening_owner for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on opening_owner to vouchsafe_app;
grant select on opening_owner to vouchsafe_backup;

create table opening_read (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  opening_id uuid not null,
  object_id uuid not null,
  PRIMARY KEY (tenant_id, opening_id, object_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, opening_id) REFERENCES opening(tenant_id, opening_id)
);
alter table opening_read enable row level security;
alter table opening_read force row level security;
create policy tenant_isolation on opening_read for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select on opening_read to vouchsafe_app;
grant select on opening_read to vouchsafe_backup;

create table operator_tenant (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  customer_id uuid not null,
  slug text not null,
  name bytea not null,
  owner_address bytea not null,
  created_at timestamp with time zone not null default now(),
  PRIMARY KEY (tenant_id, customer_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table operator_tenant enable row level security;
alter table operator_tenant force row level security;
create policy tenant_isolation on operator_tenant for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select on operator_tenant to vouchsafe_app;
grant select on operator_tenant to vouchsafe_backup;
grant update (name, owner_address) on operator_tenant to vouchsafe_app;

create table passage (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  document_id uuid not null,
  passage_no integer not null,
  index_no bigint not null,
  page integer,
  body bytea not null,
  version_id uuid not null,
  PRIMARY KEY (tenant_id, version_id, passage_no),
  UNIQUE (tenant_id, index_no),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, version_id) REFERENCES document_version(tenant_id, version_id) ON DELETE CASCADE
);
CREATE INDEX passage_of_document ON public.passage USING btree (tenant_id, document_id);
alter table passage enable row level security;
alter table passage force row level security;
create policy tenant_isolation on passage for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on passage to vouchsafe_app;
grant select on passage to vouchsafe_backup;

create table passkey (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  passkey_id uuid not null,
  member_id uuid not null,
  name bytea not null,
  credential_hash bytea not null,
  credential bytea not null,
  counter bigint not null,
  created_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  PRIMARY KEY (tenant_id, passkey_id),
  UNIQUE (tenant_id, credential_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
CREATE INDEX passkey_of_member ON public.passkey USING btree (tenant_id, member_id);
alter table passkey enable row level security;
alter table passkey force row level security;
create policy tenant_isolation on passkey for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on passkey to vouchsafe_app;
grant select on passkey to vouchsafe_backup;

create table recovery_code (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  member_id uuid not null,
  code_hash bytea not null,
  created_at timestamp with time zone not null,
  used_at timestamp with time zone,
  PRIMARY KEY (tenant_id, member_id, code_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
alter table recovery_code enable row level security;
alter table recovery_code force row level security;
create policy tenant_isolation on recovery_code for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on recovery_code to vouchsafe_app;
grant select on recovery_code to vouchsafe_backup;

create table reset_guard (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  address_hash bytea not null,
  asked integer not null,
  window_started_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, address_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table reset_guard enable row level security;
alter table reset_guard force row level security;
create policy tenant_isolation on reset_guard for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on reset_guard to vouchsafe_app;
grant select on reset_guard to vouchsafe_backup;

create table role (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  role_id uuid not null,
  name bytea not null,
  name_hash bytea not null,
  permissions text[] not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, role_id),
  UNIQUE (tenant_id, name_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table role enable row level security;
alter table role force row level security;
create policy tenant_isolation on role for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE TRIGGER let_go_of_content AFTER UPDATE OF permissions ON public.role FOR EACH ROW WHEN ((NOT (new.permissions <@ old.permissions))) EXECUTE FUNCTION kernel.let_go_of_content();
CREATE TRIGGER let_go_of_openings AFTER UPDATE OF permissions ON public.role FOR EACH ROW WHEN ((('content.open'::text = ANY (old.permissions)) AND (NOT ('content.open'::text = ANY (new.permissions))))) EXECUTE FUNCTION kernel.let_go_of_openings();
grant delete, insert, select, update on role to vouchsafe_app;
grant select on role to vouchsafe_backup;

create table saved_search (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  search_id uuid not null,
  member_id uuid not null,
  body bytea not null,
  created_at timestamp(3) with time zone not null,
  PRIMARY KEY (tenant_id, search_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
CREATE INDEX saved_search_of_member ON public.saved_search USING btree (tenant_id, member_id, created_at DESC, search_id DESC);
alter table saved_search enable row level security;
alter table saved_search force row level security;
create policy tenant_isolation on saved_search for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on saved_search to vouchsafe_app;
grant select on saved_search to vouchsafe_backup;

create table session (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  session_id uuid not null,
  member_id uuid not null,
  client bytea not null,
  refresh_hash bytea not null,
  generation integer not null default 0,
  rotated_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  last_active_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  ended_because text,
  factor_at timestamp with time zone,
  factor text,
  confirmed_at timestamp with time zone,
  staff_session_id uuid,
  PRIMARY KEY (tenant_id, session_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK ((factor = ANY (ARRAY['totp'::text, 'passkey'::text, 'recovery-code'::text])))
);
CREATE INDEX session_of_member ON public.session USING btree (tenant_id, member_id);
alter table session enable row level security;
alter table session force row level security;
create policy tenant_isolation on session for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on session to vouchsafe_app;
grant select on session to vouchsafe_audit_writer;
grant select on session to vouchsafe_backup;

create table share (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  share_id uuid not null,
  document_id uuid,
  folder_id uuid,
  chat_id uuid,
  member_id uuid,
  group_id uuid,
  access text not null,
  created_by uuid not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, share_id),
  UNIQUE NULLS NOT DISTINCT (tenant_id, document_id, folder_id, chat_id, member_id, group_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, chat_id) REFERENCES chat(tenant_id, chat_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, created_by) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, document_id) REFERENCES document(tenant_id, document_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, folder_id) REFERENCES folder(tenant_id, folder_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, group_id) REFERENCES member_group(tenant_id, group_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK ((access = ANY (ARRAY['read'::text, 'write'::text]))),
  CHECK ((num_nonnulls(document_id, folder_id, chat_id) = 1)),
  CHECK ((num_nonnulls(member_id, group_id) <= 1))
);
CREATE INDEX share_of_chat ON public.share USING btree (tenant_id, chat_id) WHERE (chat_id IS NOT NULL);
CREATE INDEX share_of_folder ON public.share USING btree (tenant_id, folder_id) WHERE (folder_id IS NOT NULL);
CREATE INDEX share_with_all ON public.share USING btree (tenant_id) WHERE ((member_id IS NULL) AND (group_id IS NULL));
CREATE INDEX share_with_group ON public.share USING btree (tenant_id, group_id) WHERE (group_id IS NOT NULL);
CREATE INDEX share_with_member ON public.share USING btree (tenant_id, member_id) WHERE (member_id IS NOT NULL);
alter table share enable row level security;
alter table share force row level security;
create policy tenant_isolation on share for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE CONSTRAINT TRIGGER visibility_changed AFTER INSERT OR DELETE OR UPDATE ON public.share DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kernel.visibility_changed();
grant delete, insert, select, update on share to vouchsafe_app;
grant select on share to vouchsafe_backup;

create table sign_in_guard (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  address_hash bytea not null,
  failures integer not null,
  window_started_at timestamp with time zone not null,
  locked_until timestamp with time zone,
  locks integer not null default 0,
  in_all integer not null default 0,
  PRIMARY KEY (tenant_id, address_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
CREATE INDEX sign_in_guard_old ON public.sign_in_guard USING btree (tenant_id, window_started_at);
alter table sign_in_guard enable row level security;
alter table sign_in_guard force row level security;
create policy tenant_isolation on sign_in_guard for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on sign_in_guard to vouchsafe_app;
grant select on sign_in_guard to vouchsafe_backup;

create table support_grant (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  grant_id uuid not null,
  granted_by uuid not null,
  reason bytea not null,
  created_at timestamp with time zone not null,
  until timestamp with time zone not null,
  ended_at timestamp with time zone,
  ended_by uuid,
  PRIMARY KEY (tenant_id, grant_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, ended_by) REFERENCES member(tenant_id, member_id),
  FOREIGN KEY (tenant_id, granted_by) REFERENCES member(tenant_id, member_id),
  CHECK (((until > created_at) AND (until <= (created_at + '72:00:00'::interval))))
);
CREATE INDEX support_grant_in_force ON public.support_grant USING btree (until) WHERE (ended_at IS NULL);
alter table support_grant enable row level security;
alter table support_grant force row level security;
create policy tenant_isolation on support_grant for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on support_grant to vouchsafe_app;
grant select on support_grant to vouchsafe_backup;

create table support_guest (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  member_id uuid not null,
  grant_id uuid not null,
  staff_id uuid not null,
  entries integer not null default 0,
  PRIMARY KEY (tenant_id, member_id),
  UNIQUE (tenant_id, grant_id, staff_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, grant_id) REFERENCES support_grant(tenant_id, grant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id)
);
alter table support_guest enable row level security;
alter table support_guest force row level security;
create policy tenant_isolation on support_guest for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on support_guest to vouchsafe_app;
grant select on support_guest to vouchsafe_backup;

create table tenant (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  kind text not null,
  name bytea not null,
  state text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  factor_required_from timestamp with time zone,
  passwords text not null default 'composed'::text,
  quota_documents integer,
  quota_bytes bigint,
  member_documents integer,
  member_bytes bigint,
  closing_at timestamp with time zone,
  purge_after timestamp with time zone,
  PRIMARY KEY (tenant_id),
  CHECK (((state = 'closing'::text) <= ((closing_at IS NOT NULL) AND (purge_after IS NOT NULL)))),
  CHECK ((kind = ANY (ARRAY['operator'::text, 'customer'::text, 'canary'::text]))),
  CHECK ((member_bytes >= 0)),
  CHECK ((member_documents >= 0)),
  CHECK ((passwords = ANY (ARRAY['composed'::text, 'passphrase'::text]))),
  CHECK ((quota_bytes >= 0)),
  CHECK ((quota_documents >= 0)),
  CHECK ((state = ANY (ARRAY['active'::text, 'closing'::text, 'purging'::text, 'closed'::text])))
);
alter table tenant enable row level security;
alter table tenant force row level security;
create policy tenant_isolation on tenant for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant select on tenant to vouchsafe_app;
grant select on tenant to vouchsafe_audit_writer;
grant select on tenant to vouchsafe_backup;
grant insert (kind, name, tenant_id) on tenant to vouchsafe_app;
grant update (factor_required_from, member_bytes, member_documents, name, passwords) on tenant to vouchsafe_app;

create table tenant_counter (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  counter text not null,
  value bigint not null,
  PRIMARY KEY (tenant_id, counter),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table tenant_counter enable row level security;
alter table tenant_counter force row level security;
create policy tenant_isolation on tenant_counter for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on tenant_counter to vouchsafe_app;
grant select on tenant_counter to vouchsafe_backup;

create table totp (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  member_id uuid not null,
  secret bytea,
  pending bytea,
  confirmed_at timestamp with time zone,
  last_step bigint,
  PRIMARY KEY (tenant_id, member_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK (((secret IS NULL) = (confirmed_at IS NULL)))
);
alter table totp enable row level security;
alter table totp force row level security;
create policy tenant_isolation on totp for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on totp to vouchsafe_app;
grant select on totp to vouchsafe_backup;

create table upload (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  upload_id uuid not null,
  member_id uuid not null,
  name bytea not null,
  bytes bigint not null,
  received bigint not null default 0,
  folder_id uuid,
  document_id uuid,
  visibility text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, upload_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK ((received <= bytes)),
  CHECK ((visibility = ANY (ARRAY['private'::text, 'tenant'::text])))
);
CREATE INDEX upload_by_end ON public.upload USING btree (expires_at);
CREATE INDEX upload_of_member ON public.upload USING btree (tenant_id, member_id);
alter table upload enable row level security;
alter table upload force row level security;
create policy tenant_isolation on upload for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on upload to vouchsafe_app;
grant select on upload to vouchsafe_backup;

create table upload_piece (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  upload_id uuid not null,
  starts_at bigint not null,
  bytes integer not null,
  file text not null,
  content_hash bytea not null,
  PRIMARY KEY (tenant_id, upload_id, starts_at),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, upload_id) REFERENCES upload(tenant_id, upload_id) ON DELETE CASCADE
);
CREATE INDEX piece_file ON public.upload_piece USING btree (file);
alter table upload_piece enable row level security;
alter table upload_piece force row level security;
create policy tenant_isolation on upload_piece for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select on upload_piece to vouchsafe_app;
grant select on upload_piece to vouchsafe_backup;
grant update (file) on upload_piece to vouchsafe_app;

create table visibility_epoch (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  epoch uuid not null,
  PRIMARY KEY (tenant_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table visibility_epoch enable row level security;
alter table visibility_epoch force row level security;
create policy tenant_isolation on visibility_epoch for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant select on visibility_epoch to vouchsafe_app;
grant select on visibility_epoch to vouchsafe_backup;


-- ==================== audit ====================

create table audit.entry (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  entry_id uuid not null,
  at timestamp(3) with time zone not null,
  actor_kind text not null,
  actor_id uuid,
  role text,
  event text not null,
  resource_type text not null,
  resource_id uuid,
  outcome text not null,
  content bytea,
  key_id uuid,
  commitment bytea,
  PRIMARY KEY (tenant_id, entry_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CHECK ((actor_kind = ANY (ARRAY['member'::text, 'key'::text, 'visitor'::text, 'job'::text, 'operator'::text]))),
  CHECK ((octet_length(commitment) = 32)),
  CHECK ((outcome = ANY (ARRAY['done'::text, 'refused'::text])))
);
CREATE INDEX audit_imported ON audit.entry USING btree (tenant_id, entry_id) WHERE (event = 'tenant.imported'::text);
CREATE INDEX audit_newest ON audit.entry USING btree (tenant_id, at DESC, entry_id DESC);
CREATE INDEX audit_of_document ON audit.entry USING btree (tenant_id, resource_id, at DESC, entry_id DESC) WHERE (resource_type = 'document'::text);
alter table audit.entry enable row level security;
alter table audit.entry force row level security;
create policy tenant_isolation on audit.entry for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE TRIGGER only_erase BEFORE UPDATE ON audit.entry FOR EACH ROW EXECUTE FUNCTION audit.only_erase();
grant select on audit.entry to vouchsafe_app;
grant insert on audit.entry to vouchsafe_audit_writer;
grant select on audit.entry to vouchsafe_backup;
grant select (actor_id, at, entry_id, resource_id, resource_type, tenant_id) on audit.entry to vouchsafe_audit_eraser;
grant update (content) on audit.entry to vouchsafe_audit_eraser;

create table audit.leaf (  -- owner: vouchsafe_migrator
  leaf_index bigint not null,
  hash bytea not null,
  PRIMARY KEY (leaf_index),
  CHECK ((octet_length(hash) = 32))
);
grant select on audit.leaf to vouchsafe_app;
grant insert, select on audit.leaf to vouchsafe_audit_sequencer;
grant select on audit.leaf to vouchsafe_backup;

create table audit.place (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  number bigint not null,
  entry_id uuid not null,
  leaf_index bigint not null,
  PRIMARY KEY (tenant_id, number),
  UNIQUE (tenant_id, entry_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, entry_id) REFERENCES audit.entry(tenant_id, entry_id),
  CHECK ((number > 0))
);
alter table audit.place enable row level security;
alter table audit.place force row level security;
create policy tenant_isolation on audit.place for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant select on audit.place to vouchsafe_app;
grant insert, select on audit.place to vouchsafe_audit_sequencer;
grant select on audit.place to vouchsafe_backup;

create table audit.staged (  -- owner: vouchsafe_migrator
  staged_no bigint not null,
  tenant_id uuid not null,
  entry_id uuid not null,
  entry_hash bytea not null,
  PRIMARY KEY (staged_no),
  CHECK ((octet_length(entry_hash) = 32))
);
grant delete, select on audit.staged to vouchsafe_audit_sequencer;
grant insert on audit.staged to vouchsafe_audit_writer;
grant select on audit.staged to vouchsafe_backup;

create table audit.subtree (  -- owner: vouchsafe_migrator
  level smallint not null,
  subtree_index bigint not null,
  hash bytea not null,
  PRIMARY KEY (level, subtree_index),
  CHECK (((level >= 1) AND (level <= 7))),
  CHECK ((octet_length(hash) = 32))
);
grant select on audit.subtree to vouchsafe_app;
grant insert, select on audit.subtree to vouchsafe_audit_sequencer;
grant select on audit.subtree to vouchsafe_backup;

-- owner: vouchsafe_audit_writer; may be called by: vouchsafe_app, vouchsafe_audit_eraser, vouchsafe_migrator
CREATE OR REPLACE FUNCTION audit.append(p_entry uuid, p_event text, p_resource_type text, p_resource uuid, p_outcome text, p_content bytea, p_commitment bytea)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION audit.entries_about(p_tenant uuid)
 RETURNS TABLE(tenant_id uuid, entry_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT e.tenant_id,
     e.entry_id
    FROM (audit.entry e
      JOIN tenant o ON (((o.tenant_id = e.tenant_id) AND (o.kind = 'operator'::text))))
   WHERE ((e.resource_type = 'tenant'::text) AND (e.resource_id = entries_about.p_tenant) AND (e.content IS NOT NULL));
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_audit_writer
CREATE OR REPLACE FUNCTION audit.entry_hash(e audit.entry)
 RETURNS bytea
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN sha256(((((((((((((((((((('\x766f756368736166652d61756469742d656e7472792d31'::bytea || '\x00000010'::bytea) || uuid_send((e).tenant_id)) || '\x00000010'::bytea) || uuid_send((e).entry_id)) || '\x00000008'::bytea) || int8send(((EXTRACT(epoch FROM (e).at) * (1000)::numeric))::bigint)) || int4send(octet_length((e).actor_kind))) || convert_to((e).actor_kind, 'UTF8'::name)) || COALESCE(('\x00000010'::bytea || uuid_send((e).actor_id)), '\xffffffff'::bytea)) || COALESCE(('\x00000010'::bytea || uuid_send((e).key_id)), '\xffffffff'::bytea)) || COALESCE((int4send(octet_length((e).role)) || convert_to((e).role, 'UTF8'::name)), '\xffffffff'::bytea)) || int4send(octet_length((e).event))) || convert_to((e).event, 'UTF8'::name)) || int4send(octet_length((e).resource_type))) || convert_to((e).resource_type, 'UTF8'::name)) || COALESCE(('\x00000010'::bytea || uuid_send((e).resource_id)), '\xffffffff'::bytea)) || int4send(octet_length((e).outcome))) || convert_to((e).outcome, 'UTF8'::name)) || COALESCE(('\x00000020'::bytea || (e).commitment), '\xffffffff'::bytea)));

-- owner: vouchsafe_audit_eraser; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION audit.erase(p_entries uuid[])
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_tenant uuid := kernel.current_tenant();
  v_all boolean := directory.is_purged(v_tenant);
  v_people uuid[];
  v_rows bigint;
begin
  v_people := array(select x.member_id from public.erasure x
                      where x.tenant_id = v_tenant and x.state <> 'done'
                        and audit.may_erase(x.asked_by, x.member_id, x.created_at));
  update audit.entry e set content = null
    where e.tenant_id = v_tenant and e.entry_id = any (p_entries)
      and (v_all or e.at < clock_timestamp() - interval '730 days'
           or (e.resource_type = 'tenant' and directory.is_purged(e.resource_id))
           or e.actor_id = any (v_people) or (e.resource_type = 'member' and e.resource_id = any (v_people)));
  get diagnostics v_rows = row_count;
  update public.erasure x set entries = x.entries + v_rows where x.tenant_id = v_tenant and x.member_id = any (v_people);
  return v_rows;
end $function$;

-- owner: vouchsafe_audit_eraser; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION audit.erase_named(p_erasure uuid, p_entries uuid[])
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_tenant uuid := kernel.current_tenant();
  v_entry uuid;
  v_rows bigint := 0;
begin
  if not exists (select from public.erasure x where x.tenant_id = v_tenant and x.erasure_id = p_erasure
                   and x.state <> 'done' and audit.may_erase(x.asked_by, x.member_id, x.created_at)) then
    raise exception 'nobody is being erased' using errcode = 'insufficient_privilege';
  end if;
  for v_entry in
    update audit.entry e set content = null
      where e.tenant_id = v_tenant and e.entry_id = any (p_entries)
      returning e.entry_id
  loop
    perform audit.append(gen_random_uuid(), 'entry.emptied', 'audit-entry', v_entry, 'done', null, null);
    v_rows := v_rows + 1;
  end loop;
  update public.erasure x set entries = x.entries + v_rows where x.tenant_id = v_tenant and x.erasure_id = p_erasure;
  return v_rows;
end $function$;

-- owner: vouchsafe_audit_eraser; may be called by: its owner only
CREATE OR REPLACE FUNCTION audit.may_erase(p_asked_by uuid, p_member uuid, p_created_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN ((p_asked_by <> p_member) OR (p_created_at <= (clock_timestamp() - '720:00:00'::interval)));

-- owner: vouchsafe_migrator; may be called by: vouchsafe_audit_sequencer
CREATE OR REPLACE FUNCTION audit.node(p_left bytea, p_right bytea)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN sha256((('\x01'::bytea || p_left) || p_right));

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION audit.only_erase()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.content is not null then
    raise exception 'the content of an entry is erased, never replaced' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION audit.removed()
 RETURNS bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT count(*) AS count
    FROM audit.leaf l
   WHERE (NOT (EXISTS ( SELECT
            FROM (audit.place p
              JOIN audit.entry e ON (((e.tenant_id = p.tenant_id) AND (e.entry_id = p.entry_id))))
           WHERE (p.leaf_index = l.leaf_index))));
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_audit_sequencer
CREATE OR REPLACE FUNCTION audit.root(p_hashes bytea[])
 RETURNS bytea
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_row bytea[] := p_hashes;
begin
  while cardinality(v_row) > 1 loop
    v_row := array(select audit.node(v_row[2 * i - 1], v_row[2 * i])
                     from generate_series(1, cardinality(v_row) / 2) as i order by i);
  end loop;
  return v_row[1];
end $function$;

-- owner: vouchsafe_audit_sequencer; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION audit.sequence(p_most integer)
 RETURNS TABLE(new_size bigint, of_tenant uuid, first_number bigint, last_number bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION audit.unerased(p_tenant uuid, p_before timestamp with time zone, p_most integer)
 RETURNS TABLE(tenant_id uuid, entry_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT e.tenant_id,
     e.entry_id
    FROM audit.entry e
   WHERE ((e.content IS NOT NULL) AND (e.at < unerased.p_before) AND ((unerased.p_tenant IS NULL) OR (e.tenant_id = unerased.p_tenant)))
  LIMIT unerased.p_most;
END;

-- owner: vouchsafe_audit_sequencer; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION audit.waiting()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT staged.entry_id
    FROM audit.staged
   WHERE (staged.tenant_id = kernel.current_tenant());
END;


-- ==================== platform ====================

create table platform.alarm (  -- owner: vouchsafe_migrator
  alarm_id uuid not null,
  at timestamp with time zone not null,
  kind text not null,
  tenant_id uuid,
  route text not null,
  PRIMARY KEY (alarm_id),
  CHECK ((kind = ANY (ARRAY['sign-in'::text, 'session'::text, 'named'::text, 'answer'::text, 'job'::text])))
);
CREATE INDEX alarm_newest ON platform.alarm USING btree (at DESC);
grant insert, select on platform.alarm to vouchsafe_app;
grant select on platform.alarm to vouchsafe_backup;
grant select on platform.alarm to vouchsafe_public;

create table platform.alert_sent (  -- owner: vouchsafe_migrator
  kind text not null,
  at timestamp with time zone not null,
  PRIMARY KEY (kind)
);
grant insert, select, update on platform.alert_sent to vouchsafe_app;
grant select on platform.alert_sent to vouchsafe_backup;

create table platform.attack_run (  -- owner: vouchsafe_migrator
  run_id uuid not null,
  at timestamp with time zone not null,
  version text not null,
  kind text not null,
  summary json not null,
  ledger bytea,
  note text not null,
  PRIMARY KEY (run_id),
  CHECK ((kind = ANY (ARRAY['live'::text, 'rehearsal'::text])))
);
CREATE INDEX attack_run_newest ON platform.attack_run USING btree (kind, at DESC);
grant insert, select on platform.attack_run to vouchsafe_app;
grant select on platform.attack_run to vouchsafe_backup;
grant update (ledger) on platform.attack_run to vouchsafe_app;
grant select (at, kind, note, run_id, summary, version) on platform.attack_run to vouchsafe_public;

create table platform.backup_run (  -- owner: vouchsafe_migrator
  run_id uuid not null,
  kind text not null,
  asked text not null,
  name text not null,
  state text not null,
  problem text,
  version text not null,
  started_at timestamp with time zone not null,
  taken_at timestamp with time zone,
  ended_at timestamp with time zone,
  kept_at text[],
  bytes bigint,
  sha256 bytea,
  tables integer,
  row_count bigint,
  files integer,
  recipients text[] not null,
  PRIMARY KEY (run_id),
  UNIQUE (name),
  CHECK (((state = 'failed'::text) = (problem IS NOT NULL))),
  CHECK (((state = 'running'::text) = (ended_at IS NULL))),
  CHECK ((asked = ANY (ARRAY['schedule'::text, 'operator'::text, 'command'::text]))),
  CHECK ((kind = ANY (ARRAY['data'::text, 'keys'::text]))),
  CHECK ((state = ANY (ARRAY['running'::text, 'good'::text, 'failed'::text])))
);
CREATE INDEX backup_run_newest ON platform.backup_run USING btree (kind, started_at DESC);
grant insert, select, update on platform.backup_run to vouchsafe_app;
grant select on platform.backup_run to vouchsafe_backup;

create table platform.canary (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  slug text not null,
  part text not null,
  created_at timestamp with time zone not null,
  version text,
  identifiers uuid[] not null default '{}'::uuid[],
  secrets bytea not null,
  PRIMARY KEY (tenant_id),
  UNIQUE (part),
  UNIQUE (slug),
  CHECK ((part = ANY (ARRAY['attacker'::text, 'victim'::text])))
);
grant insert, select, update on platform.canary to vouchsafe_app;
grant select on platform.canary to vouchsafe_backup;

create table platform.closing (  -- owner: vouchsafe_migrator
  closing_id uuid not null,
  tenant_id uuid not null,
  slug text not null,
  closed_by text not null,
  closed_at timestamp with time zone not null,
  purge_after timestamp with time zone not null,
  kept_at timestamp with time zone,
  purge_began_at timestamp with time zone,
  done_at timestamp with time zone,
  PRIMARY KEY (closing_id),
  CHECK ((closed_by = ANY (ARRAY['owner'::text, 'operator'::text])))
);
CREATE UNIQUE INDEX one_closing ON platform.closing USING btree (tenant_id) WHERE (kept_at IS NULL);
grant select on platform.closing to vouchsafe_app;
grant select on platform.closing to vouchsafe_backup;

create table platform.closing_step (  -- owner: vouchsafe_migrator
  closing_id uuid not null,
  step text not null,
  what text not null,
  gone bigint not null,
  at timestamp with time zone not null,
  PRIMARY KEY (closing_id, step, what),
  FOREIGN KEY (closing_id) REFERENCES platform.closing(closing_id) ON DELETE CASCADE
);
grant select on platform.closing_step to vouchsafe_app;
grant select on platform.closing_step to vouchsafe_backup;

create table platform.control_run (  -- owner: vouchsafe_migrator
  run_id uuid not null,
  at timestamp with time zone not null,
  version text not null,
  results json not null,
  note text not null,
  PRIMARY KEY (run_id)
);
CREATE INDEX control_run_newest ON platform.control_run USING btree (at DESC);
grant insert, select on platform.control_run to vouchsafe_app;
grant select on platform.control_run to vouchsafe_backup;
grant select on platform.control_run to vouchsafe_public;

create table platform.hash_cost (  -- owner: vouchsafe_migrator
  cost text not null,
  since timestamp with time zone not null default now(),
  PRIMARY KEY (cost),
  CHECK ((cost ~ '^(argon2id|bcrypt|pbkdf2)(-[0-9]{1,7}){1,3}$'::text))
);
grant insert, select on platform.hash_cost to vouchsafe_app;
grant select on platform.hash_cost to vouchsafe_backup;

create table platform.kept_by_law (  -- owner: vouchsafe_migrator
  record_id uuid not null,
  tenant_id uuid not null,
  kind text not null,
  issued_at timestamp with time zone not null,
  body bytea not null,
  PRIMARY KEY (record_id),
  CHECK ((kind = 'invoice'::text))
);
grant insert, select on platform.kept_by_law to vouchsafe_app;
grant select on platform.kept_by_law to vouchsafe_backup;

create table platform.migration (  -- owner: vouchsafe_migrator
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  PRIMARY KEY (name)
);
grant select on platform.migration to vouchsafe_app;
grant select on platform.migration to vouchsafe_backup;

create table platform.public_page (  -- owner: vouchsafe_migrator
  only_row boolean not null default true,
  page json not null,
  at timestamp with time zone not null,
  PRIMARY KEY (only_row),
  CHECK (only_row)
);
grant insert, select, update on platform.public_page to vouchsafe_app;
grant select on platform.public_page to vouchsafe_backup;
grant select on platform.public_page to vouchsafe_public;

create table platform.restore_test (  -- owner: vouchsafe_migrator
  run_id uuid not null,
  at timestamp with time zone not null,
  version text not null,
  result json not null,
  note text not null,
  PRIMARY KEY (run_id)
);
CREATE INDEX restore_test_newest ON platform.restore_test USING btree (at DESC);
grant insert, select on platform.restore_test to vouchsafe_app;
grant select on platform.restore_test to vouchsafe_backup;
grant select on platform.restore_test to vouchsafe_public;

create table platform.restored (  -- owner: vouchsafe_migrator
  restore_id uuid not null,
  at timestamp with time zone not null,
  taken_at timestamp with time zone not null,
  archive text not null,
  tenant_id uuid,
  PRIMARY KEY (restore_id)
);
grant insert, select on platform.restored to vouchsafe_app;
grant select on platform.restored to vouchsafe_backup;
grant select on platform.restored to vouchsafe_public;

create table platform.retention (  -- owner: vouchsafe_migrator
  timer text not null,
  relation text not null,
  since text not null,
  keeps interval not null,
  condition text not null default 'true'::text,
  place integer not null,
  PRIMARY KEY (timer)
);
grant select on platform.retention to vouchsafe_app;
grant select on platform.retention to vouchsafe_backup;

create table platform.retention_run (  -- owner: vouchsafe_migrator
  run_id uuid not null,
  timer text not null,
  at timestamp with time zone not null,
  gone bigint not null,
  PRIMARY KEY (run_id, timer)
);
CREATE INDEX retention_run_newest ON platform.retention_run USING btree (at DESC);
grant delete, insert, select on platform.retention_run to vouchsafe_app;
grant select on platform.retention_run to vouchsafe_backup;

create table platform.set_up (  -- owner: vouchsafe_migrator
  only_row boolean not null default true,
  token_hash bytea,
  done_at timestamp with time zone,
  PRIMARY KEY (only_row),
  CHECK (only_row)
);
grant select, update on platform.set_up to vouchsafe_app;
grant select on platform.set_up to vouchsafe_backup;

create table platform.signing_key (  -- owner: vouchsafe_migrator
  kid text not null,
  public_jwk jsonb not null,
  private_key bytea not null,
  created_at timestamp with time zone not null default now(),
  PRIMARY KEY (kid)
);
grant insert, select on platform.signing_key to vouchsafe_app;
grant select on platform.signing_key to vouchsafe_backup;


-- ==================== directory ====================

create table directory.tenant_slug (  -- owner: vouchsafe_migrator
  slug text not null,
  tenant_id uuid not null,
  PRIMARY KEY (slug),
  UNIQUE (tenant_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CHECK ((slug ~ '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$'::text))
);
grant select on directory.tenant_slug to vouchsafe_backup;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.begin_closing(p_by text)
 RETURNS TABLE(since timestamp with time zone, until timestamp with time zone)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_tenant uuid := kernel.current_tenant();
begin
  since := date_trunc('milliseconds', clock_timestamp());
  -- In hours: a day may have 23.
  until := since + interval '720 hours';
  update public.tenant t set state = 'closing', closing_at = since, purge_after = until
    where t.tenant_id = v_tenant and t.state = 'active';
  if not found then
    return;
  end if;
  insert into platform.closing (closing_id, tenant_id, slug, closed_by, closed_at, purge_after)
    select gen_random_uuid(), v_tenant, s.slug, p_by, since, until
      from directory.tenant_slug s where s.tenant_id = v_tenant;
  perform audit.append(gen_random_uuid(), 'closing.began', 'tenant', v_tenant, 'done', null, null);
  return next;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.begin_purge(p_tenant uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from public.tenant t where t.tenant_id = p_tenant and t.state = 'purging') then
    return true;
  end if;
  update public.tenant t set state = 'purging'
    where t.tenant_id = p_tenant and t.kind <> 'operator' and t.state = 'closing'
      and t.purge_after <= clock_timestamp() and t.closing_at <= clock_timestamp() - interval '720 hours';
  if not found then
    return false;
  end if;
  update platform.closing c set purge_began_at = clock_timestamp() where c.tenant_id = p_tenant and c.kept_at is null;
  perform set_config('vouchsafe.tenant', p_tenant::text, true), set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.key', '', true), set_config('vouchsafe.actor', 'job', true);
  perform audit.append(gen_random_uuid(), 'purge.began', 'tenant', p_tenant, 'done', null, null);
  perform set_config('vouchsafe.tenant', '', true);
  return true;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.claim_slug(p_slug text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from platform.closing c where c.slug = p_slug and c.kept_at is null) then
    return false;
  end if;
  insert into directory.tenant_slug (slug, tenant_id) values (p_slug, kernel.current_tenant())
    on conflict (slug) do nothing;
  return found;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.end_closing()
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_tenant uuid := kernel.current_tenant();
begin
  update public.tenant t set state = 'active', closing_at = null, purge_after = null
    where t.tenant_id = v_tenant and t.state = 'closing';
  if not found then
    return false;
  end if;
  update platform.closing c set kept_at = clock_timestamp() where c.tenant_id = v_tenant and c.kept_at is null;
  perform audit.append(gen_random_uuid(), 'closing.ended', 'tenant', v_tenant, 'done', null, null);
  return true;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.end_purge(p_tenant uuid)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 UPDATE platform.closing c SET done_at = clock_timestamp()
   WHERE ((c.tenant_id = end_purge.p_tenant) AND (c.kept_at IS NULL) AND (c.done_at IS NULL) AND (EXISTS ( SELECT
            FROM tenant t
           WHERE ((t.tenant_id = end_purge.p_tenant) AND (t.state = 'closed'::text)))));
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.end_tenant(p_tenant uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (select from public.tenant t where t.tenant_id = p_tenant and t.state in ('purging', 'closed')) then
    raise exception 'this workspace is not being deleted' using errcode = 'insufficient_privilege';
  end if;
  -- Whoever came in before it began and wrote after its rows were gone has ended when this lock is had, and what they
  -- wrote goes, too. From then on nobody gets in.
  perform from public.tenant t where t.tenant_id = p_tenant for update;
  if exists (select from public.tenant t where t.tenant_id = p_tenant and t.state = 'purging') then
    loop
      perform directory.purge_rows(p_tenant, 10000);
      exit when not found;
    end loop;
  end if;
  delete from directory.tenant_slug where tenant_id = p_tenant;
  delete from public.operator_tenant where customer_id = p_tenant;
  update public.tenant set state = 'closed', name = '\x', quota_documents = null, quota_bytes = null,
      member_documents = null, member_bytes = null
    where tenant_id = p_tenant;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.erasures_to_do()
 RETURNS TABLE(tenant_id uuid, slug text, erasure_id uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT o.tenant_id,
     o.slug,
     o.erasure_id
    FROM ( SELECT x.tenant_id,
             s.slug,
             x.erasure_id,
             row_number() OVER (PARTITION BY x.tenant_id ORDER BY (random())) AS turn
            FROM ((erasure x
              JOIN directory.tenant_slug s ON ((s.tenant_id = x.tenant_id)))
              JOIN tenant t ON (((t.tenant_id = x.tenant_id) AND (t.state = ANY (ARRAY['active'::text, 'closing'::text])))))
           WHERE ((x.state = 'working'::text) OR ((x.state = 'waiting'::text) AND (x.created_at <= (clock_timestamp() - '720:00:00'::interval))))) o
   WHERE (o.turn <= 100)
   ORDER BY o.turn, (random())
  LIMIT 1000;
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.exports_to_end(p_now timestamp with time zone)
 RETURNS TABLE(tenant_id uuid, export_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT e.tenant_id,
     e.export_id
    FROM export e
   WHERE (e.expires_at <= exports_to_end.p_now)
   ORDER BY e.expires_at
  LIMIT 1000;
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.files_of(p_tenant uuid, p_after text, p_most integer)
 RETURNS SETOF text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT f.file
    FROM ( SELECT v.file
            FROM document_version v
           WHERE (v.tenant_id = files_of.p_tenant)
         UNION ALL
          SELECT p.file
            FROM upload_piece p
           WHERE (p.tenant_id = files_of.p_tenant)
         UNION ALL
          SELECT e.file
            FROM export_part e
           WHERE (e.tenant_id = files_of.p_tenant)) f
   WHERE ((f.file > files_of.p_after) AND (EXISTS ( SELECT
            FROM tenant t
           WHERE ((t.tenant_id = files_of.p_tenant) AND (t.state = 'purging'::text)))))
   ORDER BY f.file
  LIMIT files_of.p_most;
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_audit_eraser
CREATE OR REPLACE FUNCTION directory.is_purged(p_tenant uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN (EXISTS (SELECT FROM tenant t WHERE ((t.tenant_id = is_purged.p_tenant) AND (t.state = ANY (ARRAY['purging'::text, 'closed'::text])))));

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.keys_to_warn_of(p_now timestamp with time zone)
 RETURNS TABLE(tenant_id uuid, slug text, key_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT k.tenant_id,
     s.slug,
     k.key_id
    FROM (((api_key k
      JOIN member m ON (((m.tenant_id = k.tenant_id) AND (m.member_id = k.member_id))))
      JOIN tenant t ON ((t.tenant_id = k.tenant_id)))
      JOIN directory.tenant_slug s ON ((s.tenant_id = k.tenant_id)))
   WHERE ((k.revoked_at IS NULL) AND (k.warned_at IS NULL) AND (m.status = 'active'::text) AND (t.state = 'active'::text) AND (k.expires_at > keys_to_warn_of.p_now) AND (k.expires_at <= (keys_to_warn_of.p_now + '7 days'::interval)))
   ORDER BY k.expires_at
  LIMIT 5000;
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.known_files(p_names text[])
 RETURNS SETOF text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select v.file from public.document_version v where v.file = any(p_names)
    union
    select p.file from public.upload_piece p where p.file = any(p_names)
    union
    select e.file from public.export_part e where e.file = any(p_names) $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.libraries_to_tidy(p_now timestamp with time zone)
 RETURNS TABLE(tenant_id uuid, slug text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT s.tenant_id,
     s.slug
    FROM directory.tenant_slug s
   WHERE ((EXISTS ( SELECT
            FROM binned b
           WHERE ((b.tenant_id = s.tenant_id) AND (b.deleted_at <= (libraries_to_tidy.p_now - '30 days'::interval))))) OR (EXISTS ( SELECT
            FROM binned b
           WHERE ((b.tenant_id = s.tenant_id) AND (b.ended_at IS NOT NULL)))) OR (EXISTS ( SELECT
            FROM upload u
           WHERE ((u.tenant_id = s.tenant_id) AND (u.expires_at <= libraries_to_tidy.p_now)))));
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.newest_mails(p_limit integer)
 RETURNS TABLE(tenant_id uuid, slug text, mail_id uuid, created_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select m.tenant_id, s.slug, m.mail_id, m.created_at
      from public.mail m join directory.tenant_slug s on s.tenant_id = m.tenant_id
      where m.state = 'outbox'
      order by m.created_at desc limit least(p_limit, 200) $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.note_step(p_tenant uuid, p_step text, p_what text, p_gone bigint)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 INSERT INTO platform.closing_step (closing_id, step, what, gone, at)  SELECT c.closing_id,
             note_step.p_step AS p_step,
             note_step.p_what AS p_what,
             note_step.p_gone AS p_gone,
             clock_timestamp() AS clock_timestamp
            FROM platform.closing c
           WHERE ((c.tenant_id = note_step.p_tenant) AND (c.purge_began_at IS NOT NULL) AND (c.kept_at IS NULL) AND (c.done_at IS NULL)) ON CONFLICT(closing_id, step, what) DO UPDATE SET gone = (closing_step.gone + excluded.gone), at = excluded.at;
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.purge_older(p_timer text, p_most integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  t platform.retention;
  v_rows bigint;
begin
  select * into strict t from platform.retention where timer = p_timer;
  execute format('delete from %1$s where ctid = any (array(
                    select r.ctid from %1$s r where %2$s < $1 - $2 and (%3$s) limit %4$s))',
                 t.relation, t.since, t.condition, p_most) using kernel.moment(), t.keeps;
  get diagnostics v_rows = row_count;
  return v_rows;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.purge_rows(p_tenant uuid, p_most integer)
 RETURNS TABLE(relation text, gone bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_table record;
  v_held boolean;
  v_other record;
  v_rows bigint;
begin
  if not exists (select from public.tenant t where t.tenant_id = p_tenant and t.state = 'purging') then
    raise exception 'this workspace is not being deleted' using errcode = 'insufficient_privilege';
  end if;
  for v_table in
    select c.oid, c.oid::regclass::text as name,
           exists (select from pg_constraint f where f.contype = 'f' and f.conrelid = c.oid and f.confrelid = c.oid
                     and f.confdeltype = 'a') as refers_to_itself
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      where c.relkind in ('r', 'p') and c.oid <> 'public.tenant'::regclass
      -- What triggers fill while others are deleted comes last.
      order by c.relname in ('visibility_epoch', 'index_tombstone'), c.relname
  loop
    v_held := false;
    for v_other in
      select f.conrelid::regclass::text as name from pg_constraint f
        where f.contype = 'f' and f.confrelid = v_table.oid and f.conrelid <> v_table.oid and f.confdeltype in ('a', 'r')
    loop
      execute format('select exists (select from %s where tenant_id = $1)', v_other.name) into v_held using p_tenant;
      exit when v_held;
    end loop;
    continue when v_held;
    if v_table.refers_to_itself then
      execute format('delete from %s where tenant_id = $1', v_table.name) using p_tenant;
    else
      execute format('delete from %1$s where tenant_id = $1 and ctid = any (array(
                        select ctid from %1$s where tenant_id = $1 limit %2$s))', v_table.name, p_most) using p_tenant;
    end if;
    get diagnostics v_rows = row_count;
    if v_rows > 0 then
      relation := v_table.name;
      gone := v_rows;
      return next;
    end if;
  end loop;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.set_quota(p_tenant uuid, p_documents integer, p_bytes bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (select from public.tenant o where o.tenant_id = kernel.current_tenant() and o.kind = 'operator') then
    return false;
  end if;
  update public.tenant t set quota_documents = p_documents, quota_bytes = p_bytes
    where t.tenant_id = p_tenant and t.kind <> 'operator';
  return found;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.support_grants(p_now timestamp with time zone)
 RETURNS TABLE(grant_id uuid, tenant_id uuid, slug text, until timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT g.grant_id,
     g.tenant_id,
     s.slug,
     g.until
    FROM ((support_grant g
      JOIN directory.tenant_slug s ON ((s.tenant_id = g.tenant_id)))
      JOIN tenant t ON ((t.tenant_id = g.tenant_id)))
   WHERE ((g.ended_at IS NULL) AND (g.until > support_grants.p_now) AND (t.state = 'active'::text) AND (t.kind <> 'canary'::text) AND (EXISTS ( SELECT 1
            FROM tenant o
           WHERE ((o.tenant_id = kernel.current_tenant()) AND (o.kind = 'operator'::text)))))
   ORDER BY g.until, g.grant_id
  LIMIT 500;
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.support_stands(p_member uuid, p_staff_session uuid, p_now timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN (EXISTS (SELECT 1 FROM (((((support_guest g JOIN support_grant f ON (((f.tenant_id = g.tenant_id) AND (f.grant_id = g.grant_id)))) JOIN member m ON ((m.member_id = g.staff_id))) JOIN tenant o ON (((o.tenant_id = m.tenant_id) AND (o.kind = 'operator'::text) AND (o.state = 'active'::text)))) JOIN session s ON (((s.tenant_id = m.tenant_id) AND (s.member_id = m.member_id)))) LEFT JOIN role r ON (((r.tenant_id = m.tenant_id) AND (r.role_id = m.role_id)))) WHERE ((g.tenant_id = kernel.current_tenant()) AND (g.member_id = support_stands.p_member) AND (f.ended_at IS NULL) AND (f.until > support_stands.p_now) AND (s.session_id = support_stands.p_staff_session) AND (s.ended_at IS NULL) AND (s.expires_at > support_stands.p_now) AND (m.status = 'active'::text) AND ((m.role = ANY (ARRAY['admin'::text, 'owner'::text])) OR ('operator.support.enter'::text = ANY (r.permissions))))));

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.tenant_by_slug(p_slug text)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN (SELECT s.tenant_id FROM (directory.tenant_slug s JOIN tenant t ON (((t.tenant_id = s.tenant_id) AND (t.state = ANY (ARRAY['active'::text, 'closing'::text]))))) WHERE (s.slug = tenant_by_slug.p_slug));

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.tenants_with_index_work(p_buried_before timestamp with time zone, p_now timestamp with time zone)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select t.tenant_id from public.index_tombstone t where t.since < p_buried_before
    union
    select s.tenant_id from public.index_segment s where s.state <> 'live' and s.kept_until < p_now
    union
    select d.tenant_id from public.document d
      where d.state = 'indexing' and d.deleted_at is null and d.updated_at < p_now - interval '10 minutes' $function$;


-- ==================== kernel ====================

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.begin_erasure(p_erasure uuid, p_member uuid, p_content text, p_given_to uuid, p_spoken bytea)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_tenant uuid := kernel.current_tenant();
begin
  if not exists (select from public.member m where m.tenant_id = v_tenant and m.member_id = p_member
                   and m.status = 'removed') then
    raise exception 'this person is a member' using errcode = 'insufficient_privilege';
  end if;
  insert into public.erasure (tenant_id, erasure_id, member_id, asked_by, content, given_to, created_at, spoken, state)
    select v_tenant, p_erasure, p_member, s.member_id, p_content, p_given_to, clock_timestamp(), p_spoken, 'working'
      from public.session s where s.tenant_id = v_tenant and s.session_id = kernel.current_session();
  if not found then
    raise exception 'a member needs a session' using errcode = 'VS401';
  end if;
  perform audit.append(gen_random_uuid(), 'erasure.began', 'member', p_member, 'done', null, null);
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.bury_number()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into public.index_tombstone (tenant_id, document_no, since)
    values (old.tenant_id, old.document_no, now()) on conflict do nothing;
  return null;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.byte_columns()
 RETURNS TABLE(place text, in_schema text, in_table text, in_column text, key_columns text[])
 LANGUAGE sql
 STABLE
AS $function$
  select format('%I.%I', n.nspname, c.relname), n.nspname::text, c.relname::text, a.attname::text,
         array(select k.attname::text from unnest(i.indkey) with ordinality as part (attnum, no)
                 join pg_catalog.pg_attribute k on k.attrelid = c.oid and k.attnum = part.attnum
                where k.attname <> 'tenant_id' order by part.no)
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
   where c.relkind in ('r', 'p') and a.atttypid = 'pg_catalog.bytea'::regtype
     and n.nspname in ('public', 'audit')
     and exists (select from pg_catalog.pg_attribute t
                  where t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped)
   order by 1, 4
$function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.close_content_of(p_tenant uuid, p_members uuid[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.count_sign_in(p_tenant uuid, p_address bytea, p_network bytea, p_now timestamp with time zone, p_window_start timestamp with time zone, p_free integer, p_network_free integer, p_challenge bytea, p_challenge_expires timestamp with time zone)
 RETURNS TABLE(needs_challenge boolean, failures integer, locked_until timestamp with time zone)
 LANGUAGE plpgsql
AS $function$
declare
  v_solved boolean := false;
  v_from_network integer;
  v_failures integer;
  g public.sign_in_guard%rowtype;
begin
  if p_challenge is not null then
    delete from public.challenge_used c where c.tenant_id = p_tenant and c.expires_at <= p_now;
    insert into public.challenge_used values (p_tenant, p_challenge, p_challenge_expires) on conflict do nothing;
    v_solved := found;
  end if;
  select coalesce(max(n.failures), 0) into v_from_network from public.sign_in_guard n
    where n.tenant_id = p_tenant and n.address_hash = p_network and n.window_started_at > p_window_start;
  loop
    select * into g from public.sign_in_guard s
      where s.tenant_id = p_tenant and s.address_hash = p_address for update;
    exit when found;
    if v_from_network >= p_network_free and not v_solved then
      return query select true, 0, null::timestamptz;
      return;
    end if;
    insert into public.sign_in_guard (tenant_id, address_hash, failures, window_started_at)
      values (p_tenant, p_address, 1, p_now) on conflict do nothing;
    if found then
      return query select false, 1, null::timestamptz;
      return;
    end if;
  end loop;
  if g.locked_until > p_now then
    return query select false, g.failures, g.locked_until;
    return;
  end if;
  v_failures := case when g.locked_until is not null or g.window_started_at <= p_window_start then 0
                     else g.failures end;
  if not v_solved and (v_failures >= p_free or v_from_network >= p_network_free) then
    return query select true, v_failures, null::timestamptz;
    return;
  end if;
  update public.sign_in_guard s
    set failures = v_failures + 1, locked_until = null,
        window_started_at = case when v_failures = 0 then p_now else g.window_started_at end
    where s.tenant_id = p_tenant and s.address_hash = p_address;
  return query select false, v_failures + 1, null::timestamptz;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app, vouchsafe_audit_writer
CREATE OR REPLACE FUNCTION kernel.current_key()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('vouchsafe.key'::text, true), ''::text))::uuid;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app, vouchsafe_audit_eraser, vouchsafe_audit_writer, vouchsafe_backup
CREATE OR REPLACE FUNCTION kernel.current_session()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('vouchsafe.session'::text, true), ''::text))::uuid;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app, vouchsafe_audit_eraser, vouchsafe_audit_sequencer, vouchsafe_audit_writer, vouchsafe_backup
CREATE OR REPLACE FUNCTION kernel.current_tenant()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('vouchsafe.tenant'::text, true), ''::text))::uuid;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.end_erasure(p_erasure uuid)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 UPDATE erasure x SET (state, spoken, done_at) = ( SELECT
                 CASE
                     WHEN w.late THEN 'done'::text
                     ELSE 'waiting'::text
                 END AS "case",
                 CASE
                     WHEN w.late THEN NULL::bytea
                     ELSE x.spoken
                 END AS spoken,
                 CASE
                     WHEN w.late THEN clock_timestamp()
                     ELSE NULL::timestamp with time zone
                 END AS "case"
            FROM ( SELECT ((x.asked_by <> x.member_id) OR (x.created_at <= (clock_timestamp() - '720:00:00'::interval))) AS late) w)
   WHERE ((x.tenant_id = kernel.current_tenant()) AND (x.erasure_id = end_erasure.p_erasure) AND (x.state <> 'done'::text));
END;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.enter(p_tenant uuid, p_session uuid, p_now timestamp with time zone, p_read_only boolean)
 RETURNS TABLE(member_id uuid, role text, role_id uuid, granted text[], kind text, last_active_at timestamp with time zone, factor_at timestamp with time zone, factor_required_from timestamp with time zone, closing boolean)
 LANGUAGE plpgsql
AS $function$
declare
  s public.session%rowtype;
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', p_session::text, true),
          set_config('vouchsafe.key', '', true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
  -- By its key and by itself: joined, a planner without figures may begin with all members.
  select * into s from public.session x where x.tenant_id = p_tenant and x.session_id = p_session;
  return query
    select m.member_id, m.role, m.role_id, r.permissions, t.kind, s.last_active_at, s.factor_at,
           t.factor_required_from, t.state = 'closing'
      from public.member m
      join public.tenant t on t.tenant_id = m.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where m.tenant_id = p_tenant and m.member_id = s.member_id
        and s.ended_at is null and s.expires_at > p_now and s.last_active_at > p_now - interval '30 minutes'
        and m.status = 'active' and m.verified_at is not null and t.state in ('active', 'closing')
        and case when m.role = 'support' then directory.support_stands(m.member_id, s.staff_session_id, p_now)
                 else true end;
  if not found then
    raise exception 'the session has ended' using errcode = 'VS401';
  end if;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.enter_with_key(p_tenant uuid, p_hash bytea, p_ip inet, p_now timestamp with time zone, p_read_only boolean)
 RETURNS TABLE(member_id uuid, role text, role_id uuid, granted text[], kind text, key_id uuid, key_permissions text[], folder_id uuid, last_used_at timestamp with time zone, closing boolean)
 LANGUAGE plpgsql
AS $function$
declare
  v_key uuid;
  v_networks cidr[];
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.key', '', true);
  select k.key_id, k.networks into v_key, v_networks
    from public.api_key k
    join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
    join public.tenant t on t.tenant_id = k.tenant_id
    where k.tenant_id = p_tenant and k.key_hash = p_hash and k.revoked_at is null and k.expires_at > p_now
      and m.status = 'active' and m.verified_at is not null and t.state in ('active', 'closing');
  if v_key is null then
    raise exception 'the key is not valid' using errcode = 'VS402';
  end if;
  if cardinality(v_networks) > 0 and not coalesce(p_ip <<= any (v_networks), false) then
    raise exception 'the key does not work from this network' using errcode = 'VS403';
  end if;
  perform set_config('vouchsafe.key', v_key::text, true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
  return query
    select m.member_id, m.role, m.role_id, r.permissions, t.kind, k.key_id, k.permissions, k.folder_id, k.last_used_at,
           t.state = 'closing'
      from public.api_key k
      join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
      join public.tenant t on t.tenant_id = k.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where k.tenant_id = p_tenant and k.key_id = v_key;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.enter_without_session(p_tenant uuid, p_actor text, p_read_only boolean, p_changes boolean)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.key', '', true),
          set_config('vouchsafe.actor', p_actor, true);
  -- One that is being deleted is entered by nobody, to change something or not: what came then would stay.
  if exists (select from public.tenant t where t.tenant_id = p_tenant
               and (t.state in ('purging', 'closed') or (p_changes and t.state <> 'active'))) then
    raise exception 'the workspace is closing' using errcode = 'VS405';
  end if;
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.erase_letters(p_mails uuid[], p_notices uuid[], p_invitations uuid[])
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_tenant uuid := kernel.current_tenant();
  v_rows bigint;
  v_all bigint := 0;
begin
  if not exists (select from public.erasure x where x.tenant_id = v_tenant and x.state <> 'done') then
    raise exception 'nobody is being erased' using errcode = 'insufficient_privilege';
  end if;
  delete from public.mail where tenant_id = v_tenant and mail_id = any (p_mails);
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.notice where tenant_id = v_tenant and notice_id = any (p_notices);
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.invitation where tenant_id = v_tenant and invitation_id = any (p_invitations);
  get diagnostics v_rows = row_count;
  return v_all + v_rows;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.erase_rows(p_member uuid)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_tenant uuid := kernel.current_tenant();
  v_table text;
  v_rows bigint;
  v_all bigint := 0;
begin
  if not exists (select from public.erasure x where x.tenant_id = v_tenant and x.member_id = p_member
                   and x.state <> 'done') then
    raise exception 'this person is not being erased' using errcode = 'insufficient_privilege';
  end if;
  -- Each before what it points to.
  foreach v_table in array array['factor_ticket', 'mailed_link', 'address_change', 'device', 'notice', 'notice_choice',
      'passkey', 'recovery_code', 'totp', 'saved_search', 'api_key', 'session', 'group_member', 'upload'] loop
    execute format('delete from public.%I where tenant_id = $1 and member_id = $2', v_table) using v_tenant, p_member;
    get diagnostics v_rows = row_count;
    v_all := v_all + v_rows;
  end loop;
  delete from public.share where tenant_id = v_tenant and member_id = p_member;
  get diagnostics v_rows = row_count;
  return v_all + v_rows;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.files_of_tenant()
 RETURNS TABLE(name text)
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  v record;
begin
  for v in select format('%I.%I', n.nspname, c.relname) as place from pg_catalog.pg_class c
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'file' and not a.attisdropped
             join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped
            where c.relkind in ('r', 'p') and n.nspname = 'public' and a.atttypid = 'pg_catalog.text'::regtype loop
    return query execute format(
      'select file from %s where tenant_id = kernel.current_tenant() and file is not null', v.place);
  end loop;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.groups_of(p_member uuid)
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  return array(select g.group_id from public.group_member g
                where g.tenant_id = kernel.current_tenant() and g.member_id = p_member);
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.has_openings(p_member uuid, p_now timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  -- Never for a program.
  return kernel.current_key() is null and exists (
    select from public.opening o
      where o.tenant_id = kernel.current_tenant() and o.opened_by = p_member and o.ended_at is null and o.until > p_now);
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.is_in_reach_of_key(p_place uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.keep_folder_above()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.let_go_of_access()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.let_go_of_content()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform kernel.close_content_of(new.tenant_id, array(
    select m.member_id from public.member m where m.tenant_id = new.tenant_id and m.role_id = new.role_id));
  return null;
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.let_go_of_openings()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update public.opening set ended_at = now()
    where tenant_id = new.tenant_id and ended_at is null
      and opened_by in (select m.member_id from public.member m
                         where m.tenant_id = new.tenant_id and m.role_id = new.role_id);
  return null;
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.let_go_of_searches()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from public.saved_search where tenant_id = new.tenant_id and member_id = new.member_id;
  return null;
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.moment()
 RETURNS timestamp with time zone
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN clock_timestamp();

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.opening_of(p_document uuid, p_chat uuid, p_place uuid, p_owner uuid, p_member uuid, p_now timestamp with time zone)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.protect(p_table regclass, p_app_privileges text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.rename_file(p_was text, p_now text)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  v record;
  v_rows bigint;
  v_done bigint := 0;
begin
  for v in select format('%I.%I', n.nspname, c.relname) as place from pg_catalog.pg_class c
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'file' and not a.attisdropped
             join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped
            where c.relkind in ('r', 'p') and n.nspname = 'public' and a.atttypid = 'pg_catalog.text'::regtype
              and has_column_privilege(c.oid, a.attnum, 'update') loop
    execute format('update %s set file = $2 where tenant_id = kernel.current_tenant() and file = $1', v.place)
      using p_was, p_now;
    get diagnostics v_rows = row_count;
    v_done := v_done + v_rows;
  end loop;
  return v_done;
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.renumber_restored()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into public.tenant_counter (tenant_id, counter, value) values (new.tenant_id, 'document', 1)
    on conflict (tenant_id, counter) do update set value = tenant_counter.value + 1
    returning value into new.document_no;
  if new.state = 'ready' then
    new.state := 'indexing';
  end if;
  return new;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.reseal(p_place text, p_column text, p_keys jsonb, p_old bytea[], p_new bytea[])
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  v_keys text[];
  v_match text;
  v_done bigint;
begin
  select b.key_columns into v_keys from kernel.byte_columns() b where b.place = p_place and b.in_column = p_column;
  if v_keys is null then
    raise exception 'there is no such column' using errcode = 'undefined_column';
  end if;
  select coalesce(string_agg(format(' and t.%I = (v.key ->> %s)::%s', part.name, part.no - 1, format_type(a.atttypid, null)), ''), '')
    into v_match
    from unnest(v_keys) with ordinality as part (name, no)
    join pg_catalog.pg_attribute a on a.attrelid = p_place::regclass and a.attname = part.name;
  execute format(
    'update %1$s t set %2$I = v.made from rows from (jsonb_array_elements($1), unnest($2), unnest($3)) as v (key, was, made)'
    || ' where t.tenant_id = kernel.current_tenant() and t.%2$I = v.was%3$s', p_place, p_column, v_match)
    using p_keys, p_old, p_new;
  get diagnostics v_done = row_count;
  return v_done;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.sealed_values(p_place text, p_column text, p_after text[], p_limit integer)
 RETURNS TABLE(row_key text[], sealed bytea)
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  v_keys text[];
  v_given text;
begin
  select b.key_columns into v_keys from kernel.byte_columns() b where b.place = p_place and b.in_column = p_column;
  if v_keys is null then
    raise exception 'there is no such column' using errcode = 'undefined_column';
  end if;
  if cardinality(v_keys) = 0 then
    return query execute format('select array[]::text[], %I from %s where tenant_id = kernel.current_tenant() and $1 is null'
      || ' and octet_length(%1$I) >= 33 and get_byte(%1$I, 0) = 1', p_column, p_place) using p_after;
    return;
  end if;
  select string_agg(format('$1[%s]::%s', part.no, format_type(a.atttypid, null)), ', ' order by part.no) into v_given
    from unnest(v_keys) with ordinality as part (name, no)
    join pg_catalog.pg_attribute a on a.attrelid = p_place::regclass and a.attname = part.name;
  return query execute format(
    'select array[%1$s], %2$I from %3$s where tenant_id = kernel.current_tenant() and ($1 is null or (%4$s) > (%5$s))'
    || ' and octet_length(%2$I) >= 33 and get_byte(%2$I, 0) = 1 order by %4$s limit $2',
    (select string_agg(format('%I::text', k), ', ') from unnest(v_keys) k), p_column, p_place,
    (select string_agg(format('%I', k), ', ') from unnest(v_keys) k), v_given) using p_after, p_limit;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.sealed_versions()
 RETURNS TABLE(place text, in_column text, version bigint, n bigint)
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  v record;
begin
  for v in select * from kernel.byte_columns() b where has_column_privilege(b.place::regclass, b.in_column, 'select') loop
    return query execute format(
      'select %L::text, %L::text, get_byte(%3$I, 1)::bigint << 24 | get_byte(%3$I, 2) << 16 | get_byte(%3$I, 3) << 8 | get_byte(%3$I, 4), count(*)'
      || ' from %4$s where tenant_id = kernel.current_tenant() and octet_length(%3$I) >= 33 and get_byte(%3$I, 0) = 1 group by 3',
      v.place, v.in_column, v.in_column, v.place);
  end loop;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.sharing_of(p_document uuid, p_folder uuid, p_chat uuid, p_place uuid, p_owner uuid, p_member uuid)
 RETURNS TABLE(reached text, inherited text, whole boolean, shared boolean)
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.twins_of(p_hash bytea, p_document uuid, p_member uuid)
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.visibility_changed()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
end $function$;

-- owner: vouchsafe_migrator; may be called by: its owner only
CREATE OR REPLACE FUNCTION kernel.watch_visibility(p_table regclass)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  execute format('create constraint trigger visibility_changed after insert or update or delete on %s'
    || ' deferrable initially deferred for each row execute function kernel.visibility_changed()', p_table);
end $function$;
