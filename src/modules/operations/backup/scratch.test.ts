import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chooseRoom, makeScratch, scratchParent } from "./scratch.ts";

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
  const parent = await scratchParent(home, MB);
  const folder = await makeScratch(parent, "restore");
  t.after(() => rm(folder, { recursive: true }));
  assert.equal((await stat(folder)).mode & 0o777, 0o711);
  assert.ok((await readdir(parent)).some((name) => name.startsWith("vouchsafe-restore-")));
  await assert.rejects(scratchParent(home, Number.MAX_SAFE_INTEGER), { code: "incomplete" });
});
