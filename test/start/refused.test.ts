import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { upload } from "../../src/modules/trust/stage/workspace.ts";
import { textPaper } from "../support/papers.ts";
import {
  type Ending,
  newPlace,
  type Place,
  remove,
  runToEnd,
  startServer,
  survivors,
} from "../support/server.ts";
import { foundFirm, original } from "../support/visitor.ts";

// Starts that cannot be: each says what is wrong and what to do, ends by itself, not with 0, and leaves nothing.

const asRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65534, gid: 65534 };

/** What a test leaves is undone in reverse order, to the end. */
const undo = new WeakMap<TestContext, (() => unknown)[]>();

function placeFor(t: TestContext): Place {
  const place = newPlace();
  const steps: (() => unknown)[] = [() => remove(place)];
  undo.set(t, steps);
  t.after(async () => {
    for (const step of steps.reverse()) await step();
  });
  return place;
}

const later = (t: TestContext, step: () => unknown) => undo.get(t)?.push(step);

function assertRefused(place: Place, { code, signal, words }: Ending, ...expected: RegExp[]): void {
  assert.deepEqual([code, signal], [1, null], words);
  for (const pattern of expected) assert.match(words, pattern);
  // A stack trace is for us, not for whoever starts a server.
  assert.doesNotMatch(words, /^\s+at /m);
  assert.deepEqual(survivors(place), []);
}

test("the port is taken, or the address not this computer's", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const place = placeFor(t);
  const taken = await runToEnd(place, { env: { PORT: String(port) } });
  assertRefused(place, taken, new RegExp(`Port ${port} is taken by another program`), /PORT=\d+ npm start/);
  const elsewhere = await runToEnd(place, { env: { HOST: "192.0.2.1" } });
  assertRefused(place, elsewhere, /This computer has no address 192\.0\.2\.1/, /Set HOST/);
});

test("settings that cannot be used are all named at once, and never their values", async (t) => {
  const place = placeFor(t);
  const env = {
    PORT: "eighty",
    PUBLIC_URL: "sesame",
    LOG_LEVEL: "loud",
    SMTP_URL: "http://swordfish@mail.example",
    DATABASE_URL: "mysql://swordfish@db.example/x",
  };
  const ending = await runToEnd(place, { env });
  assertRefused(place, ending, ...Object.keys(env).map((name) => new RegExp(`^\\s*${name} must`, "m")));
  assert.doesNotMatch(ending.words, /swordfish|sesame|eighty|loud/);
  const lonely = await runToEnd(place, {
    env: { DATABASE_URL: "postgresql://vouchsafe_app:swordfish@127.0.0.1:1/x" },
  });
  assertRefused(place, lonely, /JOBS_DATABASE_URL is needed/);
  assert.doesNotMatch(lonely.words, /swordfish/);
});

test("the database of DATABASE_URL cannot be reached", async (t) => {
  const place = placeFor(t);
  const url = "postgresql://vouchsafe_app:swordfish@127.0.0.1:1/vouchsafe";
  const ending = await runToEnd(place, { env: { DATABASE_URL: url, JOBS_DATABASE_URL: url } });
  assertRefused(place, ending, /The database cannot be reached/, /Check DATABASE_URL/);
  assert.doesNotMatch(ending.words, /swordfish/);
});

test("the home was written by a newer version", async (t) => {
  const place = placeFor(t);
  mkdirSync(place.home, { mode: 0o700 });
  writeFileSync(join(place.home, "HOME_VERSION"), "99\n");
  assertRefused(place, await runToEnd(place), /newer Vouchsafe \(layout 99/, /Start that newer version/);
  assert.deepEqual(readdirSync(place.home), ["HOME_VERSION"], "it is left as it was");
});

test("the home is a file", async (t) => {
  const place = placeFor(t);
  writeFileSync(place.home, "");
  assertRefused(place, await runToEnd(place), /is a file, not a folder/);
});

test("the home belongs to someone else", async (t) => {
  const place = placeFor(t);
  mkdirSync(place.home);
  if (!asRoot) chmodSync(place.home, 0o500);
  // The other user must not be stopped by the clone itself.
  const ending = await runToEnd(place, asRoot ? { account: NOBODY } : {});
  if (asRoot && /EACCES|Cannot find module/.test(ending.words))
    return t.skip("other users may not read this clone");
  assertRefused(place, ending, /This user may not write to the folder/, /VOUCHSAFE_HOME/);
});

test("the home is on a read-only disk", async (t) => {
  const place = placeFor(t);
  if (!mount(t, place.home, "ro,size=1m")) return t.skip("this system does not let us mount a disk");
  assertRefused(place, await runToEnd(place), /is on a read-only disk/, /Make it writeable/);
});

test("the disk is full", async (t) => {
  const place = placeFor(t);
  if (!mount(t, place.home, "size=20m")) return t.skip("this system does not let us mount a disk");
  assertRefused(place, await runToEnd(place), /Only \d+ MB are free/, /Free some space/);
});

test("the disk becomes full: uploads are refused, the rest goes on, and with room again so do they", async (t) => {
  const place = placeFor(t);
  if (!mount(t, place.home, "size=560m")) return t.skip("this system does not let us mount a disk");
  const server = await startServer(place);
  later(t, () => server.stop("SIGTERM"));
  const { client } = await foundFirm(server);
  const [kept] = await upload(client, [textPaper(100)]);
  const filler = join(place.home, "filler");
  spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=1M"], { stdio: "ignore" });
  const form = new FormData();
  form.append("file", new Blob([new Uint8Array(textPaper(600).bytes)]), "Too much.txt");
  const { status, json } = await client.call("POST", "documents", { raw: form });
  assert.deepEqual([status, json.items], [201, []]);
  assert.equal(json.refused[0].code, "disk_full");
  assert.match(json.refused[0].message, /no room/);
  assert.deepEqual(readdirSync(join(place.home, "files", "incoming")), [], "no half is left");
  assert.ok(Buffer.isBuffer(await original(client, kept?.id ?? "")));
  rmSync(filler);
  await upload(client, [textPaper(600)]);
});

test("another server runs on the same home", async (t) => {
  const place = placeFor(t);
  const server = await startServer(place);
  later(t, () => server.stop("SIGTERM"));
  const ending = await runToEnd(place);
  assert.deepEqual([ending.code, ending.signal], [1, null]);
  assert.match(ending.words, new RegExp(`already runs on .*\\(process ${server.pid}\\)`));
  assert.match(ending.words, /stop it \(kill \d+\), or set VOUCHSAFE_HOME/);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200, "the first is not disturbed");
});

/** A small disk of its own at `path`, gone after the test. False where that is not permitted. */
function mount(t: TestContext, path: string, options: string): boolean {
  if (!asRoot || process.platform !== "linux") return false;
  mkdirSync(path, { mode: 0o700 });
  if (spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "ignore" }).status !== 0)
    return false;
  later(t, () => spawnSync("umount", ["-l", path], { stdio: "ignore" }));
  return true;
}
