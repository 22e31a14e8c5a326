import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startKeyService } from "../../../../test/support/key-service.ts";
import { folderKeyStore } from "../../../kernel/crypto/key-store.ts";
import { type Keyring, openKeyring } from "../../../kernel/crypto/keyring.ts";
import { loadMasterKeys } from "../../../kernel/crypto/load-master-keys.ts";
import { addMasterKeyToFile, dropOldMasterKeys } from "../../../kernel/crypto/master-key-file.ts";
import { openKeys } from "../../../kernel/crypto/open-keys.ts";
import { newId } from "../../../kernel/ids.ts";
import { openLog } from "../../../kernel/log.ts";
import { projectFolder } from "../../../project.ts";
import { keyStanding, rotateMasterKey, wordsOf } from "./rotation.ts";

// Over 300 lines: they share one installation of key files, and the ways to open it.
const base = await mkdtemp(join(tmpdir(), "vs-rotation-"));
after(() => rm(base, { recursive: true, force: true }));
const cell = { table: "t", column: "c", row: "r" };
const now = new Date("2026-01-01T00:00:00Z");
const log = openLog("silent");
type Env = Record<string, string>;
const key = () => randomBytes(32).toString("base64");

/** A home with some workspaces, and for each a value that was sealed at the beginning. */
async function installation(count: number, env: Env = {}) {
  const home = await mkdtemp(join(base, "home-"));
  const keyring = await opened(home, env);
  await keyring.platform();
  const sealed = new Map<string, Buffer>();
  for (let i = 0; i < count; i++) {
    const id = newId();
    await keyring.create(id);
    sealed.set(id, (await keyring.tenant(id)).seal(cell, id));
  }
  return { home, keyring, sealed, env };
}

async function opened(home: string, env: Env = {}): Promise<Keyring> {
  return openKeyring({
    masterKeys: await loadMasterKeys({ home, env }),
    store: folderKeyStore(join(home, "keys")),
  });
}

async function allOpen(keyring: Keyring, sealed: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [id, value] of sealed) assert.equal((await keyring.tenant(id)).openText(cell, value), id);
}

/** The command, in a process of its own; `killAfter` in milliseconds. */
function command(home: string, args: string[], env: Env = {}, killAfter?: number) {
  const child = spawn(process.execPath, [join(projectFolder, "src/main.ts"), "rotate-keys", ...args], {
    env: { PATH: process.env.PATH ?? "", VOUCHSAFE_HOME: home, ...env },
  });
  const words: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => words.push(piece));
  child.stderr.on("data", (piece: Buffer) => words.push(piece));
  if (killAfter !== undefined) {
    // From its first word on it is at work.
    child.stderr.once("data", () => void sleep(killAfter).then(() => child.kill("SIGKILL")));
  }
  return new Promise<{ code: number | null; words: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, words: Buffer.concat(words).toString() })),
  );
}

describe("a new master key", () => {
  test("is made and used for everything while a server serves and makes workspaces; then the old one can go", async () => {
    const { home, keyring: server, sealed } = await installation(20);
    const rotating = command(home, ["--new"]);
    let isDone = false;
    const serving = (async () => {
      for (let i = 0; !isDone; i++) {
        await allOpen(server, new Map([...sealed].slice(0, 5)));
        if (i % 3 === 0 && sealed.size < 60) {
          const id = newId();
          await server.create(id);
          sealed.set(id, (await server.tenant(id)).seal(cell, id));
        }
        await sleep(2);
      }
    })();
    const { code, words } = await rotating;
    isDone = true;
    await serving;
    assert.equal(code, 0, words);
    assert.match(words, /Master key 2 \(file\) wraps every key/);
    assert.match(words, /Master key 1 is not needed here any more\. Copies of the key store/);
    assert.doesNotMatch(words, /[A-Za-z0-9+/]{43}=/, "no key is shown");
    const dropped = await command(home, ["--drop-old"]);
    assert.match(dropped.words, /Taken out of the file: 1\./);
    const text = await readFile(join(home, "secrets", "master.key"), "utf8");
    assert.match(text, /^2 \S+\n$/);
    await allOpen(await opened(home), sealed);
  });

  test("killed at any moment leaves everything open, and is taken up again", async () => {
    const { home, sealed } = await installation(100);
    let killed = 0;
    let isUnderWay = false;
    // On a busy machine a kill may come too late: then the next one has a new key to interrupt.
    for (const killAfter of [15, 0, 40, 5, 0, 0, 0]) {
      if (killed === 3) break;
      const { code } = await command(home, isUnderWay ? [] : ["--new"], {}, killAfter);
      if (code === null) killed++;
      await allOpen(await opened(home), sealed);
      const standing = await keyStanding(await opened(home), home);
      // It is not said that an old key may go while one file is under it.
      isUnderWay = standing.masters.some((one) => !one.isCurrent && one.workspaces > 0);
      if (!isUnderWay) assert.ok(standing.canGo.length > 0);
      else assert.ok(standing.canGo.every((v) => !standing.masters.some((m) => m.version === v)));
    }
    assert.ok(killed >= 1, `${killed} were killed`);
    const { code, words } = await command(home, []);
    assert.equal(code, 0, words);
    const left = await readdir(join(home, "keys"));
    await folderKeyStore(join(home, "keys")).finish();
    assert.deepEqual(
      (await readdir(join(home, "keys"))).filter((name) => !/\.json$|^\.lock\./.test(name)),
      [],
      left.join(),
    );
    await command(home, ["--drop-old"]);
    await allOpen(await opened(home), sealed);
  });

  test("made between a workspace's key and its file is used for that file as well", async () => {
    const { home } = await installation(0);
    const store = folderKeyStore(join(home, "keys"));
    const server = openKeyring({
      masterKeys: await loadMasterKeys({ home, env: {} }),
      store: {
        ...store,
        create: async (record) => {
          const made = await store.create(record);
          await addMasterKeyToFile(home);
          return made;
        },
      },
    });
    const id = newId();
    await server.create(id);
    assert.ok((await store.load(id))?.keys.every(({ wrapped }) => wrapped.master === 2));
  });

  for (const [what, come] of [
    ["is founded", (keyring: Keyring, id: string) => keyring.create(id)],
    [
      "moves here",
      (keyring: Keyring, id: string) =>
        keyring.takeIn(id, [
          { use: "hash", version: 1, key: randomBytes(32) },
          { use: "data", version: 1, key: randomBytes(32) },
        ]),
    ],
  ] as const)
    test(`made, and the old one taken away, between a workspace's key and its file, as it ${what}: wrapped again`, async () => {
      const { home } = await installation(0);
      const store = folderKeyStore(join(home, "keys"));
      let tries = 0;
      const server = openKeyring({
        masterKeys: await loadMasterKeys({ home, env: {} }),
        store: {
          ...store,
          create: async (record, isStill) => {
            if (tries++ === 0) {
              await rotateMasterKey(await opened(home), home, { makeNew: true, now });
              await store.alone(() => dropOldMasterKeys(home));
            }
            return store.create(record, isStill);
          },
        },
      });
      const id = newId();
      await come(server, id);
      assert.ok((await store.load(id))?.keys.every(({ wrapped }) => wrapped.master === 2));
      await (await opened(home)).tenant(id);
    });

  test("two rotations at once, and keys destroyed meanwhile", async () => {
    const { home, keyring, sealed } = await installation(40);
    const doomed = [...sealed.keys()].slice(0, 10);
    const [one, two] = [await opened(home), await opened(home)];
    const destroying = (async () => {
      for (const id of doomed) {
        await keyring.destroy(id);
        sealed.delete(id);
        await sleep(1);
      }
    })();
    await Promise.all([
      rotateMasterKey(one, home, { makeNew: true, now }),
      rotateMasterKey(two, home, { makeNew: false, now }),
      destroying,
    ]);
    await rotateMasterKey(two, home, { makeNew: false, now });
    const standing = await keyStanding(one, home);
    assert.deepEqual(standing.canGo, [1]);
    assert.equal(standing.workspaces, 31, "thirty, and the installation itself");
    await allOpen(await opened(home), sealed);
    for (const id of doomed) assert.equal((await opened(home)).has(id), false);
  });

  test("of the environment: the newest number; a server that does not know it stops the rotation", async () => {
    const env = { MASTER_KEY_1: key() };
    const { home, sealed } = await installation(3, env);
    const both = { ...env, MASTER_KEY_2: key() };
    const server = await openKeys({ env, home, clock: () => now, log });
    const refused = await command(home, [], both);
    assert.equal(refused.code, 1);
    assert.match(
      refused.words,
      new RegExp(`process ${process.pid} does not know master key 2.*Restart`, "s"),
    );
    server.close();
    const made = await command(home, ["--new"], both);
    assert.match(made.words, /Give the new key as MASTER_KEY_3/);
    assert.equal((await command(home, [], both)).code, 0);
    await allOpen(await opened(home, { MASTER_KEY_2: both.MASTER_KEY_2 }), sealed);
  });

  test("of a key service: rotated there, or from here", async () => {
    const service = await startKeyService();
    try {
      const { home, sealed } = await installation(3, { ...service.env });
      const { code, words } = await command(home, ["--new"], { ...service.env });
      assert.equal(code, 0, words);
      assert.match(words, /Master key 2 \(service\) wraps every key/);
      service.forgetBelow(2);
      await allOpen(await opened(home, { ...service.env }), sealed);
    } finally {
      await service.close();
    }
  });
});

describe("the start", () => {
  const start = (home: string, env: Env) => openKeys({ env, home, clock: () => now, log });

  test("refuses another key under a number that is known, and a lost one, in words", async () => {
    const env = { MASTER_KEY_1: key() };
    const { home } = await installation(1, env);
    (await start(home, env)).close();
    for (const [given, words] of [
      [
        { MASTER_KEY_1: key() },
        /Master key 1 is not the one that this installation has used since 2026-01-01/,
      ],
      [{ MASTER_KEY_2: key() }, /do not open\. Master key 1 was not given/],
    ] as const) {
      await assert.rejects(start(home, given), (error: Error) => {
        assert.equal(error.name, "StartupError");
        assert.match(error.message, words);
        return true;
      });
    }
  });

  test("refuses a master key that never was this installation's, though nothing remembers the right one", async () => {
    const { home } = await installation(1, { MASTER_KEY: key() });
    await assert.rejects(start(home, { MASTER_KEY: key() }), /not the key that wrapped it/);
  });
});

describe("what is wrong with the key store", () => {
  test("a file that cannot be read keeps every master key from going", async () => {
    const { home, keyring, sealed } = await installation(3);
    const [id = ""] = sealed.keys();
    await writeFile(join(home, "keys", `${id}.json`), "{");
    const { failed } = await rotateMasterKey(keyring, home, { makeNew: true, now });
    assert.deepEqual(failed, [id]);
    const standing = await keyStanding(keyring, home);
    assert.deepEqual([standing.unreadable, standing.canGo], [1, []]);
    assert.match(wordsOf(standing, now).join(" "), /1 key files cannot be read/);
  });

  test("two workspaces' files exchanged do not open, and are said", async () => {
    const { home, keyring, sealed } = await installation(2);
    const [a = "", b = ""] = sealed.keys();
    const text = await readFile(join(home, "keys", `${a}.json`), "utf8");
    await writeFile(join(home, "keys", `${b}.json`), text.replaceAll(a, b));
    const { failed } = await rotateMasterKey(keyring, home, { makeNew: true, now });
    assert.deepEqual(failed, [b]);
    await allOpen(await opened(home), new Map([...sealed].slice(0, 1)));
  });

  test("a folder that cannot be written, or a full disk, ends it at once and harms nothing", async () => {
    const { home, sealed } = await installation(3);
    const store = folderKeyStore(join(home, "keys"));
    const full = openKeyring({
      masterKeys: await loadMasterKeys({ home, env: {} }),
      store: {
        ...store,
        exchange: async () => {
          throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        },
      },
    });
    await assert.rejects(rotateMasterKey(full, home, { makeNew: true, now }), { code: "ENOSPC" });
    await allOpen(await opened(home), sealed);
    const standing = await keyStanding(full, home);
    assert.match(wordsOf(standing, now).join(" "), /Master key 1 is still needed: it wraps the keys of 4/);
    if (process.getuid?.() !== 0) {
      await chmod(join(home, "keys"), 0o500);
      await assert.rejects(rotateMasterKey(await opened(home), home, { makeNew: false, now }), /EACCES/);
      await chmod(join(home, "keys"), 0o700);
    }
    assert.equal((await command(home, [])).code, 0);
  });

  test("an older file put back after a rotation needs the old key, which is said", async () => {
    const { home, keyring, sealed } = await installation(2);
    const [id = ""] = sealed.keys();
    await mkdir(join(home, "copy"));
    await cp(join(home, "keys", `${id}.json`), join(home, "copy", "older.json"));
    await rotateMasterKey(keyring, home, { makeNew: true, now });
    await cp(join(home, "copy", "older.json"), join(home, "keys", `${id}.json`));
    const standing = await keyStanding(await opened(home), home);
    assert.deepEqual(standing.canGo, []);
    await rotateMasterKey(await opened(home), home, { makeNew: false, now });
    assert.deepEqual((await keyStanding(await opened(home), home)).canGo, [1]);
  });
});
