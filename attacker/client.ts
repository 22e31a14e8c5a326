import { createHash } from "node:crypto";
import type { Transport } from "./contract.ts";

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
  /** Repeats after 429 (as `Retry-After` asks, within the run's patience) and 5xx, a bounded number of times. */
  send: (ask: Ask, how?: { once?: boolean }) => Promise<Answer>;
  sent: () => number;
};

const ATTEMPTS = 3;

export function openClient(
  request: Transport,
  ratePerSecond: number | undefined,
  patienceMs: number,
): Client {
  let sent = 0;
  let patience = patienceMs;
  let nextSlot = 0;

  async function pace(): Promise<void> {
    if (ratePerSecond === undefined) return;
    const now = performance.now();
    const slot = Math.max(now, nextSlot);
    nextSlot = slot + 1000 / ratePerSecond;
    if (slot > now) await wait(slot - now);
  }

  async function send(ask: Ask, how: { once?: boolean } = {}): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      await pace();
      sent++;
      const answer = await exchange(request, ask);
      const retriable = answer.status === 0 || answer.status === 429 || answer.status >= 500;
      if (!retriable || how.once || attempt === ATTEMPTS) return answer;
      const pause = answer.status === 429 ? retryAfterMs(answer) : 50 * attempt;
      if (pause > patience) return answer;
      patience -= pause;
      await wait(pause);
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

function retryAfterMs(answer: Answer): number {
  const seconds = Number(answer.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.max(seconds * 1000, 20) : 1000;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
