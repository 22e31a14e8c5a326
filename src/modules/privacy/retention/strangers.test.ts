import assert from "node:assert/strict";
import { test } from "node:test";
import { asSuperuser, openStage } from "../../../../test/support/stage.ts";
import { days } from "../../../kernel/clock.ts";
import { purgeOld } from "./purging.ts";

test("what strangers leave behind goes after a while, and nothing that still counts", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const ada = await company.hire("Ada", "viewer");
  const hash = (n: number) => Buffer.alloc(32, n);
  const at = (n: number) => new Date(stage.system.clock().getTime() + days(n));
  const put = (sql: string, values: unknown[]) =>
    asSuperuser(stage.database, (client) => client.query(sql, [company.id, ...values]));
  const guard = (n: number, began: number, locked: number | null, inAll: number) =>
    put(
      `insert into sign_in_guard (tenant_id, address_hash, failures, window_started_at, locked_until, in_all)
         values ($1, $2, 1, $3, $4, $5)`,
      [hash(n), at(began), locked === null ? null : at(locked), inAll],
    );
  const session = (n: number, expires: number, ended: number | null) =>
    put(
      `insert into session select (jsonb_populate_record(s, jsonb_build_object('session_id', $2::uuid,
           'expires_at', $3::timestamptz, 'ended_at', $4::timestamptz))).*
         from session s where tenant_id = $1 and session_id = $5`,
      [
        `00000000-0000-4000-8000-00000000000${n}`,
        at(expires),
        ended === null ? null : at(ended),
        ada.sessionId,
      ],
    );
  const left = (sql: string) =>
    asSuperuser(stage.database, async (client) => (await client.query(sql)).rows.map((row) => row.x));

  await guard(1, -6, null, 0);
  await guard(2, -8, null, 0);
  await guard(3, -8, 1, 0);
  await guard(4, -8, -6, 0);
  await guard(5, -399, null, 1);
  await guard(6, -401, null, 100);
  for (const [n, end] of [
    [1, 0.1],
    [2, -0.1],
  ] as const) {
    await put("insert into challenge_used values ($1, $2, $3)", [hash(n), at(end)]);
    await put(
      "insert into factor_ticket (tenant_id, ticket_hash, purpose, expires_at) values ($1, $2, 'passkey', $3)",
      [hash(n), at(end)],
    );
  }
  await session(1, -89, null);
  await session(2, -91, null);
  await session(3, -80, -91);
  await session(4, -80, -89);
  await purgeOld(stage.system);

  const numbers = (table: string, column: string) =>
    left(`select get_byte(${column}, 0) as x from ${table} order by 1`);
  assert.deepEqual(await numbers("sign_in_guard", "address_hash"), [1, 3, 4, 5]);
  assert.deepEqual(await numbers("challenge_used", "challenge"), [1]);
  assert.deepEqual(await numbers("factor_ticket", "ticket_hash"), [1]);
  assert.deepEqual(
    await left(
      "select right(session_id::text, 1) as x from session where session_id::text like '00000000%' order by 1",
    ),
    ["1", "4"],
  );
  assert.equal((await left(`select 1 as x from session where session_id = '${ada.sessionId}'`)).length, 1);

  // One row at the end of the world stops its own timer, and the operator hears of it.
  await guard(7, -500, -400, 1);
  await put(
    "update sign_in_guard set locked_until = '4714-11-25 BC' where tenant_id = $1 and in_all > 0",
    [],
  );
  await session(5, -91, null);
  const gone = await purgeOld(stage.system);
  assert.equal(gone?.["ended-sessions"], 1);
  assert.equal(gone?.["repeated-failures"], undefined);
  assert.match(stage.log(), /"kind":"retention.failed"/);
});
