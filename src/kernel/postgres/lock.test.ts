import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { takeLock } from "./lock.ts";
import { identify } from "./process-identity.ts";

const base = mkdtempSync(join(tmpdir(), "vs-lock-"));
after(() => rmSync(base, { recursive: true, force: true }));

test("a held lock names its holder, a released one can be taken", () => {
  const path = join(base, "plain");
  const first = takeLock(path);
  assert.ok("lock" in first);
  assert.deepEqual(takeLock(path), { holder: identify(process.pid) });
  first.lock.release();
  const second = takeLock(path);
  assert.ok("lock" in second);
  second.lock.release();
});

test("a lock of a dead process, of another with the same number, or without sense is taken over", () => {
  const path = join(base, "stale");
  for (const text of [
    JSON.stringify({ pid: 4_000_000, started: "x" }),
    JSON.stringify({ pid: process.pid, started: "an earlier boot" }),
    "",
    "{",
  ]) {
    writeFileSync(path, text);
    const taken = takeLock(path);
    assert.ok("lock" in taken);
    taken.lock.release();
  }
});

test("of many processes that find a stale lock at once, one gets it at a time", async () => {
  const path = join(base, "race");
  writeFileSync(path, JSON.stringify({ pid: 4_000_000, started: "x" }));
  const module = JSON.stringify(new URL("./lock.ts", import.meta.url).href);
  // Each takes the lock and stays: a second one that also got it would show.
  const body = `import { takeLock } from ${module};
    process.stdout.write("lock" in takeLock(${JSON.stringify(path)}) ? "1" : "0"); setInterval(() => {}, 1000);`;
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", body], { stdio: ["ignore", "pipe", "inherit"] }),
  );
  const answers = await Promise.all(
    children.map(
      (child) => new Promise<string>((done) => child.stdout.once("data", (text) => done(String(text)))),
    ),
  );
  for (const child of children) child.kill();
  assert.equal(answers.filter((answer) => answer === "1").length, 1);
  assert.deepEqual(readdirSync(base), ["race"]);
});
