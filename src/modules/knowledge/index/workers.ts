import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { appError } from "../../../kernel/errors.ts";
import type { Answer, Order, Reply } from "./worker.ts";

// Workers come with the first work and go after a while without any. Each does one order after the other; what belongs
// together (a merge) stays with one of them.
const MOST_WORKERS = availableParallelism() > 2 ? 2 : 1;
const MOST_WAITING = 64;
const IDLE_MS = 30_000;
const MOST_MEGABYTES = 768;

/** What one order may take. A few hundred passages take a second. Changed by tests only. */
export const limits = { orderMs: 30_000 };

/** The order took longer than any honest text does, or took the worker's memory: it was ended in the middle. */
export class TookTooLong extends Error {}

/** A worker of the pool; gone when it was ended, with all that it had begun. */
export interface IndexWorker {
  /** Throws `TookTooLong`, `busy`, or what the worker met. */
  do(order: Order, transfer?: readonly ArrayBuffer[]): Promise<Answer>;
}

interface Pending {
  readonly order: Order;
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Slot extends IndexWorker {
  readonly waiting: Pending[];
  readonly isIdle: () => boolean;
}

const pool: Slot[] = [];

/** The worker with the least to do. */
export function indexWorker(): IndexWorker {
  const idle = pool.find((slot) => slot.isIdle());
  if (idle) return idle;
  if (pool.length < MOST_WORKERS) return startWorker();
  return pool.reduce((least, slot) => (slot.waiting.length < least.waiting.length ? slot : least));
}

function startWorker(): Slot {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
  });
  const waiting: Pending[] = [];
  let ready = false;
  let ended: Error | null = null;
  let current: (Pending & { readonly id: number }) | null = null;
  let timer: NodeJS.Timeout | null = null;
  let next = 0;

  const rest = () => {
    if (timer) clearTimeout(timer);
    timer = null;
  };
  const end = (error: Error, ofOthers: Error = error) => {
    if (ended) return;
    ended = ofOthers;
    rest();
    pool.splice(pool.indexOf(slot), 1);
    void worker.terminate();
    current?.reject(error);
    for (const { reject } of waiting.splice(0)) reject(ofOthers);
  };
  const dispatch = () => {
    if (!ready || current || ended) return;
    const first = waiting.shift();
    if (!first) {
      worker.unref();
      timer = setTimeout(() => end(new Error("idle")), IDLE_MS);
      timer.unref();
      return;
    }
    rest();
    current = { ...first, id: next++ };
    worker.ref();
    // The others did nothing: they are tried again, elsewhere.
    timer = setTimeout(
      () =>
        end(new TookTooLong("indexing took too long"), new Error("the worker was ended for another's text")),
      limits.orderMs,
    );
    worker.postMessage({ id: current.id, order: first.order }, [...first.transfer]);
  };
  worker.on("message", (reply: Reply) => {
    if (reply === "ready") ready = true;
    else {
      const done = current;
      current = null;
      rest();
      if ("answer" in reply) done?.resolve(reply.answer);
      else done?.reject(new Error(reply.error));
    }
    dispatch();
  });
  worker.on("error", (error: Error & { code?: string }) => {
    const outOfMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
    end(
      outOfMemory ? new TookTooLong("indexing took too much memory") : error,
      new Error("the worker ended"),
    );
  });
  worker.on("exit", () => end(new Error("the worker ended")));

  const slot: Slot = {
    waiting,
    isIdle: () => ended === null && current === null && waiting.length === 0,
    do: (order, transfer = []) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        if (waiting.length >= MOST_WAITING) return reject(appError("busy", { retryAfter: 3 }));
        waiting.push({ order, transfer, resolve, reject });
        dispatch();
      }),
  };
  pool.push(slot);
  return slot;
}
