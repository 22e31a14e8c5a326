import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import pg from "pg";
import { run } from "../../../test/support/cluster.ts";
import { type TestDatabase, testDatabase } from "../../../test/support/postgres.ts";
import { migrate, migrationFiles, pendingMigrations, withDatabase } from "./migrate.ts";

test("bringing a database to the newest schema", async (t) => {
  const cluster = await testDatabase(t);
  const all = (await migrationFiles()).map((f) => f.name);
  const fresh = () => emptyDatabase(cluster, t);
  const query = async (url: string, text: string) => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query({ text, rowMode: "array" })).rows.flat();
    } finally {
      await client.end();
    }
  };

  await t.test("every migration once, in order, however often and by however many at once", async () => {
    const database = await fresh();
    const said: string[] = [];
    const both = await Promise.all([
      migrate({ adminUrl: database, log: (line) => said.push(line) }),
      migrate({ adminUrl: database }),
    ]);
    assert.deepEqual(
      both.map(({ applied }) => applied).sort((a, b) => b.length - a.length),
      [all, []],
    );
    assert.ok(said.length === 0 || said.length === all.length);
    assert.deepEqual(await migrate({ adminUrl: database }), { applied: [] });
    assert.deepEqual(
      await query(database, "select name from platform.migration order by applied_at, name"),
      all,
    );
    assert.deepEqual(
      await query(database, "select count(*)::int from pg_namespace where nspname = 'pgboss'"),
      [1],
    );
  });

  await t.test("a migration that was edited after it was applied stops everything", async () => {
    const database = await fresh();
    await migrate({ adminUrl: database });
    const [first = ""] = all;
    const last = all.at(-1) ?? "";
    await run(
      database,
      `update platform.migration set checksum = 'other' where name = '${first}'`,
      `delete from platform.migration where name = '${last}'`,
    );
    await assert.rejects(migrate({ adminUrl: database }), new RegExp(`${first} was edited`));
    assert.ok(!(await query(database, "select name from platform.migration")).includes(last));
    // The lock is free again: nobody waits for a start that failed.
    assert.deepEqual(
      await query(
        database,
        "select count(*)::int from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
      ),
      [0],
    );
  });

  await t.test("one that fails leaves nothing of itself and is tried again", async () => {
    const database = await fresh();
    const last = all.at(-1) ?? "";
    await migrate({ adminUrl: database });
    await run(database, `delete from platform.migration where name = '${last}'`);
    await assert.rejects(migrate({ adminUrl: database }));
    assert.ok(!(await query(database, "select name from platform.migration")).includes(last));
  });

  await t.test("two databases of one cluster at once", async () => {
    const databases = await Promise.all([fresh(), fresh()]);
    for (const { applied } of await Promise.all(databases.map((adminUrl) => migrate({ adminUrl }))))
      assert.deepEqual(applied, all);
  });

  await t.test("what is missing, as the application sees it", async () => {
    const pending = async (url: string) => {
      const pool = new pg.Pool({ connectionString: url, max: 1 });
      try {
        return await pendingMigrations(pool);
      } finally {
        await pool.end();
      }
    };
    const app = cluster.url("vouchsafe_app");
    assert.deepEqual(await pending(await fresh()), all);
    assert.deepEqual(await pending(app), []);
    const last = all.at(-1) ?? "";
    await run(cluster.url("postgres"), `delete from platform.migration where name = '${last}'`);
    assert.deepEqual(await pending(app), [last]);
  });

  await t.test("the roles are what the isolation of tenants counts on", async () => {
    const { rows } = await asAdmin(cluster, (client) =>
      client.query(
        `select rolname, rolbypassrls as bypass, rolsuper or rolcreaterole or rolcreatedb or rolinherit as more
           from pg_roles where rolname like 'vouchsafe\\_%' order by 1`,
      ),
    );
    const bound = { bypass: false, more: false };
    assert.deepEqual(rows, [
      { rolname: "vouchsafe_app", ...bound },
      { rolname: "vouchsafe_audit_eraser", ...bound },
      { rolname: "vouchsafe_audit_sequencer", ...bound },
      { rolname: "vouchsafe_audit_writer", ...bound },
      { rolname: "vouchsafe_backup", ...bound, bypass: true },
      { rolname: "vouchsafe_jobs", ...bound },
      { rolname: "vouchsafe_migrator", ...bound, bypass: true },
      { rolname: "vouchsafe_public", ...bound },
    ]);
    await assert.rejects(query(cluster.url("vouchsafe_app"), "create table mine (n int)"), { code: "42501" });
    await assert.rejects(query(cluster.url("vouchsafe_app"), "create schema mine"), { code: "42501" });
    await assert.rejects(query(cluster.url("vouchsafe_app"), "delete from pgboss.job"), { code: "42501" });
    await assert.rejects(query(cluster.url("vouchsafe_jobs"), "select * from tenant"), { code: "42501" });
  });
});

test("the same connection to another database", () => {
  for (const [url, other] of [
    ["postgresql://u:p@host:5432/one?sslmode=require", "postgresql://u:p@host:5432/b%20b?sslmode=require"],
    ["postgresql://u:p@/one?host=%2Ftmp%2Fx", "postgresql://u:p@/b%20b?host=%2Ftmp%2Fx"],
    ["postgres://host", "postgres://host/b%20b"],
    ["postgres://host?a=b", "postgres://host/b%20b?a=b"],
  ] as const)
    assert.equal(withDatabase(url, "b b"), other);
});

/** A database without anything in it; answers the superuser's connection string. */
async function emptyDatabase(
  cluster: TestDatabase,
  t: { after(fn: () => Promise<void>): void },
): Promise<string> {
  const name = `test_${process.pid}_${randomBytes(4).toString("hex")}`;
  const admin = withDatabase(cluster.url("postgres"), "postgres");
  await run(admin, `create database ${name} template template0`);
  t.after(() => run(admin, `drop database ${name} with (force)`));
  return withDatabase(admin, name);
}

async function asAdmin<T>(database: TestDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(database.url("postgres"));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
