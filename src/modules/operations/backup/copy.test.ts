import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { testDatabase } from "../../../../test/support/postgres.ts";
import { copyIn } from "./copy.ts";

test("a large table waits for the server often, and leaves no listener behind", async (t) => {
  const { url } = await testDatabase(t);
  const client = new pg.Client({ connectionString: url("postgres") });
  await client.connect();
  await client.query("create temp table large (words text)");
  const { stream } = (client as unknown as { connection: { stream: NodeJS.EventEmitter } }).connection;
  const before = ["close", "drain"].map((event) => stream.listenerCount(event));
  let waited = 0;
  stream.on("drain", () => waited++);
  async function* rows() {
    for (let n = 0; n < 200; n++) yield Buffer.from(`${"x".repeat(100_000)}\n`);
  }
  assert.equal(await copyIn(client, "copy large from stdin", rows()), 200);
  assert.ok(waited > 20, `${waited} times`);
  stream.removeAllListeners("drain");
  assert.deepEqual([stream.listenerCount("close"), stream.listenerCount("drain")], [before[0], 0]);
  await client.end();
});
