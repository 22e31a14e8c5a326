-- What the operator says about itself on the public security page: public by definition, of no tenant.
create table platform.public_page (
  only_row boolean primary key default true check (only_row),
  page json not null,
  at timestamptz not null
);
grant select, insert, update on platform.public_page to vouchsafe_app;
grant select on platform.public_page to vouchsafe_backup;

-- Results are kept as they were signed, letter by letter: whoever can write rows here, and has no key, cannot make one.
alter table platform.control_run
  alter column results type json using results::json,
  add column note text not null default '';
alter table platform.control_run alter column note drop default;
