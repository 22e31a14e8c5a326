import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { appError } from "../../../kernel/errors.ts";
import type { HashAnswer, HashTask } from "./hash-worker.ts";

// Workers come with the first password and go after a while without one.
const WORKERS = Math.max(1, Math.min(4, availableParallelism() - 1));
const MOST_WAITING = 64;
const IDLE_MS = 30_000;

/** Hashes a new password with argon2id; answers a PHC string. Throws `busy` when too many are waiting. */
export async function hashPassword(password: string): Promise<string> {
  return (await submit({ verb: "hash", password })) as string;
}

/** Whether a password matches a PHC string. With `null` it takes the same time and answers false. */
export async function verifyPassword(password: string, phc: string | null): Promise<boolean> {
  const matches = (await submit({ verb: "verify", password, phc: phc ?? NOBODY })) as boolean;
  return phc !== null && matches;
}

/** How many hashes are waiting or running in this process. */
export const hashesInFlight = (): number => waiting.length + pool.filter((w) => w.busy).length;

// The hash of random bytes that nobody has, with the parameters of all others.
const NOBODY =
  "$argon2id$v=19$m=19456,t=2,p=1$JWq1UTAvWkbBOFZH1T2Ycg$G0mX3mJ9rJYV0QxJ8m0m3n0b0Z1B6q2n8l0a9qVYw1I";

interface Slot {
  readonly worker: Worker;
  busy: Pending | null;
  idle: NodeJS.Timeout | null;
}
interface Pending {
  readonly task: HashTask;
  readonly resolve: (value: string | boolean) => void;
  readonly reject: (error: Error) => void;
}
type Order = { verb: "hash"; password: string } | { verb: "verify"; password: string; phc: string };

const pool: Slot[] = [];
const waiting: Pending[] = [];
let next = 0;

function submit(order: Order): Promise<string | boolean> {
  if (waiting.length >= MOST_WAITING) return Promise.reject(appError("busy", { retryAfter: 3 }));
  return new Promise((resolve, reject) => {
    waiting.push({ task: { ...order, id: next++ }, resolve, reject });
    dispatch();
  });
}

function dispatch(): void {
  while (waiting.length > 0) {
    const slot = pool.find((s) => !s.busy) ?? (pool.length < WORKERS ? startWorker() : null);
    if (!slot) return;
    const pending = waiting.shift() as Pending;
    if (slot.idle) clearTimeout(slot.idle);
    slot.busy = pending;
    slot.worker.ref();
    slot.worker.postMessage(pending.task);
  }
}

function startWorker(): Slot {
  const worker = new Worker(new URL("./hash-worker.ts", import.meta.url), { env: {} });
  const slot: Slot = { worker, busy: null, idle: null };
  worker.on("message", (answer: HashAnswer) => {
    const pending = slot.busy;
    slot.busy = null;
    if ("error" in answer) pending?.reject(new Error(answer.error));
    else pending?.resolve(answer.value);
    slot.worker.unref();
    slot.idle = setTimeout(() => retire(slot), IDLE_MS);
    slot.idle.unref();
    dispatch();
  });
  worker.on("error", (error: Error) => {
    retire(slot);
    slot.busy?.reject(error);
    dispatch();
  });
  pool.push(slot);
  return slot;
}

function retire(slot: Slot): void {
  const at = pool.indexOf(slot);
  if (at >= 0) pool.splice(at, 1);
  void slot.worker.terminate();
}
