import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const MODULE = new URL("./lifetime.ts", import.meta.url).href;
const QUIET = "{ info() {}, warn() {}, error() {} }";

function program(body: string): string {
  return `import { lifetime } from ${JSON.stringify(MODULE)};
    const say = (word) => process.stdout.write(word + "\\n");
    const life = lifetime({ log: ${QUIET}, deadlineMs: 1500 });
    setInterval(() => {}, 1000);
    ${body}
    say("ready");`;
}

function run(body: string, env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program(body)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...without(process.env, "npm_lifecycle_event"), ...env },
  });
  return watch(child);
}

type Running = {
  child: ChildProcess;
  saw(word: string): Promise<void>;
  said(): string;
  end: Promise<{ code: number | null; said: string }>;
};

function watch(child: ChildProcess): Running {
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const end = new Promise<{ code: number | null; said: string }>((done) => {
    child.on("close", (code) => done({ code, said }));
  });
  const saw = async (word: string) => {
    for (let waited = 0; !said.includes(word); waited += 10) {
      assert.ok(waited < 10_000, `never said ${word}: ${said}`);
      await sleep(10);
    }
  };
  return { child, saw, said: () => said, end };
}

function without(env: NodeJS.ProcessEnv, name: string): NodeJS.ProcessEnv {
  const { [name]: _, ...rest } = env;
  return rest;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} runs the callbacks in reverse order, once, and exits with 0`, async () => {
    const it = run(
      `life.onStop("a", () => say("a")); life.onStop("b", async () => { await null; say("b"); });`,
    );
    await it.saw("ready");
    it.child.kill(signal);
    assert.deepEqual(await it.end, { code: 0, said: "ready\nb\na\n" });
  });
}

test("a callback that fails does not keep the others from running, and the exit code tells", async () => {
  const it = run(`life.onStop("a", () => say("a")); life.onStop("b", () => { throw new Error("no"); });`);
  await it.saw("ready");
  it.child.kill("SIGTERM");
  assert.deepEqual(await it.end, { code: 1, said: "ready\na\n" });
});

test("a callback that hangs is given up at the deadline; the ones after it still begin", async () => {
  const it = run(`life.onStop("a", () => say("a")); life.onStop("b", () => new Promise(() => {}));`);
  await it.saw("ready");
  it.child.kill("SIGTERM");
  assert.deepEqual(await it.end, { code: 1, said: "ready\na\n" });
});

test("a second Ctrl-C ends at once; the same one arriving twice does not", async () => {
  const it = run(`life.onStop("b", () => { say("begun"); return new Promise(() => {}); });`);
  await it.saw("ready");
  it.child.kill("SIGINT");
  it.child.kill("SIGINT");
  await it.saw("begun");
  await sleep(400);
  assert.equal(it.child.exitCode, null);
  it.child.kill("SIGINT");
  assert.equal((await it.end).code, 130);
});

test("stop() ends with the exit code that it was given", async () => {
  const it = run(`life.onStop("a", () => say("a")); void life.stop("done", 3);`);
  assert.equal((await it.end).code, 3);
});

for (const shape of ["direct", "through a shell"] as const) {
  test(`the death of npm by SIGKILL is noticed within two seconds (${shape})`, async () => {
    const body = program(`life.onStop("a", () => say("stopped")); say("pid " + process.pid);`);
    const spawnChild =
      shape === "direct"
        ? `spawn(process.execPath, ["--input-type=module", "-e", body], options)`
        : `spawn("/bin/sh", ["-c", '"$0" "$@"; exit $?', process.execPath, "--input-type=module", "-e", body], options)`;
    const npm = `import { spawn } from "node:child_process";
      const body = ${JSON.stringify(body)};
      const options = { stdio: "inherit", env: { ...process.env, npm_lifecycle_event: "start" } };
      ${spawnChild}; setInterval(() => {}, 1000);`;
    const it = watch(
      spawn(process.execPath, ["--input-type=module", "-e", npm], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    await it.saw("ready");
    it.child.kill("SIGKILL");
    const begin = Date.now();
    await it.saw("stopped");
    assert.ok(Date.now() - begin < 2000);
    await it.end;
  });
}

test("the end of whoever started npm is none of its business", async () => {
  const body = program(`life.onStop("a", () => say("stopped")); say("pid " + process.pid + ".");`);
  const options = `{ stdio: "inherit", env: { ...process.env, npm_lifecycle_event: "start" } }`;
  const npm = `import { spawn } from "node:child_process";
    spawn(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(body)}], ${options});
    setInterval(() => {}, 1000); process.stdout.write("npm " + process.pid + ".\\n");`;
  const terminal = `import { spawn } from "node:child_process";
    spawn(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(npm)}], { stdio: "inherit" });
    setInterval(() => {}, 1000);`;
  const it = watch(
    spawn(process.execPath, ["--input-type=module", "-e", terminal], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  await it.saw("ready");
  const [, npmPid] = /npm ([0-9]+)\./.exec(it.said()) ?? [];
  it.child.kill("SIGKILL");
  await sleep(1500);
  assert.doesNotMatch(it.said(), /stopped/);
  process.kill(Number(npmPid), "SIGKILL");
  await it.saw("stopped");
  await it.end;
});
