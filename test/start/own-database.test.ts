import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { expectStatus } from "../../src/modules/trust/stage/client.ts";
import { ask, upload, waitUntilReady } from "../../src/modules/trust/stage/workspace.ts";
import { textPaper } from "../support/papers.ts";
import {
  type Ending,
  newPlace,
  remove,
  runToEnd,
  startServer,
  survivors,
  until,
  watch,
} from "../support/server.ts";
import { foundFirm, original, signInAgain } from "../support/visitor.ts";

// A PostgreSQL that someone else runs, as in production: of the system's packages, over TCP, with passwords.

const DEBIAN = "/usr/lib/postgresql";
const place = newPlace();
const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : null;
const binaries = findBinaries();
let stopDatabase = async () => {};

after(async () => {
  await stopDatabase();
  remove(place);
});

test("migrate, serve, set up, upload and ask on a PostgreSQL of one's own", {
  skip: binaries ? false : `no PostgreSQL 15 or newer in ${DEBIAN}`,
}, async () => {
  const port = await startDatabase(binaries ?? "");
  const url = (role: string) => `postgresql://${role}:swordfish-${role}@127.0.0.1:${port}/postgres`;
  const env = {
    DATABASE_URL: url("vouchsafe_app"),
    JOBS_DATABASE_URL: url("vouchsafe_jobs"),
    VOUCHSAFE_RUNTIME: "",
  };
  const migrating = {
    ...env,
    MIGRATION_DATABASE_URL: `postgresql://postgres:chief@127.0.0.1:${port}/postgres`,
  };
  const migrate = (more: Record<string, string>) =>
    runToEnd(place, { env: more, command: ["src/main.ts", "migrate"] });

  assertWords(await migrate(env), 1, /MIGRATION_DATABASE_URL is not set/);
  assertWords(await runToEnd(place, { env }), 1, /The database cannot be reached|lacks \d+ migrations/);
  assertWords(
    await migrate({
      ...migrating,
      MIGRATION_DATABASE_URL: migrating.MIGRATION_DATABASE_URL.replace("chief", "thief"),
    }),
    1,
    /MIGRATION_DATABASE_URL/,
  );
  assertWords(await migrate(migrating), 0, /\d+ migrations applied/);
  assertWords(await migrate(migrating), 0, /up to date/);

  const server = await startServer(place, { env });
  assert.match(server.words(), /Database: DATABASE_URL/);
  assert.ok(!existsSync(join(place.home, "postgres")));
  const owner = await foundFirm(server);
  const { client } = owner;
  const paper = textPaper(10);
  const [document] = await upload(client, [paper]);
  const id = document?.id ?? "";
  await waitUntilReady(client, [id]);
  assert.match((await ask(client, "When are invoices paid?")).text, /thirty days/);
  // Several servers may share it: a kill is noticed by the queue's heartbeat, not by a lock.
  await server.stop("SIGKILL");

  const again = await startServer(place, { env });
  assert.equal(again.setUpToken, null);
  const person = await signInAgain(again, owner);
  expectStatus(await person.client.call("GET", `documents/${id}`), 200, "the document");
  const bytes = await original(person.client, id);
  assert.ok(Buffer.isBuffer(bytes) && bytes.equals(paper.bytes));
  assert.equal((await again.stop("SIGTERM")).code, 0);
});

test("a database that was not migrated is said, with what to do", {
  skip: binaries ? false : `no PostgreSQL 15 or newer in ${DEBIAN}`,
}, async () => {
  const port = await startDatabase(binaries ?? "");
  // A superuser stands in for the application's role, which migrate makes.
  const url = `postgresql://postgres:chief@127.0.0.1:${port}/postgres`;
  const ending = await runToEnd(place, { env: { DATABASE_URL: url, JOBS_DATABASE_URL: url } });
  assertWords(ending, 1, /The database lacks \d+ migrations, from 0001_\w+\.sql on/);
  assert.match(ending.words, /migrate` with MIGRATION_DATABASE_URL set/);
});

function assertWords({ code, words }: Ending, expected: number, pattern: RegExp): void {
  assert.equal(code, expected, words);
  assert.match(words, pattern);
  assert.doesNotMatch(words, /swordfish|chief|thief/, "no password is shown");
  assert.doesNotMatch(words, /^\s+at /m);
}

/** The folder of programs of the oldest PostgreSQL from 15 on: what the oldest can do, the others can. */
function findBinaries(): string | null {
  if (!existsSync(DEBIAN)) return null;
  const majors = readdirSync(DEBIAN)
    .map(Number)
    .filter((major) => major >= 15)
    .sort((a, b) => a - b);
  const folders = majors.map((major) => join(DEBIAN, String(major), "bin"));
  return (
    folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"))) ??
    null
  );
}

async function startDatabase(folder: string): Promise<number> {
  await stopDatabase();
  const base = join(place.folder, `database-${Date.now()}`);
  mkdirSync(base);
  chmodSync(base, 0o700);
  const passwordFile = join(base, "password");
  writeFileSync(passwordFile, "chief\n");
  for (const path of [base, passwordFile]) if (account) chownSync(path, account.uid, account.gid);
  const data = join(base, "data");
  const options = [
    "-D",
    data,
    "-U",
    "postgres",
    "--pwfile",
    passwordFile,
    "-A",
    "scram-sha-256",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
  ];
  const made = spawnSync(join(folder, "initdb"), options, { cwd: "/", encoding: "utf8", ...account });
  assert.equal(made.status, 0, made.stderr);
  const port = await freePort();
  const settings = [`-p${port}`, "-k", base, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
  const postgres = watch(
    spawn(join(folder, "postgres"), ["-D", data, ...settings], {
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
      ...account,
    }),
  );
  stopDatabase = async () => {
    postgres.child.kill("SIGINT");
    await postgres.ended;
    await until("it has ended", 5000, () => !survivors(place).some((words) => words.includes(base)));
  };
  await until("PostgreSQL is ready", 15_000, () => postgres.words().includes("ready to accept connections"));
  return port;
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => done(port));
    });
  });
}
