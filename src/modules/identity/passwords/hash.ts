import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { appError } from "../../../kernel/errors.ts";
import { COST, MOST_BYTES } from "./bcrypt.ts";
import type { HashAnswer, HashOrder, HashTask } from "./hash-worker.ts";
import { type Algorithm, nobodysOf } from "./stored.ts";

// Workers come with the first password and go after a while without one.
const WORKERS = Math.max(1, Math.min(4, availableParallelism() - 1));
const MOST_WAITING = 64;
const IDLE_MS = 30_000;

/**
 * Hashes a new password; answers a PHC string, or bcrypt's own form. Throws `busy` when too many are waiting, and
 * `password_policy` for what bcrypt would cut off.
 */
export async function hashPassword(password: string, algorithm: Algorithm = "argon2id"): Promise<string> {
  if (algorithm === "bcrypt" && !fitsBcrypt(password)) {
    const message = `Use at most ${MOST_BYTES} bytes: letters beyond A to Z take two to four each.`;
    throw appError("password_policy", { message, fields: { password: message } });
  }
  return (await submit({ verb: "hash", password, algorithm })).value as string;
}

/** Whether bcrypt sees all of a password: it stops after 72 bytes, and at a NUL. */
export function fitsBcrypt(password: string): boolean {
  return Buffer.byteLength(password.normalize("NFKC")) <= MOST_BYTES && !password.includes("\0");
}

/**
 * Whether a password matches a stored hash. With `null` it answers false. A "no" comes no sooner than the costliest
 * of the hashes of this installation takes (`expectCosts`): hashes from elsewhere cost more or less than ours, and
 * the time would tell who has one.
 */
export async function verifyPassword(
  password: string,
  stored: string | null,
  algorithm: Algorithm = "argon2id",
): Promise<boolean> {
  const { value, ms } = await submit({ verb: "verify", password, stored: stored ?? NOBODY[algorithm] });
  if (stored !== null && value === true) return true;
  if (slowest > ms) await sleep(slowest - ms);
  return false;
}

/** Throws `busy` when a password could not be looked at anyway: before anything else is done for it. */
export function checkNotBusy(): void {
  if (waiting.length >= MOST_WAITING) throw appError("busy", { retryAfter: 3 });
}

/** How many hashes are waiting or running in this process. */
export const hashesInFlight = (): number => waiting.length + pool.filter((w) => w.busy).length;

// Milliseconds that a "no" takes at least; 0 while all hashes are of our own kind.
let slowest = 0;
const measured = new Set<string>();
// A measured time is exceeded by every other one.
const MARGIN = 1.3;

/** Learns that hashes of these costs are in use, and how long they take here. */
export async function expectCosts(costs: Iterable<string>): Promise<void> {
  for (const cost of costs) {
    const nobodys = measured.has(cost) ? null : nobodysOf(cost);
    if (!nobodys) continue;
    measured.add(cost);
    try {
      // Twice: the first one has a worker start, and the engine compile.
      const times = [await timeOf(nobodys), await timeOf(nobodys)];
      slowest = Math.max(slowest, Math.min(...times) * MARGIN);
    } catch (error) {
      measured.delete(cost);
      throw error;
    }
  }
}

const timeOf = async (stored: string) => (await submit({ verb: "verify", password: "", stored })).ms;

// The hashes of random bytes that nobody has, with the parameters of all others.
const NOBODY: Readonly<Record<Algorithm, string>> = {
  argon2id:
    "$argon2id$v=19$m=19456,t=2,p=1$JWq1UTAvWkbBOFZH1T2Ycg$G0mX3mJ9rJYV0QxJ8m0m3n0b0Z1B6q2n8l0a9qVYw1I",
  bcrypt: nobodysOf(`bcrypt-${COST}`) ?? "",
};

interface Slot {
  readonly worker: Worker;
  busy: Pending | null;
  idle: NodeJS.Timeout | null;
}
interface Pending {
  readonly task: HashTask;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
}
interface Done {
  readonly value: string | boolean;
  readonly ms: number;
}

const pool: Slot[] = [];
const waiting: Pending[] = [];
let next = 0;

async function submit(order: HashOrder): Promise<Done> {
  checkNotBusy();
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
    else pending?.resolve(answer);
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
