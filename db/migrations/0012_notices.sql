create table notice (
  tenant_id uuid not null references tenant (tenant_id),
  notice_id uuid not null,
  member_id uuid not null,
  kind text not null,
  -- what happened, as JSON; it becomes a sentence when it is read, in the reader's language
  facts bytea not null,
  -- to the millisecond, so that a page of them can end at an exact place
  created_at timestamptz(3) not null,
  -- false: by mail only
  in_page boolean not null,
  mailed boolean not null,
  read_at timestamptz,
  primary key (tenant_id, notice_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index notice_newest on notice (tenant_id, member_id, created_at desc, notice_id desc);
create index notice_unread on notice (tenant_id, member_id) where read_at is null and in_page;
create index notice_oldest on notice (created_at);
select kernel.protect('notice', 'select, insert, update');

-- Where a member wants to be told of what; without a row as the product proposes.
create table notice_choice (
  tenant_id uuid not null references tenant (tenant_id),
  member_id uuid not null,
  kind text not null,
  in_page boolean not null,
  by_mail boolean not null,
  primary key (tenant_id, member_id, kind),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
select kernel.protect('notice_choice', 'select, insert, update');

-- Deletes, in all tenants, what is only kept for a while: notices and links for 90 days, changes of address as long as
-- their links, counts of a day, browsers that nobody came from for 400 days, failures to sign in for a week (with a total
-- for 400 days), what served between two steps once it is over, sessions 90 days after their end. Answers how many rows
-- went.
create function directory.forget_old(p_now timestamptz) returns bigint
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_rows bigint;
  v_all bigint := 0;
begin
  delete from public.notice where created_at < p_now - interval '90 days';
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.mailed_link where created_at < p_now - interval '90 days';
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.address_change c where c.created_at < p_now - interval '90 days'
    and not exists (select 1 from public.mailed_link l where l.tenant_id = c.tenant_id and l.change_id = c.change_id);
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.reset_guard where window_started_at < p_now - interval '1 day';
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.device where last_seen_at < p_now - interval '400 days';
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.sign_in_guard
    where window_started_at < p_now - case when in_all > 0 then interval '400 days' else interval '7 days' end
      and (locked_until is null or locked_until < p_now - interval '7 days');
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.challenge_used where expires_at < p_now;
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  delete from public.factor_ticket where expires_at < p_now;
  get diagnostics v_rows = row_count;
  v_all := v_all + v_rows;
  -- The audit log names sessions by their id and needs no row; a guest's asks for its staff's while it lasts.
  delete from public.session s where coalesce(s.ended_at, s.expires_at) < p_now - interval '90 days'
    and not exists (select 1 from public.factor_ticket f where f.tenant_id = s.tenant_id and f.session_id = s.session_id);
  get diagnostics v_rows = row_count;
  return v_all + v_rows;
end $$;
revoke execute on function directory.forget_old(timestamptz) from public;
grant execute on function directory.forget_old(timestamptz) to vouchsafe_app;
