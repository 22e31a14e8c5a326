import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { loadMasterKeys } from "./load-master-keys.ts";
import { addMasterKeyToFile, masterKeyPath } from "./master-key-file.ts";

const base = await mkdtemp(join(tmpdir(), "vs-master-"));
after(() => rm(base, { recursive: true }));
const home = () => mkdtemp(join(base, "home-"));
const key = () => randomBytes(32).toString("base64");
const plain = Buffer.alloc(32, 5);
const unreadable = { code: "unreadable" };

describe("from the environment", () => {
  test("one key is version 1, and no file is made", async () => {
    const folder = await home();
    const keys = await loadMasterKeys({ home: folder, env: { MASTER_KEY: key() } });
    assert.deepEqual([keys.currentVersion, keys.source], [1, "environment"]);
    await assert.rejects(stat(masterKeyPath(folder)), { code: "ENOENT" });
  });

  test("the highest number is current and older ones still open", async () => {
    const [one, nine, ten] = [key(), key(), key()];
    const old = await loadMasterKeys({ home: base, env: { MASTER_KEY_9: nine } });
    const wrapped = await old.wrap(plain, "c");
    const keys = await loadMasterKeys({
      home: base,
      env: { MASTER_KEY_1: one, MASTER_KEY_10: ten, MASTER_KEY_9: nine },
    });
    assert.equal(keys.currentVersion, 10);
    assert.deepEqual(await keys.unwrap(wrapped, "c"), plain);
    assert.equal((await keys.wrap(plain, "c")).master, 10);
    const without = await loadMasterKeys({ home: base, env: { MASTER_KEY_10: ten } });
    await assert.rejects(without.unwrap(wrapped, "c"), {
      ...unreadable,
      message: /Master key 9 was not given/,
    });
  });

  test("empty ones beside a key count as absent, and nothing but empty ones is a slip", async () => {
    const keys = await loadMasterKeys({
      home: base,
      env: { MASTER_KEY: key(), MASTER_KEY_2: "", MASTER_KEY_3: undefined },
    });
    assert.equal(keys.currentVersion, 1);
    const env = { MASTER_KEY: "", MASTER_KEY_2: "" };
    await assert.rejects(loadMasterKeys({ home: base, env }), {
      name: "StartupError",
      message: /^MASTER_KEY is empty/,
    });
  });

  test("refuses what is not 32 bytes of canonical base64, without repeating it", async () => {
    const good = key();
    for (const value of [
      "",
      "secretsecret",
      randomBytes(31).toString("base64"),
      randomBytes(33).toString("base64"),
      `${good}\n`,
      ` ${good}`,
      good.slice(0, -1),
      randomBytes(32).toString("hex"),
      Buffer.alloc(32, 7).toString("base64"),
    ]) {
      await assert.rejects(loadMasterKeys({ home: base, env: { MASTER_KEY_2: value } }), (error: Error) => {
        assert.match(error.message, /^MASTER_KEY_2 /);
        if (value.trim()) assert.equal(error.message.includes(value.trim()), false);
        return true;
      });
    }
  });

  test("refuses misspelt and doubled versions rather than starting with a new key", async () => {
    const same = key();
    for (const env of [
      { MASTER_KEY_0: key() },
      { MASTER_KEY_01: key() },
      { MASTER_KEY_: key() },
      { MASTER_KEY_ONE: key() },
      { MASTER_KEY: key(), MASTER_KEY_1: key() },
      { MASTER_KEY_1: same, MASTER_KEY_2: same },
    ]) {
      await assert.rejects(loadMasterKeys({ home: base, env }), /MASTER_KEY/);
    }
  });
});

describe("from a file", () => {
  test("is made once, mode 0600 in a folder 0700, and read again", async () => {
    const folder = await home();
    const keys = await loadMasterKeys({ home: folder, env: {} });
    assert.deepEqual([keys.currentVersion, keys.source], [1, "file"]);
    assert.equal((await stat(masterKeyPath(folder))).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(masterKeyPath(folder)))).mode & 0o777, 0o700);
    const again = await loadMasterKeys({ home: folder, env: {} });
    assert.deepEqual(await again.unwrap(await keys.wrap(plain, "c"), "c"), plain);
  });

  test("two processes that start at once agree on one key", async () => {
    const folder = await home();
    const all = await Promise.all(Array.from({ length: 8 }, () => loadMasterKeys({ home: folder, env: {} })));
    const wrapped = await all[0]?.wrap(plain, "c");
    for (const keys of all) assert.deepEqual(wrapped && (await keys.unwrap(wrapped, "c")), plain);
  });

  test("refuses modes that let others read", async () => {
    const folder = await home();
    await loadMasterKeys({ home: folder, env: {} });
    for (const mode of [0o640, 0o604, 0o660, 0o644, 0o601]) {
      await chmod(masterKeyPath(folder), mode);
      await assert.rejects(loadMasterKeys({ home: folder, env: {} }), /chmod 600/);
    }
    await chmod(masterKeyPath(folder), 0o400);
    await loadMasterKeys({ home: folder, env: {} });
  });

  test("refuses contents that are not its format", async () => {
    const folder = await home();
    await loadMasterKeys({ home: folder, env: {} });
    const good = key();
    for (const text of [
      "",
      "\n",
      `1 ${good}`,
      `${good}\n`,
      `1 ${good}\n\n`,
      `1 ${randomBytes(31).toString("base64")}\n`,
      `1  ${good}\n`,
      `1 ${good} \n`,
      `1 ${good}\r\n`,
      `2 ${good}\n1 ${key()}\n`,
      `1 ${good}\n1 ${key()}\n`,
      `1 ${good}\n2 ${good}\n`,
    ]) {
      await writeFile(masterKeyPath(folder), text);
      await assert.rejects(loadMasterKeys({ home: folder, env: {} }), (error: Error) => {
        assert.match(error.message, /master\.key/);
        assert.equal(error.message.includes(good), false);
        return true;
      });
    }
  });

  test("is not made anew when keys exist that the lost one wrapped", async () => {
    const folder = await home();
    await mkdir(join(folder, "keys"));
    await writeFile(join(folder, "keys", "x.json"), "{}");
    await assert.rejects(loadMasterKeys({ home: folder, env: {} }), /is missing but/);
    await assert.rejects(stat(masterKeyPath(folder)), { code: "ENOENT" });
  });

  test("takes another version, and the older one still opens", async () => {
    const folder = await home();
    const wrapped = await (await loadMasterKeys({ home: folder, env: {} })).wrap(plain, "c");
    assert.equal(await addMasterKeyToFile(folder), 2);
    const keys = await loadMasterKeys({ home: folder, env: {} });
    assert.equal(keys.currentVersion, 2);
    assert.deepEqual(await keys.unwrap(wrapped, "c"), plain);
    assert.equal((await stat(masterKeyPath(folder))).mode & 0o777, 0o600);
    assert.equal((await readFile(masterKeyPath(folder), "utf8")).split("\n").length, 3);
  });
});

test("a wrapped key opens in its own context only, and not when changed", async () => {
  const keys = await loadMasterKeys({ home: base, env: { MASTER_KEY: key() } });
  const wrapped = await keys.wrap(plain, "tenant a");
  assert.ok("ciphertext" in wrapped);
  await assert.rejects(keys.unwrap(wrapped, "tenant b"), unreadable);
  for (let at = 0; at < wrapped.ciphertext.length; at++) {
    const ciphertext = Buffer.from(wrapped.ciphertext);
    ciphertext[at] = (ciphertext[at] ?? 0) ^ 1;
    await assert.rejects(keys.unwrap({ ...wrapped, ciphertext }, "tenant a"), unreadable);
  }
  for (const length of [0, 15, 16, 47]) {
    const ciphertext = wrapped.ciphertext.subarray(0, length);
    await assert.rejects(keys.unwrap({ ...wrapped, ciphertext }, "tenant a"), unreadable);
  }
  const nonce = Buffer.alloc(8);
  await assert.rejects(keys.unwrap({ ...wrapped, nonce }, "tenant a"), unreadable);
});
