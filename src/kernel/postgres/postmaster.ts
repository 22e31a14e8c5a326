import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, readlinkSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startupError } from "../home.ts";
import { cannotRun } from "./cluster.ts";
import type { Log } from "./embedded.ts";
import type { Place } from "./place.ts";
import { identify, isRunning } from "./process-identity.ts";

/** A running server. `exited` resolves when it has ended, for whatever reason, with its last words. */
export type Postmaster = { pid: number; exited: Promise<string>; stop(): Promise<void> };

const READY_WITHIN_MS = 10 * 60_000;

/**
 * Runs PostgreSQL until told to stop, and no longer than this process lives: a shell holds the other end of a pipe
 * from us, and when the pipe ends, by whatever death of ours, it shuts the server down. A second Node for that would
 * cost 40 MB. The shell is in a session of its own, so that Ctrl-C reaches us first.
 */
const GUARD = `
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
echo "$server"
(
  while read -r _; do :; done <&3
  kill -INT "$server"
  seconds=0
  while kill -0 "$server"; do
    sleep 1
    seconds=$((seconds + 1))
    [ "$seconds" -eq 10 ] && kill -QUIT "$server"
    [ "$seconds" -eq 15 ] && kill -KILL "$server"
  done
) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$server"
status=$?
kill "$guard"
exit "$status"
`;

/** Starts the server and resolves when it accepts connections. Throws a StartupError with its last words if not. */
export async function startPostmaster(
  postgres: string,
  place: Place,
  sockets: string,
  settings: Record<string, string>,
  log: Log,
): Promise<Postmaster> {
  // Left by a killed server, with a number that any process of the same user may have by now; PostgreSQL would take
  // that one for its predecessor. The caller has seen that there is none, and nobody else uses the folder.
  rmSync(join(sockets, ".s.PGSQL.5432.lock"), { force: true });
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(
    "/bin/sh",
    ["-c", GUARD, "vouchsafe-postgres", postgres, "-D", place.data, "-k", sockets, ...args],
    {
      cwd: "/",
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      ...place.account,
    },
  );
  // Writing to a guard that is gone is not an error of its own: its exit is.
  child.stdin.on("error", () => {});
  const words = collectWords(child, log);
  const ended = new Promise<void>((done, fail) => {
    child.on("error", (cause) => fail(cannotRun("/bin/sh", cause)));
    child.on("exit", () => done());
  });
  const pid = await Promise.race([readPid(child), ended.then(() => null)]);
  if (pid === null) throw failed(place, words());
  const exited = ended.then(() => endWith(pid)).then(words);
  const state = { over: false };
  void exited.then(() => {
    state.over = true;
  });
  await ready(place, pid, state, log);
  if (state.over) throw failed(place, words());
  return { pid, exited, stop: () => stop(child, pid, exited) };
}

/**
 * Waits until no server uses the data folder, ending one that a killed Vouchsafe left, and removes a `postmaster.pid`
 * that names a process which is not a server of this folder (after a power loss any process may have that number, and
 * PostgreSQL would refuse to start). The caller holds the home's lock.
 */
export async function waitForPredecessor(place: Place, log: Log): Promise<void> {
  const file = join(place.data, "postmaster.pid");
  const pid = Number(readLines(file)[0]);
  if (!Number.isInteger(pid)) return;
  const identity = identify(pid);
  if (identity === null || !servesFolder(pid, place.data)) {
    rmSync(file, { force: true });
    return;
  }
  log.info({ pid }, "an earlier PostgreSQL still stops; waiting for it");
  for (let waited = 0; isRunning(identity); waited += 20) {
    // Its guard has asked it already, unless the guard was killed too.
    if (waited === 500) signal(pid, "SIGINT");
    if (waited === 12_000) signal(pid, "SIGQUIT");
    if (waited === 15_000) signal(pid, "SIGKILL");
    if (waited > 20_000) {
      throw startupError(
        `An earlier PostgreSQL (process ${pid}) does not stop.`,
        `End it (kill ${pid}) and start again.`,
      );
    }
    await sleep(20);
  }
}

function collectWords(child: ChildProcess, log: Log): () => string {
  let kept = "";
  let rest = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      kept = `${kept}${line}\n`.slice(-4000);
      if (/^(ERROR|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION)/.test(line)) continue;
      // FATAL ends one connection (a wrong password, a database that is gone), PANIC the server.
      if (line.startsWith("PANIC")) log.error({ postgres: line }, "PostgreSQL");
      else if (line.startsWith("FATAL")) log.info({ postgres: line }, "PostgreSQL");
      else log.debug({ postgres: line }, "PostgreSQL");
    }
  });
  return () => (kept + rest).trim();
}

function readPid(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => {
    let text = "";
    child.stdout?.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
      const line = /^([0-9]+)\n/.exec(text);
      if (line !== null) done(Number(line[1]));
    });
    child.stdout?.on("close", () => done(null));
  });
}

/** PostgreSQL writes its state into the eighth line of `postmaster.pid`; reading it is cheaper than connecting. */
async function ready(place: Place, pid: number, state: { over: boolean }, log: Log): Promise<void> {
  const file = join(place.data, "postmaster.pid");
  const begin = Date.now();
  let told = false;
  while (!state.over) {
    const lines = readLines(file);
    if (Number(lines[0]) === pid && lines[7]?.trim() === "ready") return;
    const waited = Date.now() - begin;
    if (!told && waited > 2000) {
      told = true;
      log.info({}, "PostgreSQL is recovering from an unclean stop; this can take a while");
    }
    if (waited > READY_WITHIN_MS) {
      signal(pid, "SIGQUIT");
      throw startupError("PostgreSQL did not become ready.", "See the log for its messages and start again.");
    }
    await sleep(4);
  }
}

async function stop(child: ChildProcess, pid: number, exited: Promise<string>): Promise<void> {
  child.stdin?.end();
  const last = setTimeout(() => signal(pid, "SIGKILL"), 20_000);
  await exited;
  clearTimeout(last);
}

/** Normally the guard outlives the server. When someone killed the guard, the server must not stay behind alone. */
async function endWith(pid: number): Promise<void> {
  const identity = identify(pid);
  if (identity === null) return;
  signal(pid, "SIGINT");
  for (let waited = 0; isRunning(identity); waited += 20) {
    if (waited === 5000) signal(pid, "SIGQUIT");
    if (waited === 8000) signal(pid, "SIGKILL");
    await sleep(20);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}

/** Whether `pid` is a PostgreSQL that serves `data`: any process may have got the number since. */
function servesFolder(pid: number, data: string): boolean {
  try {
    if (process.platform === "linux") {
      const program = basename(readlinkSync(`/proc/${pid}/exe`));
      return program.startsWith("postgres") && readlinkSync(`/proc/${pid}/cwd`) === data;
    }
    const line = execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return /\/postgres /.test(line) && line.includes(`-D ${data} `);
  } catch {
    return false;
  }
}

function failed(place: Place, words: string) {
  if (/No space left|Disk quota/i.test(words)) {
    return startupError(`The disk of ${place.data} is full.`, "Free some space and start again.", words);
  }
  if (/shared memory|semaphores/i.test(words)) {
    return startupError(
      "PostgreSQL gets no shared memory.",
      "If another PostgreSQL of this folder still runs, end it; in a container give /dev/shm at least 64 MB.",
      words,
    );
  }
  const last =
    words
      .split("\n")
      .filter((line) => /FATAL|PANIC|error|not found/i.test(line))
      .at(-1) ?? words;
  return startupError(
    `PostgreSQL did not start: ${last || "it ended without a word"}`,
    "Mend that, or restore a backup.",
    words,
  );
}
