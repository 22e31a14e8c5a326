import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { testDatabase } from "../../../test/support/postgres.ts";
import { dumpSchema, dumpTypes } from "./dump.ts";

test("what is printed of a schema", async (t) => {
  const database = await testDatabase({ after: () => {} });
  const client = new pg.Client(database.url("postgres"));
  await client.connect();
  t.after(async () => {
    await client.end();
    await database.drop();
  });
  const before = await dumpSchema(client);

  await t.test("is the same each time, and says who is bound by row security", async () => {
    assert.equal(await dumpSchema(client), before);
    for (const line of [
      "-- role vouchsafe_app: no superuser, row security applies",
      "-- role vouchsafe_backup: no superuser, BYPASSRLS",
      "create table document (  -- owner: vouchsafe_migrator",
      "alter table audit.entry force row level security;",
    ])
      assert.ok(before.includes(line), line);
  });

  // Whatever loosens the isolation must show, or nobody reviews it.
  for (const [change, shown] of [
    ["alter table document disable row level security", null],
    ["alter table document no force row level security", null],
    ["drop policy tenant_isolation on document", null],
    ["create policy more on document using (true)", "create policy more on document"],
    [
      "grant delete on member to vouchsafe_app",
      "grant delete, insert, select, update on member to vouchsafe_app",
    ],
    ["grant update (role) on tenant_counter to vouchsafe_jobs", "grant update (role"],
    ["grant select on audit.entry to public", "on audit.entry to PUBLIC"],
    ["alter table document owner to vouchsafe_app", "document (  -- owner: vouchsafe_app"],
    ["alter table message alter column attempt drop not null", "attempt integer default 0,"],
    ["alter table member drop constraint member_role_check", null],
    ["create unique index loose on member (address_hash)", "CREATE UNIQUE INDEX loose"],
    ["create table extra (n int)", "create table extra ("],
    ["create function public.f() returns int language sql return 1", "may be called by: everyone"],
    [
      "alter function audit.append owner to vouchsafe_migrator",
      "-- owner: vouchsafe_migrator; may be called by",
    ],
    ["alter role vouchsafe_jobs bypassrls", "role vouchsafe_jobs: no superuser, BYPASSRLS"],
  ] as const) {
    await t.test(`shows: ${change}`, async () => {
      await client.query("begin");
      try {
        await client.query(change.replace("(role)", "(value)"));
        const after = await dumpSchema(client);
        assert.notEqual(after, before);
        if (shown) assert.ok(after.includes(shown.replace("(role", "(value")), after.slice(0, 2000));
      } finally {
        await client.query("rollback");
      }
    });
  }

  await t.test("types have no column that is unknown, but JSON and intervals", async () => {
    const types = await dumpTypes(client);
    const unknown = types.split("\n").filter((line) => /: .*\bunknown\b/.test(line));
    assert.deepEqual(
      unknown.map((line) => line.trim()),
      [
        "summary: unknown;",
        "results: unknown;",
        "page: unknown;",
        "result: unknown;",
        "keeps: unknown;",
        "public_jwk: unknown;",
      ],
    );
    for (const line of [
      '    role: "viewer" | "manager" | "admin" | "owner" | "support" | "custom";',
      "    networks: string[];",
      "    attempt: Generated<number>;",
      "    pages: number | null;",
      "    at: Date;",
      '  "audit.entry": {',
    ])
      assert.ok(types.includes(`${line}\n`), line);
  });
});
