import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startSandboxed } from "./sandbox.ts";
import { isolation } from "./sandbox-guards.ts";

const MB = 1024 * 1024;
const LIMITS = { memory: 300 * MB, milliseconds: 20_000 };

async function run(act: string, extra: string[] = [], limits = LIMITS) {
  const child = startSandboxed("hostile-child.ts", [act, ...extra], limits);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, 10_000);
  });
  return { ...(await child.ended), said };
}

const gone = (pid: number) => {
  try {
    // A zombie waits for its parent and does nothing more.
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return true;
  }
};

test("a child sees no environment, no files, no other program, and cannot write or make code", async () => {
  process.env.VOUCHSAFE_TEST_SECRET = "s3cret";
  const { said } = await run("look around", [homedir()]);
  delete process.env.VOUCHSAFE_TEST_SECRET;
  const seen = JSON.parse(said);
  assert.deepEqual(seen.environment, process.platform === "darwin" ? ["__CF_USER_TEXT_ENCODING"] : []);
  assert.equal(seen.folder, "/");
  for (const what of ["passwd", "home", "write", "run", "worker"]) {
    assert.deepEqual(seen[what], { refused: "ERR_ACCESS_DENIED" }, what);
  }
  assert.match(seen.code.refused, /EvalError/);
  if (isolation().user) {
    // Nobody: a number of its own that no account has, which may not even send the server a signal.
    assert.ok(seen.user >= 61_184 && seen.user <= 65_519, String(seen.user));
    assert.deepEqual(seen.signal, { refused: "EPERM" });
  }
  if (isolation().network) assert.deepEqual(seen.interfaces, []);
});

test("a child reaches no port of this machine", {
  skip: !isolation().network && "this system grants no network namespace",
}, async () => {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const { said } = await run("connect", [String(address.port)]);
  server.close();
  assert.match(said, /^"(ENETUNREACH|ECONNREFUSED|EACCES|EHOSTUNREACH)"/);
});

test("as root, two children are two users", {
  skip: !isolation().user && "only root may choose the user of a child",
}, async () => {
  const users = await Promise.all([run("look around", ["/"]), run("look around", ["/"])]);
  const [first, second] = users.map(({ said }) => JSON.parse(said).user);
  assert.notEqual(first, second);
});

test("memory holds, in buffers and in the heap: never more than a quarter above the limit", async () => {
  const endings = await Promise.all([run("fill buffers"), run("fill heap")]);
  for (const { code, signal, peak } of endings) {
    assert.ok(code !== 0 || signal !== null);
    assert.ok(peak > 100 * MB && peak < LIMITS.memory * 1.25, `${Math.round(peak / MB)} MB`);
  }
});

test("a child that turns in circles is killed on the clock", async () => {
  const started = performance.now();
  const { killed, signal } = await run("spin", [], { ...LIMITS, milliseconds: 700 });
  assert.deepEqual([killed, signal], ["time", "SIGKILL"]);
  assert.ok(performance.now() - started < 3000);
});

test("standard error is kept to its last 4 KB", async () => {
  const { complaint, code } = await run("complain without end");
  assert.equal(code, 0);
  assert.equal(complaint.length, 4096);
});

test("kill -9 of the server leaves no child and no watcher", {
  skip: process.platform !== "linux" && "reads /proc",
}, async () => {
  const sandbox = new URL("sandbox.ts", import.meta.url).href;
  for (const act of ["linger", "spin"]) {
    // A server of its own that starts a child and says its process id.
    const program = `
      import { startSandboxed } from ${JSON.stringify(sandbox)};
      const child = startSandboxed("hostile-child.ts", [${JSON.stringify(act)}], ${JSON.stringify(LIMITS)});
      process.stdout.write(String(child.pid));
    `;
    const server = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [chunk] = await once(server.stdout, "data");
    const pid = Number(String(chunk));
    await pause(400);
    assert.equal(gone(pid), false, "the child runs");
    assert.ok(groupOf(pid).length >= 2, "and its watcher");
    server.kill("SIGKILL");
    await once(server, "exit");
    for (let i = 0; i < 40 && !groupOf(pid).every(gone); i++) await pause(50);
    assert.deepEqual(
      groupOf(pid).filter((member) => !gone(member)),
      [],
    );
  }
});

/** The processes of a group, from /proc. */
function groupOf(group: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) === group;
      } catch {
        return false;
      }
    });
}
