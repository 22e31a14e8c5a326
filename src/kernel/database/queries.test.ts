import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { db, prepare, statementOf } from "./queries.ts";

test("a query is built here and run nowhere", async () => {
  await assert.rejects(db.selectFrom("tenant").selectAll().execute(), /inside a unit of work/);
  await assert.rejects(sql`select 1`.execute(db), /inside a unit of work/);
  await assert.rejects(
    db.transaction().execute(async (trx) => trx.selectFrom("tenant").selectAll().execute()),
    /inside a unit of work/,
  );
});

test("values become parameters, whatever they say", () => {
  const evil = "'; drop table tenant; --";
  assert.deepEqual(statementOf(db.selectFrom("chat").select("chat_id").where("owner_id", "=", evil)), {
    sql: 'select "chat_id" from "chat" where "owner_id" = $1',
    parameters: [evil],
  });
  assert.deepEqual(statementOf(sql`select ${evil}, ${1}`), { sql: "select $1, $2", parameters: [evil, 1] });
});

test("a prepared query is compiled once and filled in at each call", () => {
  let builds = 0;
  const query = prepare((p: { id: string; role: "viewer" | "owner" }) => {
    builds++;
    return db
      .updateTable("member")
      .set({ role: p.role })
      .where("member_id", "=", p.id)
      .where("status", "=", "active")
      .where("member_id", "<>", p.id);
  });
  const first = query({ id: "a", role: "viewer" });
  const second = query({ id: "b", role: "owner" });
  assert.equal(builds, 1);
  assert.equal(first.sql, second.sql);
  assert.equal(statementOf(first), first);
  assert.deepEqual(first.parameters, ["viewer", "a", "active", "a"]);
  assert.deepEqual(second.parameters, ["owner", "b", "active", "b"]);
});
