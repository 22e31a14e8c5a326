import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { identify, isRunning, type ProcessIdentity } from "../../src/kernel/postgres/process-identity.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const START_WITHIN_MS = 90_000;

/** A folder for one server: its home, and the runtime folder that PostgreSQL uses when root starts it. */
export interface Place {
  readonly folder: string;
  readonly home: string;
  readonly runtime: string;
}

/** A server in a process of its own, as `npm start` runs it, with a database that waits for the disk. */
export interface Server {
  readonly pid: number;
  readonly url: string;
  /** One-time token of the set-up link; null once the installation is set up. */
  readonly setUpToken: string | null;
  readonly outboxToken: string;
  /** Everything it has written to the terminal so far. */
  words(): string;
  isRunning(): boolean;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ending>;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly words: string;
}

export interface StartOptions {
  readonly env?: Record<string, string>;
  readonly account?: { uid: number; gid: number };
  /** Another command of the command line, or another program. */
  readonly command?: readonly string[];
  /** A file with the milliseconds by which the process's clock is ahead. */
  readonly clock?: string;
}

/** A new folder in the system's temporary one, which every user may pass through; removed by `remove`. */
export function newPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-server-"));
  chmodSync(folder, 0o711);
  return { folder, home: join(folder, "home"), runtime: join(folder, "runtime") };
}

export function remove({ folder }: Place): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Starts a server and waits until it is ready. Throws with its own words when it ends instead. */
export async function startServer(place: Place, options: StartOptions = {}): Promise<Server> {
  const { child, words, ended } = launch(place, options);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const begin = Date.now();
  while (!words().includes("Stop with Ctrl-C.")) {
    if (over || Date.now() - begin > START_WITHIN_MS) {
      child.kill("SIGKILL");
      throw new Error(`the server did not start: ${words()}`);
    }
    await sleep(10);
  }
  const url = / is ready after [^:]*: (http\S+)/.exec(words())?.[1] ?? "";
  return {
    pid: child.pid ?? 0,
    // By number: a name would be looked up for each request.
    url: url.replace("localhost", "127.0.0.1"),
    setUpToken: /\/set-up#(\S+)/.exec(words())?.[1] ?? null,
    outboxToken: /\/outbox#(\S+)/.exec(words())?.[1] ?? "",
    words,
    isRunning: () => !over,
    stop: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs a command to its end, for starts that are refused. */
export async function runToEnd(place: Place, options: StartOptions = {}): Promise<Ending> {
  const { child, ended } = launch(place, options);
  const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const ending = await ended;
  clearTimeout(late);
  return ending;
}

/** Starts a command and waits for nothing. */
export function launch(
  place: Place,
  { env = {}, account, command = ["src/main.ts", "serve"], clock }: StartOptions,
) {
  const preloaded = clock === undefined ? [] : ["--import", join(root, "test/support/shifted-clock.ts")];
  const child = spawn(process.execPath, [...preloaded, ...command], {
    cwd: root,
    // Nothing of ours: neither settings nor npm's variables, which a server watches.
    env: {
      PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
      VOUCHSAFE_HOME: place.home,
      VOUCHSAFE_RUNTIME: place.runtime,
      PORT: "0",
      ...(clock === undefined ? {} : { SHIFTED_CLOCK: clock }),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    ...account,
  });
  return watch(child);
}

export function watch(child: ChildProcess) {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const words = () => text;
  const ended = new Promise<Ending>((done, fail) => {
    child.once("error", fail);
    // A child of its own may hold the pipes open for a moment: the end is that of the process.
    child.once("exit", (code, signal) => done({ code, signal, words: text }));
  });
  return { child, words, ended };
}

/** A process and everything that it has started, and that this has started, whatever its session. */
export function familyOf(pid: number): ProcessIdentity[] {
  const parents = new Map<number, number>();
  for (const other of allProcesses()) {
    const stat = readProc(other, "stat");
    parents.set(other, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const family = new Set([pid]);
  for (let before = 0; before < family.size; ) {
    before = family.size;
    for (const [child, parent] of parents) if (family.has(parent)) family.add(child);
  }
  return [...family].map(identify).filter((one) => one !== null);
}

/** Those of `family` that still run, and every process that has to do with the place's folder, in words. */
export function survivors(place: Place, family: readonly ProcessIdentity[] = []): string[] {
  const own = allProcesses().filter((pid) => {
    if (pid === process.pid || pid === process.ppid) return false;
    const traces = [readProc(pid, "cmdline"), linkOf(pid, "cwd"), linkOf(pid, "exe")];
    return traces.some((trace) => trace.includes(place.folder));
  });
  const pids = new Set([...own, ...family.filter(isRunning).map(({ pid }) => pid)]);
  return [...pids].map((pid) => `${pid} ${readProc(pid, "cmdline").replaceAll("\0", " ").slice(0, 200)}`);
}

/** The server's PostgreSQL. */
export function postmasterOf(place: Place): number {
  for (const data of [join(place.runtime, "data"), join(place.home, "postgres", "data")]) {
    try {
      return Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]);
    } catch {
      // The other one, then.
    }
  }
  throw new Error("no PostgreSQL runs here");
}

/** Waits until `holds`; throws after `atMost` milliseconds. Answers how long it took. */
export async function until(
  what: string,
  atMost: number,
  holds: () => boolean | Promise<boolean>,
): Promise<number> {
  const begin = performance.now();
  while (!(await holds())) {
    if (performance.now() - begin > atMost) throw new Error(`not within ${atMost} ms: ${what}`);
    await sleep(20);
  }
  return Math.round(performance.now() - begin);
}

function allProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

function linkOf(pid: number, file: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${file}`);
  } catch {
    return "";
  }
}
