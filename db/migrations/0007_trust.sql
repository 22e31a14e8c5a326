-- Results of the checks: of the installation, not of a tenant.
create table platform.control_run (
  run_id uuid primary key,
  at timestamptz not null,
  version text not null,
  results jsonb not null
);
create index control_run_newest on platform.control_run (at desc);
grant select, insert on platform.control_run to vouchsafe_app;
grant select on platform.control_run to vouchsafe_backup;
