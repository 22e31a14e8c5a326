import assert from "node:assert/strict";
import { test } from "node:test";
import { testDatabase } from "../../../test/support/postgres.ts";
import { openLog } from "../log.ts";
import type { Statement } from "./exchange.ts";
import { openPool } from "./pool.ts";
import { exchangeTogether } from "./together.ts";

const statement = (sql: string, ...parameters: unknown[]): Statement => ({ sql, parameters });

test("short exchanges that share a connection", async (t) => {
  const database = await testDatabase(t);
  const pool = openPool(database.url("vouchsafe_app"), openLog("silent"), { max: 1, name: "test" });
  t.after(() => pool.end());
  let connections = 0;
  const connect = () => {
    connections++;
    return pool.connect();
  };
  const run = (...statements: Statement[]) => exchangeTogether(pool, connect, statements);
  const value = statement("select current_setting('vouchsafe.tenant', true) as tenant, txid_current() as id");
  const set = (tenant: string) => statement("select set_config('vouchsafe.tenant', $1, true)", tenant);

  await t.test("each gets its own answers, in a transaction of its own", async () => {
    connections = 0;
    const names = Array.from({ length: 20 }, (_, i) => `tenant ${i}`);
    const answers = await Promise.all(names.map((name, i) => (i % 2 ? run(set(name), value) : run(value))));
    assert.deepEqual(
      answers.map((outcomes) => outcomes.at(-1)?.rows[0]?.tenant || null),
      names.map((name, i) => (i % 2 ? name : null)),
    );
    assert.equal(new Set(answers.map((outcomes) => outcomes.at(-1)?.rows[0]?.id)).size, 20);
    assert.equal(connections, 3);
  });

  await t.test("an error is its own exchange's, wherever it stands, and leaves nothing behind", async () => {
    for (const at of [0, 3, 7]) {
      for (const wrong of [
        statement("select 1 / $1::int as n", 0),
        statement("select $1::int as n", "no number"),
        statement(`select nothing_${at} from nowhere`),
        statement("select $1::text as n", {
          toJSON() {
            throw new Error("cannot be sent");
          },
        }),
      ]) {
        const all = Array.from({ length: 8 }, (_, i) =>
          i === at ? run(set("mine"), wrong, value) : run(statement("select $1::int as n", i), value),
        );
        const settled = await Promise.allSettled(all);
        settled.forEach((answer, i) => {
          if (i === at) assert.equal(answer.status, "rejected");
          else {
            assert.ok(answer.status === "fulfilled");
            assert.equal(answer.value[0]?.rows[0]?.n, i);
            assert.equal(answer.value[1]?.rows[0]?.tenant || null, null);
          }
        });
      }
    }
    assert.equal((await run(statement("select $1::int as n", 5)))[0]?.rows[0]?.n, 5);
  });

  await t.test("what is prepared is found again after an error before it", async () => {
    const later = statement("select $1::text as later", "x");
    await run(later);
    const failing = run(statement("select 1 / $1::int as n", 0), later);
    const behind = run(later);
    await assert.rejects(failing);
    assert.deepEqual((await behind)[0]?.rows, [{ later: "x" }]);
    assert.deepEqual((await run(later))[0]?.rows, [{ later: "x" }]);
  });

  await t.test("all hear of a connection that breaks, and the next get a new one", async () => {
    const broken = await Promise.allSettled([
      run(value),
      run(statement("select pg_terminate_backend(pg_backend_pid())")),
      run(value),
      run(value),
    ]);
    assert.deepEqual(
      broken.map((b) => b.status),
      ["fulfilled", "rejected", "rejected", "rejected"],
    );
    assert.equal((await run(statement("select 1 as n")))[0]?.rows[0]?.n, 1);
    assert.equal(pool.totalCount, 1);
  });

  await t.test("when there is no connection to be had, all who wait are told", async () => {
    const none = new Error("none to spare");
    const waiting = Array.from({ length: 10 }, () =>
      exchangeTogether(pool, () => Promise.reject(none), [value]),
    );
    for (const answer of await Promise.allSettled(waiting)) {
      assert.deepEqual(answer, { status: "rejected", reason: none });
    }
    assert.equal((await run(statement("select 1 as n")))[0]?.rows[0]?.n, 1);
  });
});
