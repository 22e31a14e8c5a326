import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { testDatabase } from "./postgres.ts";

test("each call gives a migrated database of its own, gone after drop()", async (t) => {
  const [one, two] = [await testDatabase(t), await testDatabase(t)];
  assert.notEqual(one.database, two.database);
  const asRole = async (url: string, sql: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query({ text: sql, rowMode: "array" })).rows.flat();
    } finally {
      await client.end();
    }
  };
  const who = "select current_user::text, current_database()::text, count(*) > 0 from platform.migration";
  assert.deepEqual(await asRole(one.url("vouchsafe_migrator"), who), [
    "vouchsafe_migrator",
    one.database,
    true,
  ]);
  await asRole(one.url("vouchsafe_migrator"), "create table platform.here_only (id int)");
  assert.deepEqual(await asRole(two.url("postgres"), "select to_regclass('platform.here_only')::text"), [
    null,
  ]);
  await one.drop();
  await assert.rejects(asRole(one.url("postgres"), "select 1"), { code: "3D000" });
});
