-- One's own account: language and time zone, forgotten passwords, changes of address, known devices.
-- (Which kind of password a tenant asks for is tenant.passwords, in 0009.)

-- { language, timeZone }, sealed; null until chosen.
alter table member add column preferences bytea;

create table address_change (
  tenant_id uuid not null references tenant (tenant_id),
  change_id uuid not null,
  member_id uuid not null,
  old_address bytea not null,
  new_address bytea not null,
  new_hash bytea not null,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  undone_at timestamptz,
  -- by a later change, by the undoing of an earlier one, or by a new password
  cancelled_at timestamptz,
  primary key (tenant_id, change_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index address_change_of_member on address_change (tenant_id, member_id, created_at desc);
select kernel.protect('address_change', 'select, insert, update');

alter table mailed_link
  drop constraint mailed_link_purpose_check,
  add constraint mailed_link_purpose_check
    check (purpose in ('verify', 'unlock', 'reset', 'confirm-address', 'undo-address')),
  add column change_id uuid,
  add foreign key (tenant_id, change_id) references address_change (tenant_id, change_id);
create index mailed_link_of_member on mailed_link (tenant_id, member_id) where used_at is null;

-- How many links to a new password an address was asked for, counted for addresses that nobody has, too.
create table reset_guard (
  tenant_id uuid not null references tenant (tenant_id),
  address_hash bytea not null,
  asked integer not null,
  window_started_at timestamptz not null,
  primary key (tenant_id, address_hash)
);
select kernel.protect('reset_guard', 'select, insert, update');

-- Browsers from which a member has signed in, known by a keyed hash of the member and the browser's random cookie.
create table device (
  tenant_id uuid not null references tenant (tenant_id),
  member_id uuid not null,
  device_hash bytea not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (tenant_id, member_id, device_hash),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
select kernel.protect('device', 'select, insert, update');
