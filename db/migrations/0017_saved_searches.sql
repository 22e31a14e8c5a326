-- Searches that a member keeps: a member's own alone, and gone with the member.

create table saved_search (
  tenant_id uuid not null references tenant (tenant_id),
  search_id uuid not null,
  member_id uuid not null,
  -- its name, words and filters, as JSON
  body bytea not null,
  -- to the millisecond, so that a page of them can end at an exact place
  created_at timestamptz(3) not null,
  primary key (tenant_id, search_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index saved_search_of_member on saved_search (tenant_id, member_id, created_at desc, search_id desc);
select kernel.protect('saved_search', 'select, insert, update, delete');

-- Nobody else sees them, so nobody can inherit them.
create function kernel.let_go_of_searches() returns trigger language plpgsql as $$
begin
  delete from public.saved_search where tenant_id = new.tenant_id and member_id = new.member_id;
  return null;
end $$;
revoke execute on function kernel.let_go_of_searches() from public;
create trigger let_go_of_searches after update of status on member
  for each row when (old.status <> new.status and new.status = 'removed')
  execute function kernel.let_go_of_searches();
