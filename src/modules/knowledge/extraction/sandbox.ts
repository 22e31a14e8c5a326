import { execFile, spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parse } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { guards } from "./sandbox-guards.ts";

/** `memory` counts resident bytes above which the child is killed; `milliseconds` is wall clock. */
export type SandboxLimits = { memory: number; milliseconds: number };

/** How a child ended: `killed` says by which of our limits, if any; `complaint` is the end of its standard error. */
export type Ending = {
  killed: "memory" | "time" | "asked" | null;
  code: number | null;
  signal: NodeJS.Signals | null;
  complaint: string;
  /** The most resident memory seen, in bytes. */
  peak: number;
};

export type Sandboxed = {
  pid: number;
  stdin: Writable;
  stdout: Readable;
  kill(): void;
  ended: Promise<Ending>;
};

const MB = 1024 * 1024;
const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
// The permission model looks at the path that is asked for and at the one that links lead to.
const READABLE = [HERE, `${ROOT}node_modules/`].flatMap((folder) => [folder, `${real(folder)}/`]);

// What Node 24 maps before any document: 560 MB writable (almost all of it address space reserved for machine code,
// never touched) and 1.4 GB in all, measured on Linux x64. The budget of a document comes on top.
const NODE_DATA = 560 * MB;
const NODE_ADDRESSES = 1400 * MB;

// fd 3 is a pipe whose other end only the server holds. When the server dies, even by kill -9, reading it ends, and
// the whole process group goes with it; the same sweeps up after an ordinary end.
const WATCH = "(read -r _ <&3; kill -KILL 0) </dev/null >/dev/null 2>&1 & exec 3<&-";

/**
 * Starts `program` (a file beside this one) under every limit that the system offers: a process group of its own, an
 * empty environment, no network and another user where the system grants them (sandbox-guards.ts), `ulimit` on memory, processor time, written files and
 * core dumps, Node's permission model with nothing but reading its own code, and a watch on wall clock and memory.
 * It ends when the server ends. Exit is reported by `ended`, which never rejects.
 */
export function startSandboxed(program: string, args: string[], limits: SandboxLimits): Sandboxed {
  const child = spawn(
    "/bin/sh",
    ["-c", script(limits), "sh", ...command(limits), `${HERE}${program}`, ...args],
    {
      env: {},
      cwd: parse(process.execPath).root,
      detached: true,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    },
  );
  const [stdin, stdout, stderr, lifeline] = child.stdio;
  // A child that is gone makes our writes fail; how it ended is said by `ended`.
  stdin.on("error", () => {});
  lifeline?.on("error", () => {});
  const ending: Ending = { killed: null, code: null, signal: null, complaint: "", peak: 0 };
  stderr.on("data", (chunk: Buffer) => {
    ending.complaint = (ending.complaint + chunk.toString("latin1")).slice(-4096);
  });

  function kill(reason: "memory" | "time" | "asked"): void {
    ending.killed ??= reason;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  }
  const clock = setTimeout(() => kill("time"), limits.milliseconds);
  const watch = watchMemory(child.pid, (bytes) => {
    ending.peak = Math.max(ending.peak, bytes);
    if (bytes > limits.memory) kill("memory");
  });
  const ended = new Promise<Ending>((resolve) => {
    function finish(code: number | null, signal: NodeJS.Signals | null): void {
      clearTimeout(clock);
      clearInterval(watch);
      lifeline?.destroy();
      resolve(Object.assign(ending, { code, signal }));
    }
    child.once("error", (error) => {
      ending.complaint = error.message;
      finish(null, null);
    });
    child.once("close", finish);
    // Whatever the child left behind in its group must not hold its pipes open.
    child.once("exit", () => lifeline?.destroy());
  });
  return { pid: child.pid ?? 0, stdin, stdout, kill: () => kill("asked"), ended };
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder.replace(/\/$/, "");
  }
}

function script({ memory, milliseconds }: SandboxLimits): string {
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1024);
  return [
    // A system that does not know one of them (macOS: -v, -d) says no, and the others hold.
    ...["-c 0", "-f 0", `-t ${Math.ceil(milliseconds / 1000) * 2 + 5}`].map(limit),
    ...(process.platform === "linux"
      ? [`-d ${kilobytes(NODE_DATA + memory)}`, `-v ${kilobytes(NODE_ADDRESSES + memory)}`].map(limit)
      : []),
    WATCH,
    'exec "$@"',
  ].join("\n");
}

const limit = (words: string) => `ulimit ${words} 2>/dev/null`;

function command({ memory }: SandboxLimits): string[] {
  return [
    ...guards(),
    // Some shells export variables of their own (PWD, SHLVL).
    "/usr/bin/env",
    "-i",
    process.execPath,
    `--max-old-space-size=${Math.ceil((memory / MB) * 0.55)}`,
    "--max-semi-space-size=16",
    // The guard regions of WebAssembly would want 10 GB of addresses; Node's own TypeScript loader is such a module.
    "--disable-wasm-trap-handler",
    "--disallow-code-generation-from-strings",
    "--no-addons",
    "--no-warnings",
    "--permission",
    ...[...new Set(READABLE), `${ROOT}package.json`].map((path) => `--allow-fs-read=${path}`),
  ];
}

function watchMemory(pid: number | undefined, seen: (bytes: number) => void): NodeJS.Timeout | undefined {
  if (pid === undefined) return undefined;
  if (process.platform !== "linux") {
    return setInterval(() => {
      execFile("/bin/ps", ["-o", "rss=", "-p", String(pid)], (error, out) => {
        if (!error) seen(Number(out) * 1024);
      });
    }, 500);
  }
  return setInterval(() => {
    readFile(`/proc/${pid}/status`, "latin1").then(
      // The high-water mark, not the moment: a peak between two looks counts too.
      (status) => seen(Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0) * 1024),
      () => {},
    );
  }, 200);
}
