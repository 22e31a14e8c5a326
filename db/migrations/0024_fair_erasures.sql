-- Whose erasures do not end, for whatever reason, holds up nobody else's: of each workspace a few are taken up at a time, a
-- different few each time.
create or replace function directory.erasures_to_do() returns table (tenant_id uuid, slug text, erasure_id uuid)
  language sql volatile security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select o.tenant_id, o.slug, o.erasure_id from (
      select x.tenant_id, s.slug, x.erasure_id, row_number() over (partition by x.tenant_id order by random()) as turn
        from public.erasure x
        join directory.tenant_slug s on s.tenant_id = x.tenant_id
        join public.tenant t on t.tenant_id = x.tenant_id and t.state in ('active', 'closing')
        where x.state = 'working'
           or (x.state = 'waiting' and x.created_at <= clock_timestamp() - interval '720 hours')) o
      where o.turn <= 100 order by o.turn, random() limit 1000;
  end;
