import assert from "node:assert/strict";
import { test } from "node:test";
import { hostileFiles, inTheChild } from "./hostile-lists.ts";
import { check, readAlone } from "./hostile-read.ts";

for (const file of hostileFiles.filter((one) => !inTheChild(one))) {
  test(file.name, async () => check(file, await readAlone(file)));
}

test("there are a hundred hostile files, no two of one name, and some are read by the child itself", () => {
  assert.ok(hostileFiles.length >= 100, String(hostileFiles.length));
  assert.equal(new Set(hostileFiles.map(({ name }) => name)).size, hostileFiles.length);
  assert.equal(hostileFiles.filter(inTheChild).length, 18);
});
