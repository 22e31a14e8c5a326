import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  chownSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { expectStatus } from "../../src/modules/trust/stage/client.ts";
import type { Person } from "../../src/modules/trust/stage/people.ts";
import { ask, upload, waitUntilReady } from "../../src/modules/trust/stage/workspace.ts";
import { type Paper, textPaper } from "../support/papers.ts";
import {
  familyOf,
  newPlace,
  type Place,
  remove,
  type Server,
  startServer,
  survivors,
  until,
  watch,
} from "../support/server.ts";
import { foundFirm, original, signInAgain } from "../support/visitor.ts";

// Orderly and disorderly ends of a whole server, and starts after them on the same home.

const root = fileURLToPath(new URL("../../", import.meta.url));
const asRoot = process.getuid?.() === 0;
const place = newPlace();
let owner: Person;
const kept = new Map<string, Paper>();

before(async () => {
  const server = await startServer(place);
  owner = await foundFirm(server);
  const { client } = owner;
  const paper = textPaper(20);
  const [document] = await upload(client, [paper]);
  kept.set(document?.id ?? "", paper);
  await server.stop("SIGTERM");
});

after(() => remove(place));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} ends everything in order, in the middle of work, and the next start goes on with it`, async () => {
    const server = await startServer(place);
    assert.equal(server.setUpToken, null, "it is set up once for ever");
    const { client } = await signInAgain(server, owner);
    await dataIsThere(server);
    const paper = textPaper(300);
    const [document] = await upload(client, [paper]);
    kept.set(document?.id ?? "", paper);
    const open = await fetch(`${server.url}/api/t/firm/documents/events`, {
      headers: { cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
    });
    assert.equal(open.status, 200);
    const family = familyOf(server.pid);
    const begin = performance.now();
    const ending = await server.stop(signal);
    const took = Math.round(performance.now() - begin);
    await open.body?.cancel().catch(() => {});
    assert.deepEqual([ending.code, ending.signal], [0, null], ending.words);
    assert.ok(took < 9000, `it took ${took} ms`);
    assert.deepEqual(survivors(place, family), []);
  });
}

test("after all of these everything is there, and what was begun is finished", async () => {
  const server = await startServer(place);
  try {
    const { client } = await signInAgain(server, owner);
    await waitUntilReady(client, [...kept.keys()], 30_000);
    await dataIsThere(server);
    const answer = await ask(client, "When are invoices paid?");
    assert.match(answer.text, /thirty days/);
  } finally {
    await server.stop("SIGTERM");
  }
});

test("Ctrl-C while it starts leaves nothing, and nothing in the way", async () => {
  const fresh = newPlace();
  try {
    for (const moment of [350, 900]) {
      const starting = launchRaw(fresh);
      await new Promise((done) => setTimeout(done, moment));
      starting.child.kill("SIGINT");
      const { code, signal } = await starting.ended;
      assert.ok(code === 0 || code === 130 || signal === "SIGINT", `${code} ${signal}: ${starting.words()}`);
      await until("nothing runs", 3000, () => survivors(fresh).length === 0);
    }
    await (await startServer(fresh)).stop("SIGTERM");
  } finally {
    remove(fresh);
  }
});

test("secrets and data are closed to others", () => {
  assert.equal(statSync(place.home).mode & 0o777, 0o700);
  for (const name of readdirSync(join(place.home, "secrets"))) {
    assert.equal(statSync(join(place.home, "secrets", name)).mode & 0o777, 0o600, name);
  }
});

test("an ordinary user starts it, too", {
  skip: asRoot ? false : "these tests run as an ordinary user already",
}, async (t) => {
  const NOBODY = { uid: 65534, gid: 65534 };
  if (!othersMayRead(root) || !othersMayRead(process.execPath))
    return t.skip("other users may not read this clone");
  const own = newPlace();
  try {
    mkdirSync(own.home);
    chownSync(own.home, NOBODY.uid, NOBODY.gid);
    // Without VOUCHSAFE_RUNTIME: the database lies in the home.
    const options = { account: NOBODY, env: { VOUCHSAFE_RUNTIME: "", HOME: own.home } };
    const server = await startServer(own, options);
    const another = await foundFirm(server);
    const { client } = another;
    const [document] = await upload(client, [textPaper(5)]);
    await waitUntilReady(client, [document?.id ?? ""]);
    assert.equal((await server.stop("SIGINT")).code, 0);
    assert.equal(statSync(join(own.home, "postgres", "data")).uid, NOBODY.uid);
    const again = await startServer(own, options);
    expectStatus(
      await (await signInAgain(again, another)).client.call("GET", `documents/${document?.id}`),
      200,
      "the document",
    );
    const family = familyOf(again.pid);
    await again.stop("SIGKILL");
    await until("nothing runs", 3000, () => survivors(own, family).length === 0);
  } finally {
    remove(own);
  }
});

test("a user whom /etc/passwd does not list starts it, as in a container", {
  skip: asRoot ? false : "only root can become someone else",
}, async (t) => {
  const account = { uid: 61999, gid: 61999 };
  if (!othersMayRead(root) || !othersMayRead(process.execPath))
    return t.skip("other users may not read this clone");
  const namespace = spawnSync("unshare", ["--user", "--map-user=65534", "true"], account);
  if (namespace.status !== 0) return t.skip("this system grants no user namespaces");
  const own = newPlace();
  try {
    mkdirSync(own.home);
    chownSync(own.home, account.uid, account.gid);
    const options = { account, env: { VOUCHSAFE_RUNTIME: "", HOME: own.home } };
    for (const time of ["first", "second"]) {
      const server = await startServer(own, options);
      assert.equal((await fetch(`${server.url}/readyz`)).status, 200, time);
      assert.equal((await server.stop("SIGTERM")).code, 0);
    }
    assert.equal(statSync(join(own.home, "postgres", "data", "PG_VERSION")).uid, account.uid);
  } finally {
    remove(own);
  }
});

test("kill -9 of npm ends the server that it started", async () => {
  // Our own start script, in a package of its own: without the installation that comes first.
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: { start: string };
  };
  assert.match(scripts.start, /^node bin\/setup\.mjs && .*src\/main\.ts serve$/);
  const start = scripts.start
    .replace("bin/setup.mjs", "--version")
    .replace("src/main.ts", join(root, "src/main.ts"));
  const folder = join(place.folder, "package");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "starter", private: true, scripts: { start } }),
  );
  const npm = watch(
    spawn("npm", ["start"], {
      cwd: folder,
      env: {
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
        HOME: folder,
        VOUCHSAFE_HOME: place.home,
        VOUCHSAFE_RUNTIME: place.runtime,
        PORT: "0",
      },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  await until("npm's server is ready", 30_000, () => npm.words().includes("Stop with Ctrl-C."));
  const family = familyOf(npm.child.pid ?? 0);
  assert.ok(family.length > 3);
  npm.child.kill("SIGKILL");
  await npm.ended;
  await until("nothing runs", 3000, () => survivors(place, family).length === 0).catch((error: Error) => {
    throw new Error(`${error.message}: ${survivors(place, family).join("; ")}`);
  });
});

async function dataIsThere(server: Server): Promise<void> {
  const { client } = await signInAgain(server, owner);
  for (const [id, { bytes }] of kept) {
    const found = await original(client, id);
    assert.ok(Buffer.isBuffer(found) && found.equals(bytes));
  }
}

function launchRaw({ home, runtime }: Place) {
  return watch(
    spawn(process.execPath, ["src/main.ts", "serve"], {
      cwd: root,
      env: { PATH: process.env.PATH, VOUCHSAFE_HOME: home, VOUCHSAFE_RUNTIME: runtime, PORT: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
}

/** Whether a user who is in no group of ours gets to `path`. */
function othersMayRead(path: string): boolean {
  accessSync(path, constants.R_OK);
  for (let at = path; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
