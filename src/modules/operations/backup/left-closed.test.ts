import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openStage } from "../../../../test/support/stage.ts";
import { allJobs } from "../../../app.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { tellOfLeftClosed } from "./left-closed.ts";

test("a workspace that an interrupted restore has left closed is told of at the next start", async (t) => {
  const stage = await openStage(t, { jobs: allJobs });
  const operator = await stage.company("operator");
  await operator.hire("Mara", "owner");
  assert.equal(await tellOfLeftClosed(stage.system), 0);
  const folder = join(stage.system.config.home, "restoring");
  await mkdir(folder);
  await writeFile(join(folder, "installation"), "");
  assert.equal(await tellOfLeftClosed(stage.system), 0);
  assert.equal((await readOutbox(stage.system)).length, 0);
  await writeFile(join(folder, `${operator.id}.json`), JSON.stringify({ state: "active" }));
  assert.equal(await tellOfLeftClosed(stage.system), 1);
  const [mail] = await readOutbox(stage.system);
  assert.match(mail?.subject ?? "", /closed to its members/);
  assert.ok(mail?.text.includes(operator.id));
  assert.match(stage.log(), new RegExp(`has not ended|${operator.id}`));
  // Once an hour, however often it starts.
  await tellOfLeftClosed(stage.system);
  assert.equal((await readOutbox(stage.system)).length, 1);
});
