import { Redis } from "ioredis";
import type { Logger } from "../log.ts";

/** Valkey or Redis, which may go away at any time: then a question is answered by null, at once or soon. */
export interface Valkey {
  /** A script, kept by the server under its hash. The answer is null while nothing can be asked. */
  script(text: string): (keys: readonly string[], values: readonly (string | number)[]) => Promise<unknown>;
  close(): void;
}

/** One that hangs keeps no request waiting longer than so many turns of this process's loop, of so many milliseconds. */
const TURNS = 6;
const TURN_MS = 100;
/** After a question that got no answer, no other is asked for so long: not every request waits for the same silence. */
const SILENT_MS = 1000;
const CONNECT_MS = 2000;

/**
 * Opens a connection that comes back by itself. Its loss is said in the log once, and so is its return. Answers when it is
 * there, or known not to be.
 */
export async function openValkey(url: string, log: Logger): Promise<Valkey> {
  const redis = new Redis(url.startsWith("unix:") ? new URL(url).pathname : url, {
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(100 * times, 1000),
    ...tlsOf(url),
  });
  let lost = false;
  let silentUntil = 0;
  const lose = (error: unknown) => {
    silentUntil = Date.now() + SILENT_MS;
    if (lost) return;
    lost = true;
    log.error(
      { err: error },
      "Valkey cannot be reached: sign-in is refused, and other limits count in each process alone",
    );
  };
  // Without a listener it would end the process; each attempt to connect again says the same.
  redis.on("error", (error: unknown) => lose(error));
  await new Promise<void>((resolve) => {
    redis.once("ready", resolve);
    redis.once("error", () => resolve());
    setTimeout(resolve, CONNECT_MS).unref();
  });
  let number = 0;
  return {
    script(text) {
      const name = `vouchsafe${number++}`;
      redis.defineCommand(name, { lua: text });
      const call = (redis as unknown as Record<string, Script>)[name] as Script; // made by the line above
      return async (keys, values) => {
        if (Date.now() < silentUntil) return null;
        // Of all that come while it is silent, one asks.
        if (lost) silentUntil = Date.now() + SILENT_MS;
        try {
          const answer = await inTime(call.call(redis, keys.length, ...keys, ...values));
          silentUntil = 0;
          if (lost) {
            lost = false;
            log.warn({}, "Valkey answers again: limits are counted over all processes");
          }
          return answer;
        } catch (error) {
          lose(error);
          return null;
        }
      };
    },
    close: () => redis.disconnect(),
  };
}

/**
 * Rejects when there is no answer. Counted in turns of the loop, each of which has looked at what came in: a process that
 * was busy with other things for a second has not been kept waiting, and must not take its own lateness for a silence.
 */
async function inTime(answer: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    const turn = (left: number) => {
      timer = setTimeout(
        () => (left > 1 ? turn(left - 1) : setImmediate(reject, new Error("no answer from Valkey"))),
        TURN_MS,
      );
    };
    turn(TURNS);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

type Script = (this: Redis, keys: number, ...rest: (string | number)[]) => Promise<unknown>;

const tlsOf = (url: string) => (url.startsWith("rediss:") ? { tls: { minVersion: "TLSv1.2" as const } } : {});
