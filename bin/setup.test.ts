import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const base = mkdtempSync(join(tmpdir(), "vs-setup-"));
after(() => rmSync(base, { recursive: true, force: true }));

/** Stands in for npm and its registry: notes each call, then does as `npm.does` in its folder says. */
const NPM = `
const fs = require("node:fs");
fs.appendFileSync("calls", process.pid + "\\n");
const does = fs.existsSync("npm.does") ? fs.readFileSync("npm.does", "utf8") : "";
if (does.startsWith("fail ")) { process.stderr.write("npm error " + does.slice(5)); process.exit(1); }
setTimeout(() => {
  fs.mkdirSync("node_modules/.bin", { recursive: true });
  if (!does.startsWith("no node")) fs.symlinkSync(process.execPath, "node_modules/.bin/node");
  fs.writeFileSync("node_modules/.package-lock.json", fs.readFileSync("package-lock.json"));
}, does.startsWith("slow") ? 1500 : 10);
`;

let folders = 0;
function clone(): string {
  folders += 1;
  const root = join(base, String(folders));
  mkdirSync(join(root, "bin"), { recursive: true });
  cpSync(join(import.meta.dirname, "setup.mjs"), join(root, "bin/setup.mjs"));
  writeFileSync(join(root, "package.json"), "{}");
  const lock = { packages: { "": {}, "node_modules/one": { version: "1.0.0", integrity: "sha512-x" } } };
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(lock));
  writeFileSync(join(root, "npm-cli.js"), NPM);
  return root;
}

type Ended = { code: number | null; out: string; err: string };

function begin(root: string, env: NodeJS.ProcessEnv = {}): { child: ChildProcess; end: Promise<Ended> } {
  const child = spawn(process.execPath, ["bin/setup.mjs"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, npm_execpath: join(root, "npm-cli.js"), ...env },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text) => {
    out += text;
  });
  child.stderr.on("data", (text) => {
    err += text;
  });
  return { child, end: new Promise((done) => child.on("close", (code) => done({ code, out, err }))) };
}

const setup = (root: string, env?: NodeJS.ProcessEnv) => begin(root, env).end;
const calls = (root: string) => readFileSync(join(root, "calls"), "utf8").trim().split("\n").length;
const npmDoes = (root: string, what: string) => writeFileSync(join(root, "npm.does"), what);

test("the first run installs; later ones are silent until the lockfile changes", async () => {
  const root = clone();
  assert.deepEqual(await setup(root), { code: 0, out: "", err: "" });
  assert.deepEqual(await setup(root), { code: 0, out: "", err: "" });
  assert.equal(calls(root), 1);
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  writeFileSync(join(root, "package-lock.json"), lock.replace("1.0.0", "1.0.1"));
  rmSync(join(root, "node_modules"), { recursive: true });
  assert.equal((await setup(root)).code, 0);
  assert.equal(calls(root), 2);
  assert.ok(!existsSync(join(root, ".setup.lock")));
});

test("what npm installed by itself is recognised", async () => {
  const root = clone();
  await setup(root);
  rmSync(join(root, "node_modules/.vouchsafe-installed"));
  assert.equal((await setup(root)).code, 0);
  assert.equal(calls(root), 1);
});

test("of two at once one installs and the other waits", async () => {
  const root = clone();
  npmDoes(root, "slow");
  const [one, two] = await Promise.all([setup(root), setup(root)]);
  assert.deepEqual([one.code, two.code], [0, 0]);
  assert.match(one.err + two.err, /Another setup .* waiting/);
  assert.equal(calls(root), 1);
});

test("after kill -9 the next one waits for the npm that is left, then goes on", async () => {
  const root = clone();
  npmDoes(root, "slow");
  const first = begin(root);
  while (!existsSync(join(root, "calls"))) await sleep(20);
  first.child.kill("SIGKILL");
  await first.end;
  assert.ok(existsSync(join(root, ".setup.lock")));
  const second = await setup(root);
  assert.equal(second.code, 0);
  assert.match(second.err, /waiting/);
  assert.equal(calls(root), 1);
  assert.ok(!existsSync(join(root, ".setup.lock")));
});

const FAILURES: [string, RegExp][] = [
  ["code ENOTFOUND", /registry cannot be reached/],
  ["code ECONNREFUSED", /registry cannot be reached/],
  ["code ENOSPC", /disk of .* is full/],
  ["code EACCES\nnpm error path /somewhere", /may not write \/somewhere/],
  ["code EROFS", /may not write/],
  ["code EINTEGRITY", /not the one that package-lock.json names/],
  ["code E404\nnpm error 404 Not Found - one", /registry refused/],
  ["code EUSAGE", /do not fit together/],
  ["Something new", /could not install the packages:\n.*Something new/],
];
for (const [words, said] of FAILURES) {
  test(`npm failing with "${words.split("\n")[0]}" is said in plain words, with what to do`, async () => {
    const root = clone();
    npmDoes(root, `fail ${words}`);
    const { code, out, err } = await setup(root);
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(err, said);
    assert.doesNotMatch(err, /setup\.mjs:/);
    assert.ok(!existsSync(join(root, ".setup.lock")));
  });
}

test("without npm it says so", async () => {
  const { code, err } = await setup(clone(), { npm_execpath: "", PATH: "/nonexistent" });
  assert.equal(code, 1);
  assert.match(err, /npm is not installed/);
});

test("without a packaged Node the machine's own is used when it is new enough", async () => {
  const root = clone();
  npmDoes(root, "no node");
  assert.equal((await setup(root)).code, 0);
  rmSync(join(root, "node_modules"), { recursive: true });
  const old = join(root, "old-node");
  // Runs npm as asked, but gives itself out as an old one.
  writeFileSync(
    old,
    `#!/bin/sh\n[ "$1" = --version ] && echo v20.1.0 && exit\nexec ${process.execPath} "$@"\n`,
    { mode: 0o755 },
  );
  const { code, err } = await setup(root, { npm_node_execpath: old });
  assert.equal(code, 1);
  assert.match(err, /no packaged Node 24 for this machine .* its own is v20\.1\.0/);
});

test("an optional package of this system that npm left out is missed", async () => {
  const root = clone();
  const lock = {
    packages: {
      "": { optionalDependencies: { here: "1.0.0", elsewhere: "1.0.0" } },
      "node_modules/here": { version: "1.0.0", optional: true, os: [process.platform] },
      "node_modules/elsewhere": { version: "1.0.0", optional: true, os: ["aix"] },
    },
  };
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(lock));
  const { code, err } = await setup(root);
  assert.equal(code, 1);
  assert.match(err, /npm did not get here\./);
});

test("the web app is built when its sources change, and only then", async () => {
  const root = clone();
  await setup(root);
  mkdirSync(join(root, "web/src"), { recursive: true });
  writeFileSync(join(root, "web/index.html"), "x");
  const vite = join(root, "node_modules/.bin/vite");
  writeFileSync(
    vite,
    `const fs = require("fs"); fs.mkdirSync("dist", { recursive: true });
    fs.appendFileSync("dist/built", "1"); fs.writeFileSync("dist/index.html", "");`,
  );
  const built = () => readFileSync(join(root, "web/dist/built"), "utf8").length;
  assert.deepEqual(await setup(root), { code: 0, out: "", err: "" });
  await setup(root);
  assert.equal(built(), 1);
  writeFileSync(join(root, "web/src/a.ts"), "1");
  await setup(root);
  assert.equal(built(), 2);
  writeFileSync(join(root, "web/src/a.test.ts"), "1");
  await setup(root);
  assert.equal(built(), 2);
  writeFileSync(vite, `process.stderr.write("no such thing"); process.exit(1);`);
  writeFileSync(join(root, "web/src/a.ts"), "2");
  const start = await setup(root, { npm_lifecycle_event: "start" });
  assert.equal(start.code, 1);
  assert.match(start.err, /could not be built:\n.*no such thing/);
  assert.equal((await setup(root, { npm_lifecycle_event: "test" })).code, 0);
});
