import assert from "node:assert/strict";
import { test } from "node:test";
import { openArchive } from "./archive.ts";

test("an entry that fails ends the archive with its error, and nothing else", async () => {
  const archive = openArchive();
  archive.add("good.txt", new Date(0), async function* () {
    yield "good";
  });
  archive.add("bad.txt", new Date(0), async function* () {
    yield "half";
    throw new Error("the database is away");
  });
  archive.end();
  await assert.rejects(async () => {
    for await (const _ of archive.stream);
  }, /the database is away/);
  assert.deepEqual(
    archive.written.map(({ path }) => path),
    ["good.txt"],
  );
});
