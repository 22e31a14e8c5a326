import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { isStartupError } from "../home.ts";
import { type EmbeddedPostgres, startEmbedded } from "./embedded.ts";

const nothing = () => {};
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const asRoot = process.getuid?.() === 0;

const temporary: string[] = [];
after(() => {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "vs-"));
  temporary.push(path);
  return path;
}

/** A home and its own runtime folder, made once and copied: initdb takes half a second. */
let model: { home: string; runtime: string } | null = null;
async function freshHome(): Promise<{ home: string; runtime: string }> {
  if (model === null) {
    const home = folder();
    model = { home, runtime: asRoot ? folder() : join(home, "postgres") };
    const db = await startEmbedded({ ...model, log, durable: false });
    await db.stop();
    // Cheaper made anew, by hard links, than copied.
    rmSync(join(model.runtime, "bin"), { recursive: true });
  }
  const home = folder();
  const runtime = asRoot ? folder() : join(home, "postgres");
  copy(model.home, home);
  if (asRoot) copy(model.runtime, runtime);
  for (const record of [join(home, "postgres.json"), join(runtime, "home.json")]) {
    if (!existsSync(record)) continue;
    const place = record.startsWith(home) && asRoot ? runtime : home;
    writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, "utf8")), place }));
  }
  return { home, runtime };
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true });
  // cp keeps owners and modes, which Node's own copy does not.
  const done = spawnSyncOk("cp", ["-a", from, to]);
  assert.ok(done);
}

function spawnSyncOk(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: "inherit" }).status === 0;
}

const start = (at: { home: string; runtime: string }, more: object = {}) =>
  startEmbedded({ ...at, log, durable: false, ...more });

async function query(db: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: db.adminUrl });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows.flat();
  } finally {
    await client.end();
  }
}

async function refusal(work: Promise<EmbeddedPostgres>): Promise<string> {
  const outcome = await work.then(
    async (db) => {
      await db.stop();
      return null;
    },
    (error: unknown) => error,
  );
  if (!isStartupError(outcome)) throw outcome ?? new Error("it started");
  return outcome.problem;
}

/** Processes whose working folder is inside `runtime`. */
function running(runtime: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((name) => {
      try {
        return readlinkSync(`/proc/${name}/cwd`).startsWith(runtime);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function until(what: string, holds: () => boolean, ms = 10_000): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    assert.ok(waited < ms, `not within ${ms} ms: ${what}`);
    await sleep(20);
  }
}

/** A process of its own that starts the home's PostgreSQL and then stays, with a long query under way. */
async function server(at: { home: string; runtime: string }): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { startEmbedded } from ${JSON.stringify(new URL("./embedded.ts", import.meta.url).href)};
       const no = () => {};
       const db = await startEmbedded({ ...${JSON.stringify(at)}, durable: false, log: { debug: no, info: no, warn: no, error: no } });
       const { default: pg } = await import(${JSON.stringify(import.meta.resolve("pg"))});
       const client = new pg.Client({ connectionString: db.adminUrl });
       await client.connect();
       client.query("select count(*) from generate_series(1, 1e12)");
       client.query("select 1");
       process.stdout.write("ready");
       setInterval(no, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let ready = false;
  child.stdout?.on("data", () => {
    ready = true;
  });
  await until("the server is ready", () => ready);
  return child;
}

test("a first start makes the cluster as designed; later starts find it", async () => {
  const home = folder();
  const at = { home, runtime: asRoot ? folder() : join(home, "postgres") };
  const first = await startEmbedded({ ...at, log });
  try {
    assert.deepEqual(
      await query(
        first,
        `select current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
           current_setting('data_checksums'), current_setting('listen_addresses'), current_setting('fsync'),
           datlocprovider, datlocale from pg_database where datname = 'vouchsafe'`,
      ),
      [18, "UTF8", "on", "", "on", "b", "C.UTF-8"],
    );
    await query(first, "create table kept as select 1 as one");
    assert.equal(statSync(join(home, "secrets", "postgres.json")).mode & 0o777, 0o600);
    assert.equal(statSync(first.socketDir).mode & 0o777, 0o700);
    assert.notEqual(statSync(join(at.runtime, "data")).uid, 0);
  } finally {
    await first.stop();
  }
  assert.deepEqual(running(at.runtime), []);
  const second = await startEmbedded({ ...at, log });
  try {
    assert.deepEqual(await query(second, "select one from kept"), [1]);
    assert.deepEqual(second.passwords, first.passwords);
  } finally {
    await second.stop();
  }
});

test("only the right password opens it", async () => {
  const db = await start(await freshHome());
  try {
    const connectionString = db.adminUrl.replace(/postgres:[^@]*@/, "postgres:wrong@");
    await assert.rejects(new pg.Client({ connectionString }).connect(), { code: "28P01" });
  } finally {
    await db.stop();
  }
});

test("a second server on the same home is refused with the first one's number", async () => {
  const at = await freshHome();
  const child = await server(at);
  assert.match(await refusal(start(at)), new RegExp(`already runs on .*process ${child.pid}\\)`));
  child.kill("SIGTERM");
  await until("nothing runs", () => running(at.runtime).length === 0);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  test(`${signal} to the server leaves no PostgreSQL, and a start right after waits for the old one`, async () => {
    const at = await freshHome();
    const child = await server(at);
    const old = running(at.runtime);
    assert.ok(old.length > 1);
    child.kill(signal);
    const db = await start(at);
    assert.deepEqual(await query(db, "select 1"), [1]);
    assert.deepEqual(
      running(at.runtime).filter((pid) => old.includes(pid)),
      [],
    );
    await db.stop();
    assert.deepEqual(running(at.runtime), []);
  });
}

test("kill -9 of the server alone, with a query under way, ends PostgreSQL within seconds", async () => {
  const at = await freshHome();
  const child = await server(at);
  child.kill("SIGKILL");
  await until("nothing runs", () => running(at.runtime).length === 0, 5000);
});

test("a postmaster.pid that names some other process does not keep it from starting", async () => {
  const at = await freshHome();
  const data = join(at.runtime, "data");
  // PostgreSQL itself only minds a process of its own user.
  const { uid, gid } = statSync(data);
  const stranger = spawn("sleep", ["60"], { uid, gid, stdio: "ignore" });
  after(() => stranger.kill());
  for (const pid of [stranger.pid, process.pid, process.ppid, 1, 4_000_000]) {
    writeFileSync(
      join(data, "postmaster.pid"),
      `${pid}\n${data}\n1700000000\n5432\n/tmp\n\n  123 456\nready   \n`,
    );
    const db = await start(at);
    assert.deepEqual(await query(db, "select 1"), [1]);
    await db.stop();
  }
});

test("kill -9 of the postmaster: it is started again, the crash is told, and it still stops cleanly", async () => {
  const at = await freshHome();
  const db = await start(at);
  const crashes: string[] = [];
  db.onCrash((words) => crashes.push(words));
  for (let round = 1; round <= 2; round += 1) {
    const old = db.pid;
    process.kill(old, "SIGKILL");
    await until("it runs again", () => db.pid !== old, 20_000);
    assert.deepEqual(await query(db, "select 1"), [1]);
    assert.equal(crashes.length, round);
  }
  await db.stop();
  assert.deepEqual(running(at.runtime), []);
});

test("stop() during a restart ends the restart too", async () => {
  const at = await freshHome();
  // The first pause is 100 ms long; recovery follows.
  for (const moment of [20, 105, 120, 140]) {
    const db = await start(at);
    process.kill(db.pid, "SIGKILL");
    await sleep(moment);
    await db.stop();
    assert.deepEqual(running(at.runtime), []);
  }
});

test("kill -9 of the guarding shells does not leave PostgreSQL alone", async () => {
  const at = await freshHome();
  const guardOf = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(" ")[3]);
  const db = await start(at);
  const old = db.pid;
  process.kill(guardOf(old), "SIGKILL");
  await until("it runs again", () => db.pid !== old, 20_000);
  const guard = guardOf(db.pid);
  for (const name of readdirSync("/proc").filter((entry) => /^[0-9]+$/.test(entry))) {
    const pid = Number(name);
    if (pid !== db.pid && existsSync(`/proc/${pid}/stat`) && guardOf(pid) === guard)
      process.kill(pid, "SIGKILL");
  }
  process.kill(guard, "SIGKILL");
  await db.stop();
  assert.deepEqual(running(at.runtime), []);
});

test("a start while the old PostgreSQL still stops waits for it", async () => {
  const at = await freshHome();
  const child = await server(at);
  const old = Number(readFileSync(join(at.runtime, "data", "postmaster.pid"), "utf8").split("\n")[0]);
  process.kill(old, "SIGSTOP");
  child.kill("SIGKILL");
  let started = false;
  const starting = start(at).then((db) => {
    started = true;
    return db;
  });
  await sleep(800);
  assert.equal(started, false);
  process.kill(old, "SIGCONT");
  const db = await starting;
  assert.notEqual(db.pid, old);
  await db.stop();
});

test("data of another major version is refused", async () => {
  const at = await freshHome();
  writeFileSync(join(at.runtime, "data", "PG_VERSION"), "17\n");
  assert.match(await refusal(start(at)), /written by PostgreSQL 17; this Vouchsafe brings PostgreSQL 18/);
});

test("lost passwords are said, and do not become new ones", async () => {
  const at = await freshHome();
  rmSync(join(at.home, "secrets", "postgres.json"));
  assert.match(await refusal(start(at)), /postgres\.json was lost/);
  assert.match(await refusal(start(at)), /postgres\.json was lost/);
});

test("a setting that PostgreSQL refuses is said in its words", async () => {
  const at = await freshHome();
  assert.match(
    await refusal(start(at, { settings: { shared_buffers: "lots" } })),
    /did not start: .*shared_buffers/,
  );
});

test("a start that was killed during initdb leaves nothing in the way", async () => {
  const at = await freshHome();
  cpSync(join(at.home, "secrets"), join(at.runtime, "new-0123", "data"), { recursive: true });
  const db = await start(at);
  await db.stop();
  assert.deepEqual(
    readdirSync(at.runtime).filter((name) => name.startsWith("new-")),
    [],
  );
});

test("a long path gets a socket elsewhere, removed at the end", async () => {
  const base = folder();
  chmodSync(base, 0o711);
  const long = join(base, "x".repeat(90));
  const at = asRoot ? { home: folder(), runtime: long } : { home: long, runtime: join(long, "postgres") };
  const db = await start(at);
  assert.ok(Buffer.byteLength(join(db.socketDir, ".s.PGSQL.5432")) < 100);
  assert.deepEqual(await query(db, "select 1"), [1]);
  await db.stop();
  assert.ok(!existsSync(db.socketDir));
});

test("a moved home finds its database; a copied one is refused; a vanished database is said", {
  skip: asRoot ? false : "only root keeps the database outside the home",
}, async () => {
  const at = await freshHome();
  const moved = `${at.home}-moved`;
  temporary.push(moved);
  cpSync(at.home, moved, { recursive: true });
  assert.match(await refusal(start({ ...at, home: moved })), /is a copy of/);
  rmSync(at.home, { recursive: true });
  const db = await start({ ...at, home: moved });
  assert.deepEqual(await query(db, "select 1"), [1]);
  await db.stop();
  assert.match(
    await refusal(start({ home: folder(), runtime: at.runtime })),
    /holds the database of another home/,
  );
  rmSync(join(at.runtime, "data"), { recursive: true });
  assert.match(
    await refusal(start({ ...at, home: moved })),
    new RegExp(`lay in .*${basename(at.runtime)} and is gone`),
  );
});

test("a runtime folder that no other user can enter is refused", { skip: !asRoot }, async () => {
  const closed = folder();
  const problem = await refusal(start({ home: folder(), runtime: join(closed, "deep") }));
  assert.match(problem, /no other user may enter/);
});
