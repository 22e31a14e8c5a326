import { createHash } from "node:crypto";
import type { Transport } from "./contract.ts";
import type { Random } from "./random.ts";

export type Ask = {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
  stream?: boolean;
};

/** `status` 0: no answer came, and `body` says why. */
export type Answer = {
  status: number;
  headers: Record<string, string>;
  body: string;
  json: unknown;
  ms: number;
  digest: string;
};

export type Client = {
  /** Repeats after 429 and 5xx, as `Retry-After` asks and within the run's patience, a bounded number of times. */
  send: (ask: Ask, how?: { once?: boolean }) => Promise<Answer>;
  sent: () => number;
};

const ATTEMPTS = 3;
/** So many requests in a row without any answer, and the rest is not sent: a dead server would take hours. */
const DEAD_AFTER = 12;

export type Conduct = {
  ratePerSecond?: number | undefined;
  pace?: { perSecond: number; jitter: number } | undefined;
  headers?: Record<string, string> | undefined;
  patienceMs: number;
  withinMs: number;
  signal?: AbortSignal | undefined;
  random: Random;
};

export function openClient(request: Transport, conduct: Conduct): Client {
  let sent = 0;
  let silent = 0;
  let patience = conduct.patienceMs;
  let nextSlot = 0;
  const perSecond = conduct.pace?.perSecond ?? conduct.ratePerSecond;
  const jitter = conduct.pace?.jitter ?? 0;
  const until = performance.now() + conduct.withinMs;

  async function pace(): Promise<void> {
    if (perSecond === undefined) return;
    const now = performance.now();
    const slot = Math.max(now, nextSlot);
    const part = jitter === 0 ? 0 : (conduct.random.int(2_001) / 1_000 - 1) * jitter;
    nextSlot = slot + (1000 / perSecond) * (1 + part);
    if (slot > now) await wait(slot - now, conduct.signal);
  }

  /** Why nothing more is sent, or null. */
  function over(): string | null {
    if (performance.now() > until || conduct.signal?.aborted) return "the time for this run is over";
    return silent >= DEAD_AFTER ? "the server has stopped answering" : null;
  }

  async function once(ask: Ask): Promise<Answer> {
    if (over() === null) await pace();
    // Asked again after the wait: others may have been told to end meanwhile.
    const body = over();
    if (body !== null) return { status: 0, headers: {}, body, json: undefined, ms: 0, digest: digestOf(ask) };
    sent++;
    const answer = await exchange(request, ask);
    silent = answer.status === 0 ? silent + 1 : 0;
    return answer;
  }

  async function send(plain: Ask, how: { once?: boolean } = {}): Promise<Answer> {
    const ask = { ...plain, headers: { ...conduct.headers, ...plain.headers } };
    for (let attempt = 1; ; attempt++) {
      const answer = await once(ask);
      const retriable = answer.status === 0 || answer.status === 429 || answer.status >= 500;
      if (!retriable || how.once || attempt === ATTEMPTS || over() !== null) return answer;
      const pause = retryAfterMs(answer) ?? (answer.status === 429 ? 1000 : 50 * attempt);
      if (pause > patience) return answer;
      patience -= pause;
      await wait(pause, conduct.signal);
    }
  }

  return { send, sent: () => sent };
}

async function exchange(request: Transport, ask: Ask): Promise<Answer> {
  const started = performance.now();
  const digest = digestOf(ask);
  try {
    const { status, headers, body } = await request({ ...ask, stream: ask.stream === true });
    const json = /json/.test(headers["content-type"] ?? "") ? parsed(body) : undefined;
    return { status, headers, body, json, ms: performance.now() - started, digest };
  } catch (cause) {
    const body = cause instanceof Error ? cause.message : String(cause);
    return { status: 0, headers: {}, body, json: undefined, ms: performance.now() - started, digest };
  }
}

// Megabytes would cost more to hash than to refuse: of such a body its length and its beginning are enough.
const MOST_HASHED = 65_536;

function digestOf(ask: Ask): string {
  const names = Object.keys(ask.headers).sort().join(",");
  const body = ask.body ?? "";
  return createHash("sha256")
    .update(`${ask.method}\n${ask.path}\n${names}\n`)
    .update(body.length > MOST_HASHED ? `${body.length} ` : "")
    .update(body.length > MOST_HASHED ? body.slice(0, MOST_HASHED) : body)
    .digest("hex")
    .slice(0, 16);
}

function retryAfterMs({ headers }: Answer): number | null {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.max(seconds * 1000, 20) : null;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** As long, or until it is told to end. */
function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end);
  });
}
