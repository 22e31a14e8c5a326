create table mail (
  tenant_id uuid not null references tenant (tenant_id),
  mail_id uuid not null,
  recipient bytea not null,
  subject bytea not null,
  body bytea not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'outbox', 'failed')),
  problem text,
  created_at timestamptz not null,
  sent_at timestamptz,
  primary key (tenant_id, mail_id)
);
create index mail_newest on mail (created_at desc);
select kernel.protect('mail', 'select, insert, update');

-- For the outbox page of an installation without a mail server: which mails there are, not what they say.
create function directory.newest_mails(p_limit integer)
  returns table (tenant_id uuid, slug text, mail_id uuid, created_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select m.tenant_id, s.slug, m.mail_id, m.created_at
      from public.mail m join directory.tenant_slug s on s.tenant_id = m.tenant_id
      where m.state = 'outbox'
      order by m.created_at desc limit least(p_limit, 200) $$;
revoke execute on function directory.newest_mails(integer) from public;
grant execute on function directory.newest_mails(integer) to vouchsafe_app;
