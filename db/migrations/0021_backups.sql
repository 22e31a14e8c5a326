-- Backups and what came of them. Of the installation, not of a tenant; archives themselves lie elsewhere.

-- One row for each archive that was begun. `sha256` is of the archive as it is stored, encrypted.
create table platform.backup_run (
  run_id uuid primary key,
  kind text not null check (kind in ('data', 'keys')),
  asked text not null check (asked in ('schedule', 'operator', 'command')),
  name text not null unique,
  state text not null check (state in ('running', 'good', 'failed')),
  problem text,
  version text not null,
  started_at timestamptz not null,
  -- Of the snapshot; null for keys.
  taken_at timestamptz,
  ended_at timestamptz,
  -- Null once retention has removed the archive from every place.
  kept_at text[],
  bytes bigint,
  sha256 bytea,
  tables integer,
  row_count bigint,
  files integer,
  recipients text[] not null,
  check ((state = 'running') = (ended_at is null)),
  check ((state = 'failed') = (problem is not null))
);
create index backup_run_newest on platform.backup_run (kind, started_at desc);
grant select, insert, update on platform.backup_run to vouchsafe_app;

-- A restore of a backup into a database that was thrown away, and what it showed, as it was signed.
create table platform.restore_test (
  run_id uuid primary key,
  at timestamptz not null,
  version text not null,
  result json not null,
  note text not null
);
create index restore_test_newest on platform.restore_test (at desc);
grant select, insert on platform.restore_test to vouchsafe_app;

-- That this installation itself was restored, or one tenant of it, and to which moment: said on the public page.
create table platform.restored (
  restore_id uuid primary key,
  at timestamptz not null,
  taken_at timestamptz not null,
  archive text not null,
  tenant_id uuid
);
grant select, insert on platform.restored to vouchsafe_app;
grant select on platform.restore_test, platform.restored to vouchsafe_public;

-- A backup reads everything. What later migrations add is read as well, without a word of theirs.
grant usage on schema public, audit, platform, directory, kernel to vouchsafe_backup;
grant select on all tables in schema public, audit, platform, directory to vouchsafe_backup;
grant select on all sequences in schema public, audit, platform, directory to vouchsafe_backup;
alter default privileges in schema public, audit, platform, directory grant select on tables to vouchsafe_backup;
alter default privileges in schema public, audit, platform, directory grant select on sequences to vouchsafe_backup;
