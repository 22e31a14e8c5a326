import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { days } from "../../../kernel/clock.ts";
import { folderPlace, nameOf } from "./places.ts";

test("what a killed backup left in the folder goes with the first one after a day, and nothing else does", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-places-"));
  t.after(() => rm(folder, { recursive: true }));
  const name = (id: string) => nameOf({ kind: "data", at: new Date(0), id });
  const [old, young, next] = [name("aaaaaaaaaaaa"), name("bbbbbbbbbbbb"), name("cccccccccccc")];
  const moved = nameOf({ kind: "tenant", at: new Date(0), id: "dddddddddddd" });
  const files = [`${old}.unfinished`, `${moved}.unfinished`, `${young}.unfinished`, old, "notes.unfinished"];
  const yesterday = new Date(Date.now() - days(1) - 1000);
  for (const file of files) {
    await writeFile(join(folder, file), "");
    if (!file.startsWith(young)) await utimes(join(folder, file), yesterday, yesterday);
  }
  await folderPlace(folder).put(
    next,
    (async function* () {
      yield Buffer.from("bytes");
    })(),
  );
  assert.deepEqual(await readdir(folder), [old, `${young}.unfinished`, next, "notes.unfinished"].sort());
});
