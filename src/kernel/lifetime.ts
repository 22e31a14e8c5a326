import { readFileSync } from "node:fs";

/** The part of a pino logger that is used here. */
type Log = Record<"info" | "warn" | "error", (fields: object, message: string) => void>;

export type Lifetime = {
  /** Registers what to do at the end; the last one registered is called first. */
  onStop(name: string, fn: () => void | Promise<void>): void;
  /** Begins the end, once; later calls wait for the same end. `exitCode` defaults to 0. */
  stop(reason: string, exitCode?: number): Promise<void>;
  /** Resolves when every callback has run or the deadline has passed. */
  stopped: Promise<void>;
};

export type LifetimeOptions = {
  log: Log;
  /** For all callbacks together. */
  deadlineMs?: number;
  /** What SIGHUP does instead of ending the process: reading certificates anew. */
  hangup?: () => void;
  /** Ends the process; stood in for only where a test watches the process itself. */
  exit?: (code: number) => void;
};

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const PARENT_LOOK_MS = 500;

/**
 * Runs the end of a process in order: on SIGINT, SIGTERM and SIGHUP, when npm that started it has died, or when
 * `stop` is called. Exit code 0 for an orderly end, 1 when a callback failed or the deadline passed, 128 + signal
 * number when a second Ctrl-C cut it short.
 */
export function lifetime(options: LifetimeOptions): Lifetime {
  const { log, deadlineMs = 10_000, exit = process.exit, hangup } = options;
  const callbacks: { name: string; fn: () => void | Promise<void> }[] = [];
  let ending: Promise<void> | null = null;
  let resolveStopped = () => {};
  const stopped = new Promise<void>((done) => {
    resolveStopped = done;
  });

  const stop = (reason: string, exitCode = 0) => {
    ending ??= end(reason, exitCode);
    return ending;
  };

  const end = async (reason: string, exitCode: number) => {
    clearInterval(watch);
    log.info({ reason }, "stopping");
    const late = Symbol();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<typeof late>((done) => {
      timer = setTimeout(() => done(late), deadlineMs);
    });
    let failed = false;
    for (const { name, fn } of callbacks.reverse()) {
      try {
        // After the deadline each is still begun, so that none is forgotten, but no longer waited for.
        const outcome = await Promise.race([Promise.resolve().then(fn), deadline]);
        if (outcome === late) {
          failed = true;
          log.error({ callback: name }, "did not stop in time");
        }
      } catch (error) {
        failed = true;
        log.error({ callback: name, err: error }, "failed to stop");
      }
    }
    clearTimeout(timer);
    resolveStopped();
    exit(failed ? 1 : exitCode);
  };

  for (const [name, code] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (name === "SIGHUP" && hangup && ending === null) return hangup();
      // npm passes Ctrl-C on to a child that the terminal has told already: one press may arrive twice at once.
      if (ending !== null && Date.now() - began > 300) return exit(code);
      began = ending === null ? Date.now() : began;
      void stop(name);
    });
  }
  let began = 0;
  const watch = watchParent(() => void stop("the process that started this one has ended"));

  return { onStop: (name, fn) => void callbacks.push({ name, fn }), stop, stopped };
}

/**
 * Killed with SIGKILL, npm tells nobody, and a server in the background would stay behind unseen. npm runs scripts by
 * `sh -c`, and some shells stay in between: then npm is our grandparent. Whoever started npm may end: `nohup npm start &`
 * in a terminal that is closed goes on.
 */
function watchParent(gone: () => void): NodeJS.Timeout | undefined {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const npm = isShell(parent) ? parentOf(parent) : null;
  const timer = setInterval(() => {
    if (process.ppid !== parent || (npm !== null && parentOf(parent) !== npm)) gone();
  }, PARENT_LOOK_MS);
  timer.unref();
  return timer;
}

function isShell(pid: number): boolean {
  return /^(sh|bash|dash|ash|busybox|zsh|ksh|mksh)$/.test(readProc(pid, "comm").trim());
}

/** The parent of process `pid`, null where the system does not say so in /proc. */
function parentOf(pid: number): number | null {
  const stat = readProc(pid, "stat");
  return stat === "" ? null : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
