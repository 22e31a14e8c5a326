import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../commands/rotate-keys.ts";
import { days, later } from "../../../kernel/clock.ts";
import { readConfig } from "../../../kernel/config.ts";
import { folderKeyStore } from "../../../kernel/crypto/key-store.ts";
import { openKeyring } from "../../../kernel/crypto/keyring.ts";
import { loadMasterKeys } from "../../../kernel/crypto/load-master-keys.ts";
import { newId } from "../../../kernel/ids.ts";
import { folderPlace, nameOf } from "../backup/places.ts";
import { markOf } from "../backup/signing.ts";
import { lapsedOldKeys } from "./old-keys.ts";
import { copiesUnderOlderKeys } from "./older-copies.ts";
import { rotateMasterKey } from "./rotation.ts";
import { lapsedKeyCopies } from "./shredding.ts";

test("copies of the key store in a place that several installations share", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "vs-copies-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const read = readConfig({}, home);
  assert.ok("config" in read);
  const { config } = read;
  const masterKeys = await loadMasterKeys({ home, env: {} });
  const keyring = openKeyring({ masterKeys, store: folderKeyStore(join(home, "keys")) });
  await keyring.platform();
  await keyring.create(newId());
  const installation = { config, keyring };
  const mark = await markOf(installation);
  const folder = join(home, "backups");
  await mkdir(folder);
  const now = new Date("2026-11-22T12:00:00Z");
  const ago = (n: number) => later(now, -days(n));
  const copy = async (at: Date, of: string, kind: "keys" | "data" = "keys") => {
    const name = nameOf({ kind, at, id: `${of}012345` });
    await writeFile(join(folder, name), "");
    return name;
  };
  await rotateMasterKey(keyring, home, { makeNew: false, now: ago(30) });

  await t.test(
    "one that needs an older master key keeps it in the file, unless it is given up",
    async (s) => {
      s.mock.method(process.stdout, "write", () => true);
      s.mock.method(process.stderr, "write", () => true);
      const before = process.env.VOUCHSAFE_HOME;
      process.env.VOUCHSAFE_HOME = home;
      s.after(() => {
        if (before === undefined) delete process.env.VOUCHSAFE_HOME;
        else process.env.VOUCHSAFE_HOME = before;
      });
      const inFile = async () =>
        (await readFile(join(home, "secrets", "master.key"), "utf8")).match(/^\d+/gm);
      const early = await copy(ago(3), mark);
      await copy(ago(2), "ffffff");
      await rotateMasterKey(keyring, home, { makeNew: true, now: ago(1) });
      // Killed between the last key file and the note of it: whoever comes next notes it.
      const register = join(home, "keys", "masters.json");
      const noted = await readFile(register, "utf8");
      await writeFile(register, noted.replace(/,\s*"wrapped": "[^"]*"/g, ""));
      await rotateMasterKey(keyring, home, { makeNew: false, now: ago(1) });
      assert.equal(await readFile(register, "utf8"), noted);
      const late = await copy(now, mark);
      assert.deepEqual(
        (await copiesUnderOlderKeys(installation)).map(({ name }) => name),
        [early],
      );
      await assert.rejects(run(["--drop-old"]), (error: Error) => {
        assert.match(error.message, /1 copies of the key store open with the older key only/);
        return /after 2026-11-26/.test(error.message) && /--copies-become-unreadable/.test(error.message);
      });
      assert.deepEqual(await inFile(), ["1", "2"]);
      // Its time is over: nothing needs the old key.
      await rm(join(folder, early));
      assert.deepEqual(await copiesUnderOlderKeys(installation), []);
      await copy(ago(3), mark);
      assert.equal(await run(["--drop-old", "--copies-become-unreadable"]), 0);
      assert.deepEqual(await inFile(), ["2"]);
      for (const name of await readdir(folder)) if (name !== late) await rm(join(folder, name));
    },
  );

  await t.test(
    "another installation's lapse by no word of this one, and keep nothing of this one",
    async () => {
      const theirs = [
        await copy(ago(20), "ffffff"),
        await copy(now, "ffffff"),
        await copy(ago(400), "ffffff", "data"),
      ];
      const [mine] = [await copy(ago(9), mark)];
      const at = (clock: Date) => ({ ...installation, clock: () => clock });
      assert.deepEqual(
        (await lapsedKeyCopies(at(now), folderPlace(folder))).map(({ name }) => name),
        [mine],
      );
      // Theirs is newer, and is not what keeps the last one of this one from being the last.
      for (const name of await readdir(folder))
        if (!theirs.includes(name) && name !== mine) await rm(join(folder, name));
      assert.deepEqual(await lapsedKeyCopies(at(now), folderPlace(folder)), []);
      const old = { use: "old", version: 3, retired: ago(100).toISOString() } as const;
      const wrapped = (await keyring.look((await keyring.list())[0] ?? ""))?.keys[0]?.wrapped;
      assert.ok(wrapped);
      assert.deepEqual(await lapsedOldKeys(at(now), [{ ...old, wrapped }]), [3]);
      await copy(ago(101), mark, "data");
      assert.deepEqual(await lapsedOldKeys(at(now), [{ ...old, wrapped }]), []);
    },
  );
});
