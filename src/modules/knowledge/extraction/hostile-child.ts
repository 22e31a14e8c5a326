// What a document that took its reader over might do; sandbox.test.ts runs it in the place of child.ts.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { cpus, networkInterfaces } from "node:os";
import { Worker } from "node:worker_threads";

const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`);
const attempt = (act: () => unknown) => {
  try {
    return { done: act() ?? null };
  } catch (error) {
    return { refused: error instanceof Error && "code" in error ? error.code : String(error) };
  }
};

const acts: Record<string, () => unknown> = {
  "look around": () =>
    say({
      environment: Object.keys(process.env),
      folder: process.cwd(),
      interfaces: Object.keys(networkInterfaces()),
      cores: cpus().length > 0,
      passwd: attempt(() => readFileSync("/etc/passwd", "utf8").length),
      home: attempt(() => readdirSync(process.argv[3] ?? "/")),
      write: attempt(() => writeFileSync("/tmp/vouchsafe-was-here", "x")),
      run: attempt(() => spawnSync("/bin/true").error),
      worker: attempt(() => new Worker("1", { eval: true })),
      code: attempt(() => new Function("return 1")()),
      user: process.getuid?.(),
      signal: attempt(() => process.kill(process.ppid, 0)),
    }),
  connect: () => {
    const socket = connect(Number(process.argv[3]), "127.0.0.1");
    socket
      .on("connect", () => say("connected"))
      .on("error", (error: NodeJS.ErrnoException) => say(error.code));
  },
  "fill buffers": () => {
    const kept: Buffer[] = [];
    for (;;) kept.push(Buffer.alloc(10_000_000, 1));
  },
  "fill heap": () => {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })));
  },
  spin: () => {
    for (;;);
  },
  // Takes no notice of its input ending or of polite signals.
  linger: () => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
    setInterval(() => {}, 1000);
    say(process.pid);
  },
  "say nonsense": () => writeSync(1, "}{\n"),
  "say too much": () => {
    const line = `${JSON.stringify({ type: "block", kind: "paragraph", text: "x".repeat(60_000), page: null })}\n`;
    for (;;) writeSync(1, line);
  },
  "say one endless line": () => {
    for (;;) writeSync(1, "x".repeat(60_000));
  },
  "say forbidden characters": () => {
    say({ type: "block", kind: "paragraph", text: "a\u0000b", page: null });
    say({ type: "end" });
  },
  "say page 7 of 2": () => {
    say({ type: "pages", count: 2 });
    say({ type: "block", kind: "paragraph", text: "x", page: 7 });
    say({ type: "end" });
  },
  "complain without end": () => {
    for (let i = 0; i < 400; i++) writeSync(2, "y".repeat(60_000));
    say({ type: "end" });
  },
  "stop halfway": () => {
    say({ type: "block", kind: "paragraph", text: "x", page: null });
    process.exit(0);
  },
};

acts[process.argv[2] ?? ""]?.();
