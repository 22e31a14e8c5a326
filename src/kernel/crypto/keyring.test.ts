import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { folderKeyStore, type KeyStore, parseKeyRecord, printKeyRecord } from "./key-store.ts";
import { openKeyring, PLATFORM_ID, wrapContext } from "./keyring.ts";
import { type MasterKeys, masterKeys, masterKeysFromEnvironment } from "./master-key.ts";
import { AUDIT_COLUMN, auditKeyOf, sealedVersion } from "./tenant-keys.ts";

const base = await mkdtemp(join(tmpdir(), "vs-keyring-"));
after(() => rm(base, { recursive: true }));
const A = "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a01";
const B = "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a02";
const cell = { table: "t", column: "c", row: "r" };
const unreadable = { code: "unreadable" };
const master = (...versions: number[]) =>
  masterKeys(new Map(versions.map((version) => [version, Buffer.alloc(32, version)])), "environment");

async function open(options: { masterKeys?: MasterKeys; store?: KeyStore; maxTenants?: number } = {}) {
  const folder = join(await mkdtemp(join(base, "case-")), "keys");
  const clock = { now: 1_000_000 };
  const store = options.store ?? folderKeyStore(folder);
  const counted = { ...store, loads: 0 };
  counted.load = (id) => {
    counted.loads++;
    return store.load(id);
  };
  const keyring = openKeyring({
    masterKeys: options.masterKeys ?? master(1),
    store: counted,
    now: () => clock.now,
    ...(options.maxTenants === undefined ? {} : { maxTenants: options.maxTenants }),
  });
  return { folder, keyring, clock, store: counted };
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../testdata/crypto/wrapped-keys.json", import.meta.url), "utf8"),
);
const load = () =>
  masterKeysFromEnvironment({
    MASTER_KEY_1: vectors.masterKeys[1],
    MASTER_KEY_2: vectors.masterKeys[2],
  }) ?? assert.fail();

describe("vectors", () => {
  test("a key file", async () => {
    const record = parseKeyRecord(vectors.file);
    assert.equal(printKeyRecord(record), vectors.file);
    const keys = masterKeys(load(), "environment");
    for (const { use, version, wrapped } of record.keys) {
      assert.equal(use, "data");
      const plain = await keys.unwrap(wrapped, wrapContext(vectors.tenant, version));
      assert.equal(plain.toString("hex"), vectors.dataKeys[version]);
    }
    const last = record.keys.at(-1) ?? assert.fail();
    const { wrapped: lastWrapped } = last;
    assert.ok("nonce" in lastWrapped);
    const writer = masterKeys(load(), "environment", () => lastWrapped.nonce);
    const plain = Buffer.from(vectors.dataKeys[last.version], "hex");
    assert.deepEqual(await writer.wrap(plain, wrapContext(vectors.tenant, last.version)), last.wrapped);
  });

  test("a key file of format 2: root of hashes, what audit entries need, data key", async () => {
    const record = parseKeyRecord(vectors.file2);
    assert.equal(printKeyRecord(record), vectors.file2);
    const keys = masterKeys(load(), "environment");
    for (const { use, version, wrapped } of record.keys) {
      const plain = await keys.unwrap(wrapped, wrapContext(vectors.tenant, version, use));
      assert.equal(plain.toString("hex"), vectors.keys2[use]);
    }
    const dataKey = createSecretKey(Buffer.from(vectors.dataKeys[1], "hex"));
    assert.equal(auditKeyOf(vectors.tenant, dataKey).export().toString("hex"), vectors.keys2.audit);
  });

  test("other spellings of format 2 are refused", () => {
    const good: string = vectors.file2;
    const service = { version: 3, master: 2, service: "vault:v2:AAAA" };
    const withService = (more: object) =>
      good.replace(
        /\{\s+"use": "data"[^}]*\}/,
        JSON.stringify({ use: "data", ...service, ...more }, null, 2).replaceAll("\n", "\n    "),
      );
    parseKeyRecord(withService({}));
    for (const text of [
      good.replace("vouchsafe-keys/2", "vouchsafe-keys/1"),
      good.replace('"use": "hash"', '"use": "data"'),
      good.replace('"use": "audit"', '"use": "hash"'),
      good.replace('"use": "data"', '"use": "audit"'),
      good.replace('"use": "audit"', '"use": "other"'),
      good.replace('"version": 3', '"version": 1'),
      withService({ service: "vault:v1:AAAA" }),
      withService({ service: "vault:v2:" }),
      withService({ service: "vault:v2:AA AA" }),
      withService({ nonce: "AAAA" }),
    ]) {
      assert.notEqual(text, good);
      assert.throws(() => parseKeyRecord(text), unreadable, text);
    }
  });

  test("other spellings of it are refused", () => {
    const good: string = vectors.file;
    const bad = [
      "",
      "null",
      "[]",
      "{}",
      good.trim(),
      `${good}\n`,
      good.replace("vouchsafe-keys/1", "vouchsafe-keys/2"),
      good.replace(vectors.tenant, "../../etc/passwd"),
      good.replace(vectors.tenant, vectors.tenant.toUpperCase()),
      good.replace('"version": 1', '"version": 0'),
      good.replace('"version": 1', '"version": 3'),
      good.replace('"version": 1', '"version": 1.5'),
      good.replace('"version": 1', '"version": "1"'),
      good.replace('"version": 1', '"version": 1e0'),
      good.replace('"master": 1', '"master": -1'),
      good.replace('"master": 1', '"master": 1, "extra": 1'),
      good.replace('"master": 1', '"master": 1, "master": 1'),
      good.replace(/"nonce": "[^"]+"/, '"nonce": "AAAA"'),
      good.replace(/"nonce": "[^"]+"/, '"nonce": 5'),
      good.replace(/"ciphertext": "[^"]+"/, '"ciphertext": "!"'),
      good.replace(/"keys": \[[\s\S]*\]/, '"keys": []'),
    ];
    for (const text of bad) assert.throws(() => parseKeyRecord(text), unreadable, text);
  });
});

describe("the key store", () => {
  test("writes a private file, never over an existing one, and leaves nothing else", async () => {
    const { folder, keyring } = await open();
    await Promise.all([keyring.create(A), keyring.create(A), keyring.create(A)]);
    const before = await readFile(join(folder, `${A}.json`), "utf8");
    assert.equal((await stat(join(folder, `${A}.json`))).mode & 0o777, 0o600);
    await keyring.create(A);
    assert.equal(await folderKeyStore(folder).create({ ...parseKeyRecord(before), keys: [] }), false);
    assert.equal(await readFile(join(folder, `${A}.json`), "utf8"), before);
    assert.deepEqual(await readdir(folder), [`${A}.json`]);
  });

  test("two tenants' files exchanged do not open, relabelled neither", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    await keyring.create(B);
    await copyFile(join(folder, `${A}.json`), join(folder, `${B}.json`));
    await assert.rejects(keyring.tenant(B), unreadable);
    const text = await readFile(join(folder, `${A}.json`), "utf8");
    await writeFile(join(folder, `${B}.json`), text.replace(A, B));
    await assert.rejects(keyring.tenant(B), unreadable);
    await keyring.tenant(A);
  });

  test("takes no id that is not one", async () => {
    const { keyring, store } = await open();
    for (const id of ["../x", "", A.toUpperCase(), `${A}/..`, `${A}\n`, `${A}\0`]) {
      await assert.rejects(async () => keyring.create(id), TypeError);
      await assert.rejects(async () => keyring.tenant(id), TypeError);
      await assert.rejects(async () => store.load(id), TypeError);
      await assert.rejects(async () => store.destroy(id), TypeError);
    }
  });

  test("destroying takes the leftovers of a killed process along", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    await copyFile(join(folder, `${A}.json`), join(folder, `${A}.json.0011223344556677.tmp`));
    await keyring.destroy(A);
    assert.deepEqual(await readdir(folder), [`${A}.gone`]);
  });
});

describe("the keyring", () => {
  test("seals with keys of each tenant's own and opens them after a restart", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    await keyring.create(B);
    const [a, b] = [await keyring.tenant(A), await keyring.tenant(B)];
    const sealed = a.seal(cell, "secret of A");
    assert.throws(() => b.open(cell, sealed), unreadable);
    assert.notDeepEqual(a.lookup("p", "v"), b.lookup("p", "v"));
    const again = openKeyring({ masterKeys: master(1), store: folderKeyStore(folder) });
    assert.equal((await again.tenant(A)).openText(cell, sealed), "secret of A");
    assert.deepEqual(await again.list(), [A, B]);
    await assert.rejects(keyring.tenant(A.replace("a01", "a09")), unreadable);
  });

  test("reads the store once for many users at once, and keeps at most so many tenants", async () => {
    const { keyring, store } = await open({ maxTenants: 2 });
    const ids = [1, 2, 3].map((n) => A.replace("a01", `b0${n}`));
    for (const id of ids) await keyring.create(id);
    store.loads = 0;
    const [first = "", second = "", third = ""] = ids;
    await Promise.all(Array.from({ length: 20 }, () => keyring.tenant(first)));
    assert.equal(store.loads, 1);
    await keyring.tenant(second);
    await keyring.tenant(first);
    await keyring.tenant(third); // second was used longest ago
    store.loads = 0;
    await keyring.tenant(first);
    await keyring.tenant(third);
    assert.equal(store.loads, 0);
    await keyring.tenant(second);
    assert.equal(store.loads, 1);
    keyring.forget(second);
    await keyring.tenant(second);
    assert.equal(store.loads, 2);
  });

  test("destroyed keys end every handle at once and are not made again", async () => {
    const { keyring } = await open({ maxTenants: 1 });
    await keyring.create(A);
    const held = await keyring.tenant(A);
    const sealed = held.seal(cell, "x");
    await keyring.create(B);
    await keyring.tenant(B); // A leaves the cache, the handle stays in somebody's hands
    await keyring.destroy(A);
    assert.throws(() => held.open(cell, sealed), unreadable);
    await assert.rejects(keyring.tenant(A), unreadable);
    await assert.rejects(keyring.create(A), unreadable);
    await assert.rejects(keyring.rewrap(A), unreadable);
    assert.deepEqual(await keyring.list(), [B]);
  });

  test("keys destroyed while they are being loaded do not come back", async () => {
    const { keyring } = await open();
    await keyring.create(A);
    const loading = keyring.tenant(A);
    const destroying = keyring.destroy(A);
    await assert.rejects(loading, unreadable);
    await destroying;
  });

  test("another process's destroy is noticed with the next use, and handles held elsewhere end with it", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const held = await keyring.tenant(A);
    assert.equal(keyring.has(A), true);
    await folderKeyStore(folder).destroy(A);
    assert.equal(keyring.has(A), false);
    await assert.rejects(keyring.tenant(A), unreadable);
    assert.throws(() => held.seal(cell, "x"), unreadable);
  });

  test("a folder that is away for a moment refuses, and destroys nothing", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const sealed = (await keyring.tenant(A)).seal(cell, "x");
    await rename(folder, `${folder}-away`);
    assert.equal(keyring.has(A), false);
    await assert.rejects(keyring.tenant(A), unreadable);
    await rename(`${folder}-away`, folder);
    assert.equal((await keyring.tenant(A)).openText(cell, sealed), "x");
  });

  test("destroyed keys stay destroyed when a copy of the file is put back", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const copy = await readFile(join(folder, `${A}.json`));
    await keyring.destroy(A);
    assert.equal((await readFile(join(folder, `${A}.gone`), "utf8")).includes("ciphertext"), false);
    await writeFile(join(folder, `${A}.json`), copy);
    const another = openKeyring({ masterKeys: master(1), store: folderKeyStore(folder) });
    await assert.rejects(another.tenant(A), unreadable);
    await assert.rejects(another.create(A), unreadable);
    assert.deepEqual(await another.list(), []);
  });

  test("a crash between the steps of destroying leaves nothing that opens, and the next start ends it", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    // As after the rename, before anything was overwritten.
    await rename(join(folder, `${A}.json`), join(folder, `${A}.gone`));
    const store = folderKeyStore(folder);
    await assert.rejects(openKeyring({ masterKeys: master(1), store }).tenant(A), unreadable);
    assert.equal(await store.finish(), 1);
    assert.equal((await readFile(join(folder, `${A}.gone`), "utf8")).includes("ciphertext"), false);
    assert.equal(await store.finish(), 0);
  });

  test("an unchanged record keeps its handle when it is looked at again", async () => {
    const { keyring, clock } = await open();
    await keyring.create(A);
    const held = await keyring.tenant(A);
    clock.now += 60_001;
    assert.equal(await keyring.tenant(A), held);
  });

  test("rewrapping moves to the current master key and the old one can go", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const sealed = (await keyring.tenant(A)).seal(cell, "x");
    const store = folderKeyStore(folder);
    const both = openKeyring({ masterKeys: master(1, 2), store });
    assert.equal(await both.rewrap(A), true);
    assert.equal(await both.rewrap(A), false);
    const only = openKeyring({ masterKeys: master(2), store });
    assert.equal((await only.tenant(A)).openText(cell, sealed), "x");
    await assert.rejects(openKeyring({ masterKeys: master(1), store }).tenant(A), unreadable);
  });

  test("a rewrap of keys that are destroyed meanwhile brings nothing back", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const store = folderKeyStore(folder);
    const slow = master(1, 2);
    const rotating = openKeyring({
      masterKeys: {
        ...slow,
        rewrap: async (...given) => {
          await folderKeyStore(folder).destroy(A);
          return slow.rewrap(...given);
        },
      },
      store,
    });
    await assert.rejects(rotating.rewrap(A), unreadable);
    assert.deepEqual(await readdir(folder), [`${A}.gone`]);
  });

  test("two rotations and a new data key at once lose nothing", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const sealed = (await keyring.tenant(A)).seal(cell, "x");
    const hash = (await keyring.tenant(A)).lookup("p", "v");
    const others = [1, 2, 3].map(() =>
      openKeyring({ masterKeys: master(1, 2), store: folderKeyStore(folder) }),
    );
    const [one, two, three] = others;
    await Promise.all([one?.rewrap(A), two?.rewrap(A), three?.addDataKey(A), two?.addDataKey(A)]);
    await one?.rewrap(A);
    const after = await openKeyring({ masterKeys: master(2), store: folderKeyStore(folder) }).tenant(A);
    assert.equal(after.keyVersion, 3);
    assert.equal(after.openText(cell, sealed), "x");
    assert.deepEqual(after.lookup("p", "v"), hash);
  });

  test("a new data key seals what comes, in handles asked for from then on; the old one goes but for audit entries", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const before = await keyring.tenant(A);
    const entry = { ...AUDIT_COLUMN, row: "r" };
    const [old, oldEntry] = [before.seal(cell, "x"), before.seal(entry, "e")];
    const other = openKeyring({ masterKeys: master(1), store: folderKeyStore(folder) });
    assert.equal(await other.addDataKey(A), 2);
    const now = await keyring.tenant(A);
    assert.deepEqual([now.keyVersion, sealedVersion(now.seal(cell, "y")), sealedVersion(old)], [2, 2, 1]);
    assert.equal(now.openText(cell, old), "x");
    await other.retireDataKeys(A, [1], new Date(0));
    const text = await readFile(join(folder, `${A}.json`), "utf8");
    assert.match(text, /"use": "old",\n\s+"version": 1,\n\s+"retired": "1970-01-01T00:00:00.000Z"/);
    for (const wrong of [
      text.replace('"use": "old"', '"use": "data"'),
      text.replace(/"retired": .*\n\s+/, ""),
      text.replace("00:00.000Z", "00:00Z"),
      text.replace(/(.*"retired".*\n)(.*\n)/, "$2$1"),
    ]) {
      assert.notEqual(wrong, text);
      assert.throws(() => parseKeyRecord(wrong), unreadable, wrong);
    }
    const retired = await keyring.tenant(A);
    assert.equal(retired.openText(cell, old), "x", "a backup of that time still opens");
    assert.equal(sealedVersion(retired.seal(cell, "y")), 2);
    await other.dropKeys(A, [1, 2], [1]);
    const last = await keyring.tenant(A);
    assert.throws(() => last.open(cell, old), unreadable);
    assert.equal(last.openText(entry, oldEntry), "e");
    assert.deepEqual(last.lookup("p", "v"), before.lookup("p", "v"));
    await other.dropKeys(A, [1], []);
    await assert.rejects(
      other.tenant(A).then((keys) => keys.open(entry, oldEntry)),
      unreadable,
    );
  });

  test("a key file of format 1 keeps its hashes when its data key changes", async () => {
    const { folder } = await open();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${vectors.tenant}.json`), vectors.file);
    const of = masterKeys(load(), "environment");
    const keyring = openKeyring({ masterKeys: of, store: folderKeyStore(folder) });
    const before = (await keyring.tenant(vectors.tenant)).lookup("p", "v");
    assert.equal(await keyring.addDataKey(vectors.tenant), 4);
    await keyring.retireDataKeys(vectors.tenant, [1, 3], new Date());
    await keyring.dropKeys(vectors.tenant, [1, 3], []);
    assert.deepEqual((await keyring.tenant(vectors.tenant)).lookup("p", "v"), before);
  });

  test("an older key file put back under a running server is refused", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const older = await readFile(join(folder, `${A}.json`));
    await keyring.addDataKey(A);
    await keyring.tenant(A);
    await writeFile(join(folder, `${A}.json`), older);
    await assert.rejects(keyring.tenant(A), { ...unreadable, message: /set back/ });
  });

  test("a key file that was cut off says what to do, and harms nobody else", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    await keyring.create(B);
    const text = await readFile(join(folder, `${A}.json`), "utf8");
    await writeFile(join(folder, `${A}.json`), text.slice(0, text.length / 2));
    await assert.rejects(keyring.tenant(A), { ...unreadable, message: /Restore it/ });
    await keyring.tenant(B);
  });

  test("another master key of the same version is told from a bug", async () => {
    const { folder, keyring } = await open();
    await keyring.create(A);
    const wrong = masterKeys(new Map([[1, randomBytes(32)]]), "environment");
    await assert.rejects(openKeyring({ masterKeys: wrong, store: folderKeyStore(folder) }).tenant(A), {
      ...unreadable,
      message: /not the key that wrapped it/,
    });
  });

  test("the installation has keys of its own that nobody can destroy", async () => {
    const { keyring } = await open();
    const platform = await keyring.platform();
    assert.equal(platform.tenantId, PLATFORM_ID);
    assert.equal(await keyring.platform(), platform);
    assert.deepEqual(await keyring.list(), []);
    await assert.rejects(keyring.destroy(PLATFORM_ID), TypeError);
  });
});
