import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { HOME_VERSION, isStartupError, openHome, startupError } from "./home.ts";

const base = mkdtempSync(join(tmpdir(), "vs-home-"));
after(() => rmSync(base, { recursive: true, force: true }));

function problemOf(path: string): string {
  try {
    openHome(path);
  } catch (error) {
    if (!isStartupError(error)) throw error;
    assert.ok(error.remedy.length > 10);
    return error.problem;
  }
  return "none";
}

test("a home is made with folders that nobody else may enter, and opens again", () => {
  const home = openHome(join(base, "new", "deep"));
  for (const folder of [home.path, home.secrets, home.keys, home.files, home.run]) {
    assert.equal(statSync(folder).mode & 0o777, 0o700, folder);
  }
  assert.equal(readFileSync(join(home.path, "HOME_VERSION"), "utf8"), `${HOME_VERSION}\n`);
  assert.deepEqual(openHome(home.path), home);
});

test("folders that others could enter are closed", () => {
  const home = openHome(join(base, "loose"));
  chmodSync(home.secrets, 0o755);
  openHome(home.path);
  assert.equal(statSync(home.secrets).mode & 0o777, 0o700);
});

test("a newer layout is refused, a damaged marker too", () => {
  const home = openHome(join(base, "newer"));
  writeFileSync(join(home.path, "HOME_VERSION"), `${HOME_VERSION + 1}\n`);
  assert.match(problemOf(home.path), /newer Vouchsafe/);
  writeFileSync(join(home.path, "HOME_VERSION"), "\0\0");
  assert.match(problemOf(home.path), /does not hold a version/);
});

test("a file in the place of the home, and below one, is said", () => {
  writeFileSync(join(base, "file"), "");
  assert.match(problemOf(join(base, "file")), /is a file/);
  assert.match(problemOf(join(base, "file", "below")), /is a file/);
});

test("a folder of somebody else is said", {
  skip: process.getuid?.() === 0 && "root may write everywhere",
}, () => {
  const closed = join(base, "closed");
  mkdirSync(closed, { mode: 0o500 });
  assert.match(problemOf(join(closed, "home")), /may not write/);
});

test("a read-only disk is said", { skip: process.platform !== "linux" }, () => {
  assert.match(problemOf("/proc/vouchsafe-home"), /cannot be used|may not write|read-only/);
});

test("a startup error prints its problem and remedy, and keeps its cause", () => {
  const cause = new Error("deep");
  const error = startupError("It is broken.", "Mend it.", cause);
  assert.equal(error.message, "It is broken. Mend it.");
  assert.equal(error.cause, cause);
  assert.ok(isStartupError(error));
  assert.ok(!isStartupError(cause));
});
