import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { chooseRoom, makeScratch, removeLeftOver, scratchParent } from "./scratch.ts";

const MB = 1024 * 1024;
const room = (path: string, mb: number, inMemory = false) => ({ path, free: mb * MB, inMemory });

test("a copy goes to the first disk with room for it, to memory only where no disk has, else nowhere", () => {
  const rooms = [room("/tmp", 2000, true), room("/home", 900)];
  assert.equal(chooseRoom(rooms, 500 * MB), "/home");
  assert.equal(chooseRoom(rooms, 1500 * MB), "/tmp");
  assert.equal(chooseRoom([room("/tmp", 2000), room("/home", 900)], 500 * MB), "/tmp");
  assert.throws(() => chooseRoom(rooms, 3000 * MB), {
    code: "incomplete",
    message: /takes 3000 MB: \/tmp has 2000 MB, \/home has 900 MB\. Make room there, or set TMPDIR/,
  });
});

test("it lies where others on the machine cannot look, and the database's user can pass", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "vs-room-"));
  t.after(() => rm(home, { recursive: true }));
  assert.ok(await scratchParent(home, MB));
  const parent = join(home, "rooms");
  await mkdir(parent);
  const folder = await makeScratch(parent, "restore");
  t.after(() => rm(folder, { recursive: true, force: true }));
  assert.equal((await stat(folder)).mode & 0o777, 0o711);
  assert.ok((await readdir(parent)).some((name) => name.startsWith("vouchsafe-restore-")));
  // However long it takes, it is not thrown away under whoever is at it; what a killed one left is.
  await removeLeftOver(home, -60_000, [parent]);
  assert.ok((await readdir(parent)).includes(basename(folder)));
  await rm(join(folder, "process.lock"));
  await removeLeftOver(home, -60_000, [parent]);
  assert.ok(!(await readdir(parent)).includes(basename(folder)));
  await assert.rejects(scratchParent(home, Number.MAX_SAFE_INTEGER), { code: "incomplete" });
});
