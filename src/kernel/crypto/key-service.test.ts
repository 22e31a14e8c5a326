import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { startKeyService } from "../../../test/support/key-service.ts";
import { serviceMasterKeys, serviceSettings } from "./key-service.ts";
import { folderKeyStore } from "./key-store.ts";
import { openKeyring } from "./keyring.ts";
import { loadMasterKeys } from "./load-master-keys.ts";

const base = await mkdtemp(join(tmpdir(), "vs-key-service-"));
const service = await startKeyService();
after(async () => {
  await service.close();
  await rm(base, { recursive: true });
});
beforeEach(() => {
  service.mood = "well";
});
const A = "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a01";
const B = "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a02";
const cell = { table: "t", column: "c", row: "r" };
const unreadable = { code: "unreadable" };
const away = { code: "keys_unavailable", status: 503 };
const plain = () => Buffer.alloc(32, 5);
const open = async (timeoutMs = 200) => {
  const settings = serviceSettings(service.env) ?? assert.fail();
  return serviceMasterKeys({ ...settings, timeoutMs });
};

describe("settings", () => {
  test("are refused when they are not whole, in words, without the token", () => {
    const good = { ...service.env };
    for (const [env, words] of [
      [{ ...good, KEY_SERVICE_URL: "vault" }, /KEY_SERVICE_URL/],
      [{ ...good, KEY_SERVICE_URL: "http://keys.example" }, /https/],
      [{ ...good, KEY_SERVICE_KEY: "../sys/seal" }, /KEY_SERVICE_KEY/],
      [{ ...good, KEY_SERVICE_TOKEN: "" }, /KEY_SERVICE_TOKEN/],
      [{ ...good, KEY_SERVICE_TOKEN_FILE: "/x" }, /KEY_SERVICE_TOKEN/],
      [{ ...good, KEY_SERVICE_KEEP_HOURS: "1000" }, /KEEP_HOURS/],
      [{ ...good, KEY_SERVICE_CA_FILE: "/nowhere/ca.pem" }, /CA_FILE/],
      [{ ...good, KEY_SERVICE_TOKN: "x" }, /KEY_SERVICE_TOKN is not understood/],
    ] as const) {
      assert.throws(
        () => serviceSettings(env),
        (error: Error) => {
          assert.match(error.message, words);
          assert.equal(error.message.includes(service.token), false);
          return true;
        },
      );
    }
    assert.equal(serviceSettings({}), null);
    assert.ok(serviceSettings({ ...good, KEY_SERVICE_URL: "https://keys.example:8200" }));
  });

  test("a token in a file is read again for each call", async () => {
    const path = join(base, "token");
    await writeFile(path, "no token\n");
    const { KEY_SERVICE_TOKEN: _, ...env } = service.env;
    const settings = serviceSettings({ ...env, KEY_SERVICE_TOKEN_FILE: path }) ?? assert.fail();
    await assert.rejects(serviceMasterKeys(settings), /refuses the token/);
    await writeFile(path, `${service.token}\n`);
    await serviceMasterKeys(settings);
  });
});

describe("a key service", () => {
  test("wraps, opens and rewraps; a key opens in its own context only", async () => {
    const keys = await open();
    const wrapped = await keys.wrap(plain(), "tenant a");
    assert.deepEqual(await keys.unwrap(wrapped, "tenant a"), plain());
    await assert.rejects(keys.unwrap(wrapped, "tenant b"), unreadable);
    assert.ok("service" in wrapped);
    const changed = { ...wrapped, service: `${wrapped.service.slice(0, -6)}AAAA==` };
    await assert.rejects(keys.unwrap(changed, "tenant a"), unreadable);
    service.rotate();
    assert.equal(keys.isCurrent(wrapped), true);
    await keys.refresh();
    assert.equal(keys.isCurrent(wrapped), false);
    service.calls.length = 0;
    const again = await keys.rewrap(wrapped, "tenant a");
    assert.deepEqual(service.calls, ["rewrap"], "the key does not show itself here");
    assert.equal(again.master, keys.currentVersion);
    assert.deepEqual(await keys.unwrap(again, "tenant a"), plain());
    assert.equal(await keys.add(), again.master + 1);
    service.forgetBelow(again.master + 1);
    await assert.rejects(keys.unwrap(again, "tenant a"), unreadable);
    service.forgetBelow(1);
  });

  test("that is away at the start says so, and what to do", async () => {
    for (const [mood, words] of [
      ["sealed", /does not answer \(status 503\).*Check that it runs/s],
      ["silent", /does not answer/],
      ["refusing", /refuses the token/],
      ["talking nonsense", /something else than JSON/],
    ] as const) {
      service.mood = mood;
      await assert.rejects(open(50), (error: Error) => {
        assert.equal(error.name, "StartupError");
        assert.match(error.message, words);
        assert.equal(JSON.stringify(error).includes(service.token), false);
        return true;
      });
    }
  });

  test("that answers again after a moment costs nobody anything", async () => {
    const keys = await open();
    service.mood = "sealed";
    setTimeout(() => {
      service.mood = "well";
    }, 50);
    assert.ok(await keys.wrap(plain(), "c"));
  });

  test("that is lost: what is open goes on for the stated time, the rest is a clear 503", async () => {
    const store = folderKeyStore(join(base, "lost"));
    const clock = { now: 1_000_000_000 };
    const keyring = openKeyring({ masterKeys: await open(50), store, now: () => clock.now });
    await keyring.create(A);
    await keyring.create(B);
    const sealed = (await keyring.tenant(A)).seal(cell, "x");
    service.mood = "sealed";
    await assert.rejects(keyring.tenant(B), away);
    await assert.rejects(keyring.create(A.replace("a01", "a09")), away);
    const hour = 3_600_000;
    for (const hours of [0, 2, 9]) {
      clock.now += hours * hour;
      assert.equal((await keyring.tenant(A)).openText(cell, sealed), "x", `after ${hours} more hours`);
    }
    clock.now += 2 * hour;
    await assert.rejects(keyring.tenant(A), away);
    service.mood = "well";
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal((await keyring.tenant(A)).openText(cell, sealed), "x");
    assert.ok(await keyring.tenant(B));
  });

  test("is told once to make a new version: an answer that was lost makes no second one", async () => {
    const keys = await open(100);
    service.calls.length = 0;
    service.mood = "deaf after rotating";
    const before = keys.currentVersion;
    await assert.rejects(keys.add(), away);
    service.mood = "well";
    const { currentVersion } = await open();
    assert.deepEqual(
      [currentVersion, service.calls.filter((call) => call === "rotate").length],
      [before + 1, 1],
    );
  });

  test("another tenant's file, relabelled, does not open", async () => {
    const folder = join(base, "swapped");
    const keyring = openKeyring({ masterKeys: await open(), store: folderKeyStore(folder) });
    await keyring.create(A);
    await keyring.create(B);
    const text = await readFile(join(folder, `${A}.json`), "utf8");
    await writeFile(join(folder, `${B}.json`), text.replace(A, B));
    await assert.rejects(keyring.tenant(B), { ...unreadable, message: /another one/ });
  });
});

test("an installation moves from a key of its own to a service", async () => {
  const home = await mkdtemp(join(base, "home-"));
  const env = { MASTER_KEY: randomBytes(32).toString("base64") };
  const store = folderKeyStore(join(home, "keys"));
  const before = openKeyring({ masterKeys: await loadMasterKeys({ home, env }), store });
  await before.create(A);
  const sealed = (await before.tenant(A)).seal(cell, "x");
  const both = await loadMasterKeys({ home, env: { ...env, ...service.env } });
  assert.equal(both.source, "service");
  const moving = openKeyring({ masterKeys: both, store });
  assert.equal((await moving.tenant(A)).openText(cell, sealed), "x");
  assert.equal(await moving.rewrap(A), true);
  const only = openKeyring({ masterKeys: await loadMasterKeys({ home, env: service.env }), store });
  assert.equal((await only.tenant(A)).openText(cell, sealed), "x");
  await assert.rejects(before.rewrap(A), unreadable, "going back needs the service once more");
});
