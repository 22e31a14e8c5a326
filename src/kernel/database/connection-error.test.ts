import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { test } from "node:test";
import pg from "pg";
import { isConnectionError } from "./connection-error.ts";

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => assert.fail("it worked"),
    (error: unknown) => error,
  );

test("a database that is not there, is away or hangs up is a connection error", async (t) => {
  assert.ok(isConnectionError(await failureOf(new pg.Client({ host: "/nowhere-at-all" }).connect())));
  assert.ok(isConnectionError(await failureOf(new pg.Client({ host: "127.0.0.1", port: 1 }).connect())));
  const rude = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  t.after(() => {
    rude.close();
    silent.close();
  });
  await Promise.all([once(rude, "listening"), once(silent, "listening")]);
  const portOf = (server: typeof rude) => (server.address() as { port: number }).port;
  assert.ok(
    isConnectionError(await failureOf(new pg.Client({ host: "127.0.0.1", port: portOf(rude) }).connect())),
  );
  const pool = new pg.Pool({ host: "127.0.0.1", port: portOf(silent), connectionTimeoutMillis: 50 });
  assert.ok(isConnectionError(await failureOf(pool.query("select 1"))));
  await pool.end();
  for (const code of ["57P01", "57P02", "57P03", "08006"]) {
    assert.ok(isConnectionError(Object.assign(new Error("FATAL"), { code })));
  }
});

test("a missing file, a browser that has gone and a wrong statement are not", async () => {
  assert.ok(!isConnectionError(await failureOf(readFile("/nowhere-at-all"))));
  assert.ok(!isConnectionError(Object.assign(new Error("aborted"), { code: "ECONNRESET" })));
  assert.ok(!isConnectionError(Object.assign(new Error("syntax error"), { code: "42601" })));
  assert.ok(!isConnectionError(new Error("something else")));
});
