-- Proof of work at sign-in after failures, and which costs of password hashes this installation holds.

-- Solutions of challenges that have served; none serves twice. Kept until the challenge would have expired anyway.
create table challenge_used (
  tenant_id uuid not null references tenant (tenant_id),
  challenge bytea not null check (octet_length(challenge) = 32),
  expires_at timestamptz not null,
  primary key (tenant_id, challenge)
);
create index challenge_used_expired on challenge_used (tenant_id, expires_at);
select kernel.protect('challenge_used', 'select, insert, delete');

create index sign_in_guard_old on sign_in_guard (tenant_id, window_started_at);

-- Counts an attempt to sign in as a failure before the password is looked at, so that many at once cannot get more
-- guesses than one after the other; for addresses that nobody has, too. After `p_free` failures of the address, or
-- `p_network_free` of the network, an attempt without a solved challenge is neither looked at nor counted.
create function kernel.count_sign_in(
  p_tenant uuid, p_address bytea, p_network bytea, p_now timestamptz, p_window_start timestamptz,
  p_free integer, p_network_free integer, p_challenge bytea, p_challenge_expires timestamptz
) returns table (needs_challenge boolean, failures integer, locked_until timestamptz)
  language plpgsql volatile as $$
declare
  v_solved boolean := false;
  v_from_network integer;
  v_failures integer;
  g public.sign_in_guard%rowtype;
begin
  if p_challenge is not null then
    delete from public.challenge_used c where c.tenant_id = p_tenant and c.expires_at <= p_now;
    insert into public.challenge_used values (p_tenant, p_challenge, p_challenge_expires) on conflict do nothing;
    v_solved := found;
  end if;
  select coalesce(max(n.failures), 0) into v_from_network from public.sign_in_guard n
    where n.tenant_id = p_tenant and n.address_hash = p_network and n.window_started_at > p_window_start;
  loop
    select * into g from public.sign_in_guard s
      where s.tenant_id = p_tenant and s.address_hash = p_address for update;
    exit when found;
    if v_from_network >= p_network_free and not v_solved then
      return query select true, 0, null::timestamptz;
      return;
    end if;
    insert into public.sign_in_guard (tenant_id, address_hash, failures, window_started_at)
      values (p_tenant, p_address, 1, p_now) on conflict do nothing;
    if found then
      return query select false, 1, null::timestamptz;
      return;
    end if;
  end loop;
  if g.locked_until > p_now then
    return query select false, g.failures, g.locked_until;
    return;
  end if;
  v_failures := case when g.locked_until is not null or g.window_started_at <= p_window_start then 0
                     else g.failures end;
  if not v_solved and (v_failures >= p_free or v_from_network >= p_network_free) then
    return query select true, v_failures, null::timestamptz;
    return;
  end if;
  update public.sign_in_guard s
    set failures = v_failures + 1, locked_until = null,
        window_started_at = case when v_failures = 0 then p_now else g.window_started_at end
    where s.tenant_id = p_tenant and s.address_hash = p_address;
  return query select false, v_failures + 1, null::timestamptz;
end $$;

revoke execute on function kernel.count_sign_in(uuid, bytea, bytea, timestamptz, timestamptz, integer, integer,
  bytea, timestamptz) from public;
grant execute on function kernel.count_sign_in(uuid, bytea, bytea, timestamptz, timestamptz, integer, integer,
  bytea, timestamptz) to vouchsafe_app;

-- What verifying a hash costs (`bcrypt-12`), for every kind that was ever brought along or chosen here. A wrong
-- password takes as long as the costliest of them, in every workspace, so that no time tells who has which.
create table platform.hash_cost (
  cost text primary key check (cost ~ '^(argon2id|bcrypt|pbkdf2)(-[0-9]{1,7}){1,3}$'),
  since timestamptz not null default now()
);
grant select, insert on platform.hash_cost to vouchsafe_app;
grant select on platform.hash_cost to vouchsafe_backup;
