-- New data keys: what is sealed with an older one is read and written anew, a few rows at a time, by the application in
-- each tenant's own units of work. What is sealed is asked of the catalog, so that no list of columns can forget one.

-- When the server met a tenant's newest data key, how far it has come, and when nothing needed an older one any more.
create table key_rotation (
  tenant_id uuid not null references tenant (tenant_id),
  version bigint not null,
  started_at timestamptz not null,
  resealed bigint not null default 0,
  finished_at timestamptz,
  primary key (tenant_id, version)
);
select kernel.protect('key_rotation', 'select, insert, update');

-- Values that the application writes once and sealed again may write once more. An audit entry is none of them.
grant update (body) on answer_part to vouchsafe_app;
grant update (body) on index_posting to vouchsafe_app;
grant update (name, owner_address) on operator_tenant to vouchsafe_app;
grant update (file) on upload_piece to vouchsafe_app;

-- Every column of tenants' tables that could hold something sealed, with the table's key below the tenant.
create function kernel.byte_columns() returns table (place text, in_schema text, in_table text, in_column text, key_columns text[])
  language sql stable as $$
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
$$;
revoke execute on function kernel.byte_columns() from public;
grant execute on function kernel.byte_columns() to vouchsafe_app;

-- How many values of the tenant name which version of the data key, by column. 33 bytes is what the shortest sealed value
-- has; its first byte is 1, the next four are the version (src/kernel/crypto/FORMAT.md). Hashes are shorter.
create function kernel.sealed_versions() returns table (place text, in_column text, version bigint, n bigint)
  language plpgsql stable as $$
declare
  v record;
begin
  for v in select * from kernel.byte_columns() b where has_column_privilege(b.place::regclass, b.in_column, 'select') loop
    return query execute format(
      'select %L::text, %L::text, get_byte(%3$I, 1)::bigint << 24 | get_byte(%3$I, 2) << 16 | get_byte(%3$I, 3) << 8 | get_byte(%3$I, 4), count(*)'
      || ' from %4$s where tenant_id = kernel.current_tenant() and octet_length(%3$I) >= 33 and get_byte(%3$I, 0) = 1 group by 3',
      v.place, v.in_column, v.in_column, v.place);
  end loop;
end $$;
revoke execute on function kernel.sealed_versions() from public;
grant execute on function kernel.sealed_versions() to vouchsafe_app;

-- The next values of one column after a key, whichever version they name; the key as text, in its order.
create function kernel.sealed_values(p_place text, p_column text, p_after text[], p_limit integer)
  returns table (row_key text[], sealed bytea) language plpgsql stable as $$
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
end $$;
revoke execute on function kernel.sealed_values(text, text, text[], integer) from public;
grant execute on function kernel.sealed_values(text, text, text[], integer) to vouchsafe_app;

-- Puts values that were sealed again in place of the old ones, with the application's own rights. One that changed
-- meanwhile stays as it is. Answers how many were written.
create function kernel.reseal(p_place text, p_column text, p_keys jsonb, p_old bytea[], p_new bytea[]) returns bigint
  language plpgsql as $$
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
end $$;
revoke execute on function kernel.reseal(text, text, jsonb, bytea[], bytea[]) from public;
grant execute on function kernel.reseal(text, text, jsonb, bytea[], bytea[]) to vouchsafe_app;

-- The tenant's stored files, wherever a column called file names one.
create function kernel.files_of_tenant() returns table (name text) language plpgsql stable as $$
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
end $$;
revoke execute on function kernel.files_of_tenant() from public;
grant execute on function kernel.files_of_tenant() to vouchsafe_app;

-- Another name for a stored file, wherever it is named. Answers how many rows named it.
create function kernel.rename_file(p_was text, p_now text) returns bigint language plpgsql as $$
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
end $$;
revoke execute on function kernel.rename_file(text, text) from public;
grant execute on function kernel.rename_file(text, text) to vouchsafe_app;
