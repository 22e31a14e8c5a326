import assert from "node:assert/strict";
import { test } from "node:test";
import { closingAfterFailure } from "./closing.ts";
import { openLog } from "./log.ts";

test("what cannot be closed leaves nothing else open, and is told", async () => {
  const closed: string[] = [];
  const opened = await closingAfterFailure(async (closing, close) => {
    closing.push(() => closed.push("pool"));
    closing.push(async () => {
      throw new Error("the queue hangs");
    });
    closing.push(() => closed.push("server"));
    return close;
  }, openLog("silent"));
  await assert.rejects(opened(), /the queue hangs/);
  assert.deepEqual(closed, ["server", "pool"]);
  await opened();
});
