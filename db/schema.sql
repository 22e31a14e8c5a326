-- The schema as it is after every migration, read from the catalog of PostgreSQL 18.
-- Written by `node src/main.ts check schema --write`; do not edit.

-- role vouchsafe_app: no superuser, row security applies
-- role vouchsafe_audit_eraser: no superuser, row security applies
-- role vouchsafe_audit_writer: no superuser, row security applies
-- role vouchsafe_backup: no superuser, BYPASSRLS
-- role vouchsafe_jobs: no superuser, row security applies
-- role vouchsafe_migrator: no superuser, BYPASSRLS

-- ==================== public ====================

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
CREATE INDEX api_key_of_member ON public.api_key USING btree (tenant_id, member_id);
alter table api_key enable row level security;
alter table api_key force row level security;
create policy tenant_isolation on api_key for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on api_key to vouchsafe_app;
grant select on api_key to vouchsafe_audit_writer;
grant select on api_key to vouchsafe_backup;

create table chat (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  chat_id uuid not null,
  owner_id uuid not null,
  visibility text not null default 'private'::text,
  title bytea not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, chat_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, owner_id) REFERENCES member(tenant_id, member_id),
  CHECK ((visibility = ANY (ARRAY['private'::text, 'tenant'::text])))
);
CREATE INDEX chat_newest ON public.chat USING btree (tenant_id, updated_at DESC, chat_id DESC);
alter table chat enable row level security;
alter table chat force row level security;
create policy tenant_isolation on chat for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on chat to vouchsafe_app;
grant select on chat to vouchsafe_backup;

create table document (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  document_id uuid not null,
  document_no integer not null,
  owner_id uuid not null,
  visibility text not null default 'private'::text,
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
  PRIMARY KEY (tenant_id, document_id),
  UNIQUE (tenant_id, document_no),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, owner_id) REFERENCES member(tenant_id, member_id),
  CHECK ((kind = ANY (ARRAY['pdf'::text, 'html'::text, 'markdown'::text, 'text'::text]))),
  CHECK ((state = ANY (ARRAY['received'::text, 'reading'::text, 'indexing'::text, 'ready'::text, 'failed'::text]))),
  CHECK ((visibility = ANY (ARRAY['private'::text, 'tenant'::text])))
);
CREATE INDEX document_changed ON public.document USING btree (tenant_id, updated_at);
CREATE INDEX document_file ON public.document USING btree (file);
CREATE INDEX document_newest ON public.document USING btree (tenant_id, created_at DESC, document_id DESC);
alter table document enable row level security;
alter table document force row level security;
create policy tenant_isolation on document for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on document to vouchsafe_app;
grant select on document to vouchsafe_backup;

create table index_posting (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  term_hash bytea not null,
  segment_id uuid not null,
  body bytea not null,
  PRIMARY KEY (tenant_id, term_hash, segment_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, segment_id) REFERENCES index_segment(tenant_id, segment_id) ON DELETE CASCADE,
  CHECK ((octet_length(term_hash) = 12))
);
alter table index_posting enable row level security;
alter table index_posting force row level security;
create policy tenant_isolation on index_posting for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select on index_posting to vouchsafe_app;
grant select on index_posting to vouchsafe_backup;

create table index_segment (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  segment_id uuid not null,
  stats bytea not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (tenant_id, segment_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table index_segment enable row level security;
alter table index_segment force row level security;
create policy tenant_isolation on index_segment for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select on index_segment to vouchsafe_app;
grant select on index_segment to vouchsafe_backup;

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
  PRIMARY KEY (tenant_id, link_id),
  UNIQUE (tenant_id, token_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK ((purpose = ANY (ARRAY['verify'::text, 'unlock'::text])))
);
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
  PRIMARY KEY (tenant_id, member_id),
  UNIQUE (tenant_id, address_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, role_id) REFERENCES role(tenant_id, role_id),
  CHECK (((role = 'custom'::text) = (role_id IS NOT NULL))),
  CHECK ((role = ANY (ARRAY['viewer'::text, 'manager'::text, 'admin'::text, 'owner'::text, 'support'::text, 'custom'::text]))),
  CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'removed'::text])))
);
CREATE INDEX member_of_role ON public.member USING btree (tenant_id, role_id) WHERE (role_id IS NOT NULL);
alter table member enable row level security;
alter table member force row level security;
create policy tenant_isolation on member for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on member to vouchsafe_app;
grant select on member to vouchsafe_audit_writer;
grant select on member to vouchsafe_backup;

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

create table passage (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  document_id uuid not null,
  passage_no integer not null,
  index_no bigint not null,
  page integer,
  body bytea not null,
  PRIMARY KEY (tenant_id, document_id, passage_no),
  UNIQUE (tenant_id, index_no),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, document_id) REFERENCES document(tenant_id, document_id) ON DELETE CASCADE
);
alter table passage enable row level security;
alter table passage force row level security;
create policy tenant_isolation on passage for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on passage to vouchsafe_app;
grant select on passage to vouchsafe_backup;

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
grant delete, insert, select, update on role to vouchsafe_app;
grant select on role to vouchsafe_backup;

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
  PRIMARY KEY (tenant_id, session_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  FOREIGN KEY (tenant_id, member_id) REFERENCES member(tenant_id, member_id),
  CHECK ((factor = ANY (ARRAY['totp'::text, 'passkey'::text, 'recovery-code'::text])))
);
CREATE INDEX session_of_member ON public.session USING btree (tenant_id, member_id) WHERE (ended_at IS NULL);
alter table session enable row level security;
alter table session force row level security;
create policy tenant_isolation on session for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on session to vouchsafe_app;
grant select on session to vouchsafe_audit_writer;
grant select on session to vouchsafe_backup;

create table sign_in_guard (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  address_hash bytea not null,
  failures integer not null,
  window_started_at timestamp with time zone not null,
  locked_until timestamp with time zone,
  locks integer not null default 0,
  PRIMARY KEY (tenant_id, address_hash),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id)
);
alter table sign_in_guard enable row level security;
alter table sign_in_guard force row level security;
create policy tenant_isolation on sign_in_guard for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant delete, insert, select, update on sign_in_guard to vouchsafe_app;
grant select on sign_in_guard to vouchsafe_backup;

create table tenant (  -- owner: vouchsafe_migrator
  tenant_id uuid not null,
  kind text not null,
  name bytea not null,
  state text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  factor_required_from timestamp with time zone,
  PRIMARY KEY (tenant_id),
  CHECK ((kind = ANY (ARRAY['operator'::text, 'customer'::text, 'canary'::text]))),
  CHECK ((state = ANY (ARRAY['active'::text, 'closed'::text])))
);
alter table tenant enable row level security;
alter table tenant force row level security;
create policy tenant_isolation on tenant for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
grant insert, select, update on tenant to vouchsafe_app;
grant select on tenant to vouchsafe_audit_writer;
grant select on tenant to vouchsafe_backup;

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
  PRIMARY KEY (tenant_id, entry_id),
  FOREIGN KEY (tenant_id) REFERENCES tenant(tenant_id),
  CHECK ((actor_kind = ANY (ARRAY['member'::text, 'key'::text, 'visitor'::text, 'job'::text, 'operator'::text]))),
  CHECK ((outcome = ANY (ARRAY['done'::text, 'refused'::text])))
);
CREATE INDEX audit_newest ON audit.entry USING btree (tenant_id, at DESC, entry_id DESC);
alter table audit.entry enable row level security;
alter table audit.entry force row level security;
create policy tenant_isolation on audit.entry for all to public using ((tenant_id = kernel.current_tenant())) with check ((tenant_id = kernel.current_tenant()));
CREATE TRIGGER only_erase BEFORE UPDATE ON audit.entry FOR EACH ROW EXECUTE FUNCTION audit.only_erase();
grant select on audit.entry to vouchsafe_app;
grant insert on audit.entry to vouchsafe_audit_writer;
grant select on audit.entry to vouchsafe_backup;
grant select (at, entry_id, tenant_id) on audit.entry to vouchsafe_audit_eraser;
grant update (content) on audit.entry to vouchsafe_audit_eraser;

-- owner: vouchsafe_audit_writer; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION audit.append(p_entry uuid, p_event text, p_resource_type text, p_resource uuid, p_outcome text, p_content bytea)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_tenant uuid := kernel.current_tenant();
  v_session uuid := kernel.current_session();
  v_key uuid := kernel.current_key();
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
  elsif v_key is not null then
    select 'key', m.member_id, m.role into v_kind, v_actor, v_role
      from public.api_key k
      join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
      where k.tenant_id = v_tenant and k.key_id = v_key
        and (k.revoked_at is null or k.xmin = pg_current_xact_id()::xid);
    if not found then
      raise exception 'no such key' using errcode = 'VS402';
    end if;
  elsif v_kind in ('member', 'key') then
    raise exception 'a member needs a session' using errcode = 'VS401';
  end if;
  insert into audit.entry
      (tenant_id, entry_id, at, actor_kind, actor_id, role, event, resource_type, resource_id, outcome, content,
       key_id)
    values
      (v_tenant, p_entry, clock_timestamp(), v_kind, v_actor, v_role, p_event, p_resource_type, p_resource,
       p_outcome, p_content, case when v_session is null then v_key end);
end $function$;

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


-- ==================== platform ====================

create table platform.control_run (  -- owner: vouchsafe_migrator
  run_id uuid not null,
  at timestamp with time zone not null,
  version text not null,
  results jsonb not null,
  PRIMARY KEY (run_id)
);
CREATE INDEX control_run_newest ON platform.control_run USING btree (at DESC);
grant insert, select on platform.control_run to vouchsafe_app;
grant select on platform.control_run to vouchsafe_backup;

create table platform.migration (  -- owner: vouchsafe_migrator
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  PRIMARY KEY (name)
);
grant select on platform.migration to vouchsafe_app;
grant select on platform.migration to vouchsafe_backup;

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
CREATE OR REPLACE FUNCTION directory.claim_slug(p_slug text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into directory.tenant_slug (slug, tenant_id) values (p_slug, kernel.current_tenant())
    on conflict (slug) do nothing;
  return found;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION directory.known_files(p_names text[])
 RETURNS SETOF text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select d.file from public.document d where d.file = any(p_names) $function$;

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
CREATE OR REPLACE FUNCTION directory.tenant_by_slug(p_slug text)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN (SELECT tenant_slug.tenant_id FROM directory.tenant_slug WHERE (tenant_slug.slug = tenant_by_slug.p_slug));


-- ==================== kernel ====================

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

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app, vouchsafe_audit_eraser, vouchsafe_audit_writer, vouchsafe_backup
CREATE OR REPLACE FUNCTION kernel.current_tenant()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('vouchsafe.tenant'::text, true), ''::text))::uuid;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.enter(p_tenant uuid, p_session uuid, p_now timestamp with time zone, p_read_only boolean)
 RETURNS TABLE(member_id uuid, role text, role_id uuid, granted text[], kind text, last_active_at timestamp with time zone, factor_at timestamp with time zone, factor_required_from timestamp with time zone)
 LANGUAGE plpgsql
AS $function$
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', p_session::text, true),
          set_config('vouchsafe.key', '', true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
  return query
    select m.member_id, m.role, m.role_id, r.permissions, t.kind, s.last_active_at, s.factor_at,
           t.factor_required_from
      from public.session s
      join public.member m on m.tenant_id = s.tenant_id and m.member_id = s.member_id
      join public.tenant t on t.tenant_id = s.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where s.tenant_id = p_tenant and s.session_id = p_session
        and s.ended_at is null and s.expires_at > p_now and s.last_active_at > p_now - interval '30 minutes'
        and m.status = 'active' and m.verified_at is not null and t.state = 'active';
  if not found then
    raise exception 'the session has ended' using errcode = 'VS401';
  end if;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.enter_with_key(p_tenant uuid, p_hash bytea, p_ip inet, p_now timestamp with time zone, p_read_only boolean)
 RETURNS TABLE(member_id uuid, role text, role_id uuid, granted text[], kind text, key_id uuid, key_permissions text[], folder_id uuid, last_used_at timestamp with time zone)
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
      and m.status = 'active' and m.verified_at is not null and t.state = 'active';
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
    select m.member_id, m.role, m.role_id, r.permissions, t.kind, k.key_id, k.permissions, k.folder_id, k.last_used_at
      from public.api_key k
      join public.member m on m.tenant_id = k.tenant_id and m.member_id = k.member_id
      join public.tenant t on t.tenant_id = k.tenant_id
      left join public.role r on r.tenant_id = m.tenant_id and r.role_id = m.role_id
      where k.tenant_id = p_tenant and k.key_id = v_key;
end $function$;

-- owner: vouchsafe_migrator; may be called by: vouchsafe_app
CREATE OR REPLACE FUNCTION kernel.enter_without_session(p_tenant uuid, p_actor text, p_read_only boolean)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform set_config('vouchsafe.tenant', p_tenant::text, true),
          set_config('vouchsafe.session', '', true),
          set_config('vouchsafe.key', '', true),
          set_config('vouchsafe.actor', p_actor, true);
  if p_read_only then
    perform set_config('transaction_read_only', 'on', true);
  end if;
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
