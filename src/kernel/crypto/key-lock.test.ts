import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { testDatabase } from "../../../test/support/postgres.ts";
import { rotateMasterKey } from "../../modules/operations/keys/rotation.ts";
import { withDatabase } from "../database/migrate.ts";
import { openLog } from "../log.ts";
import { keyLock } from "./key-lock.ts";
import { folderKeyStore } from "./key-store.ts";
import { openKeyring } from "./keyring.ts";
import { masterKeys } from "./master-key.ts";
import { openKeys } from "./open-keys.ts";

const A = "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a01";
const master = (...versions: number[]) =>
  masterKeys(new Map(versions.map((version) => [version, Buffer.alloc(32, version)])), "environment");

// Another container sees neither our process nor its number: it takes our lock file for a dead one's. That is what is done
// here by hand, by removing it.
test("the key store among containers and machines", async (t) => {
  const database = await testDatabase(t);
  const url = database.url("vouchsafe_app");
  const home = await mkdtemp(join(tmpdir(), "vs-key-lock-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const folder = join(home, "keys");
  const store = () => folderKeyStore(folder, keyLock(url));
  const [one, other] = [store(), store()];

  await t.test("one changes it at a time, though the lock file says nothing", async () => {
    const order: string[] = [];
    const [begun, ending] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = one.alone(async () => {
      order.push("one begins");
      await rm(join(folder, ".lock"));
      begun.resolve();
      await ending.promise;
      order.push("one ends");
    });
    await begun.promise;
    const second = other.alone(async () => void order.push("the other"));
    const entered = await Promise.race([second.then(() => true), waiting(database.url("postgres"))]);
    assert.equal(entered, false);
    ending.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(order, ["one begins", "one ends", "the other"]);
  });

  await t.test("a new data key beside new wrapping is not lost", async () => {
    const [wrapping, adding] = [
      openKeyring({ masterKeys: master(1, 2), store: store() }),
      openKeyring({ masterKeys: master(1, 2), store: store() }),
    ];
    await openKeyring({ masterKeys: master(1), store: store() }).create(A);
    await Promise.all([wrapping.rewrap(A), adding.addDataKey(A), adding.addDataKey(A), wrapping.rewrap(A)]);
    const keys = (await one.load(A))?.keys ?? [];
    assert.deepEqual(
      keys.map(({ use, version, wrapped }) => `${use} ${version} ${wrapped.master}`),
      ["hash 1 2", "data 1 2", "data 2 2", "data 3 2"],
    );
  });

  await t.test("keys that were destroyed while they were written do not come back", async () => {
    const before = (await one.load(A)) ?? assert.fail();
    // What is asked as the last thing before the file is exchanged.
    const asked = (last: () => boolean) => {
      let looks = 0;
      return folderKeyStore(folder, {
        servers: async () => [],
        alone: (work) => work(() => ++looks < 2 || last()),
      });
    };
    assert.equal(await asked(() => false).exchange(before, before), false, "the lock was lost");
    const destroying = asked(() => {
      writeFileSync(join(folder, `${A}.gone`), "");
      return true;
    });
    assert.equal(await destroying.exchange(before, before), false);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith(`${A}.json`)),
      [],
    );
  });

  await t.test("a server elsewhere that does not know a master key stops the rotation", async () => {
    const env = { MASTER_KEY_1: Buffer.from("k".repeat(31).concat("e")).toString("base64") };
    const log = openLog("silent");
    const elsewhere = join(home, "elsewhere");
    await mkdir(elsewhere);
    const server = await openKeys({ env, home: elsewhere, clock: () => new Date(0), log, databaseUrl: url });
    t.after(async () => server.close()); // else its connection keeps this process going
    const ring = openKeyring({ masterKeys: master(1, 2), store: one });
    const rotate = () => rotateMasterKey(ring, home, { makeNew: false, now: new Date(0) });
    await assert.rejects(rotate(), /another container or machine does not know master key 2/);
    // Its connection breaks, and for a while nobody is let in: it says so again by itself.
    const admin = new pg.Client(withDatabase(database.url("postgres"), "postgres"));
    await admin.connect();
    await admin.query(`alter database ${database.database} with allow_connections false`);
    const { rowCount } = await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vouchsafe keys' and datname = $1",
      [database.database],
    );
    assert.ok((rowCount ?? 0) >= 1);
    await new Promise((later) => setTimeout(later, 200));
    await admin.query(`alter database ${database.database} with allow_connections true`);
    await admin.end();
    const keys = keyLock(url);
    for (let tries = 0; (await keys.servers()).length === 0; tries++) assert.ok(tries < 500);
    await assert.rejects(rotate(), /another container or machine/);
    server.close();
    for (let tries = 0; (await keys.servers()).length > 0; tries++) assert.ok(tries < 500);
    assert.deepEqual((await rotate()).failed, []);
    assert.match(await readFile(join(home, "keys", "masters.json"), "utf8"), /"version": 2/);
  });
});

/** False once somebody waits for the lock in the database. */
async function waiting(url: string): Promise<boolean> {
  const admin = new pg.Client(url);
  await admin.connect();
  try {
    for (;;) {
      const { rows } = await admin.query(
        "select 1 from pg_locks where locktype = 'advisory' and not granted and objsubid = 2",
      );
      if (rows.length > 0) return false;
    }
  } finally {
    await admin.end();
  }
}
