-- Second factors: authenticator apps, recovery codes, passkeys, and what stands between a password and a session.

create table totp (
  tenant_id uuid not null references tenant (tenant_id),
  member_id uuid not null,
  -- null until the first code was given
  secret bytea,
  -- shown for setting up, not yet confirmed
  pending bytea,
  confirmed_at timestamptz,
  -- the time step of the newest code that was used: it and those before it are worth nothing any more
  last_step bigint,
  primary key (tenant_id, member_id),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id),
  check ((secret is null) = (confirmed_at is null))
);
select kernel.protect('totp', 'select, insert, update, delete');

create table recovery_code (
  tenant_id uuid not null references tenant (tenant_id),
  member_id uuid not null,
  code_hash bytea not null,
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, member_id, code_hash),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
select kernel.protect('recovery_code', 'select, insert, update, delete');

create table passkey (
  tenant_id uuid not null references tenant (tenant_id),
  passkey_id uuid not null,
  member_id uuid not null,
  name bytea not null,
  -- by which the credential is found
  credential_hash bytea not null,
  -- its id, public key and transports
  credential bytea not null,
  -- how often the authenticator says that it signed; 0 where it does not count
  counter bigint not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  primary key (tenant_id, passkey_id),
  unique (tenant_id, credential_hash),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id)
);
create index passkey_of_member on passkey (tenant_id, member_id);
select kernel.protect('passkey', 'select, insert, update, delete');

-- What a browser shows between two steps: the second one of signing in, or the signature of a passkey.
create table factor_ticket (
  tenant_id uuid not null references tenant (tenant_id),
  ticket_hash bytea not null,
  purpose text not null check (purpose in ('second-factor', 'passkey', 'register', 'step-up')),
  -- null: a passkey will say who it is
  member_id uuid,
  -- the session that may spend it; null before there is one
  session_id uuid,
  expires_at timestamptz not null,
  primary key (tenant_id, ticket_hash),
  foreign key (tenant_id, member_id) references member (tenant_id, member_id),
  foreign key (tenant_id, session_id) references session (tenant_id, session_id)
);
create index factor_ticket_by_end on factor_ticket (tenant_id, expires_at);
create index factor_ticket_of_member on factor_ticket (tenant_id, member_id);
select kernel.protect('factor_ticket', 'select, insert, update, delete');

-- Wrong second factors of a member since the last right one, without a window: slow guessing adds up, too.
alter table sign_in_guard add column in_all integer not null default 0;

-- When the password was given anew in a session, by somebody who has no second factor to confirm with.
alter table session add column confirmed_at timestamptz;

-- Which kind of password new ones must be.
alter table tenant add column passwords text not null default 'composed' check (passwords in ('composed', 'passphrase'));
