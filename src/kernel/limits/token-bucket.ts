import type { Clock } from "../clock.ts";

/** How fast a class of requests may come: `burst` at once, then `perMinute`. */
export interface Rate {
  readonly perMinute: number;
  readonly burst: number;
  /** Where the count cannot be looked at, such requests are refused; others are then counted by each process alone. */
  readonly strict?: true;
}

export const rates = {
  read: { perMinute: 600, burst: 120 },
  write: { perMinute: 120, burst: 40 },
  upload: { perMinute: 60, burst: 30 },
  ask: { perMinute: 30, burst: 15 },
  stream: { perMinute: 120, burst: 40 },
  public: { perMinute: 120, burst: 60 },
  "key-read": { perMinute: 300, burst: 60 },
  "key-write": { perMinute: 60, burst: 20 },
  "sign-in": { perMinute: 10, burst: 10, strict: true },
} as const satisfies Record<string, Rate>;

export type RateClass = keyof typeof rates;

export interface Taken {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until one token is there again (whole, at least 1 when refused). */
  readonly retryAfter: number;
}

export interface Bucket {
  readonly key: string;
  readonly rate: Rate;
}

/** Answers at once where this process counts alone, so that nobody waits for nothing; else in one round trip. */
export interface Limiter {
  /**
   * Takes a token from the first bucket, and if there was one, from `whole` too. Answers for the first, or for `whole`
   * when that is the one that is empty. Throws, or rejects with, `unavailable` where a strict one cannot be looked at.
   */
  take(key: string, rate: Rate, whole?: Bucket): Taken | Promise<Taken>;
  /** Whether a token is there, without taking it. */
  has(key: string, rate: Rate): boolean | Promise<boolean>;
}

export interface MemoryLimiter extends Limiter {
  take(key: string, rate: Rate, whole?: Bucket): Taken;
  has(key: string, rate: Rate): boolean;
}

/**
 * Token buckets in this process's memory. `capacity` bounds how many are kept: the one longest untouched goes
 * first, and a bucket that has had time to fill up is worth no memory.
 */
export function memoryLimiter(clock: Clock, scale = 1, capacity = 50_000): MemoryLimiter {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const look = (key: string, rate: Rate, now: number) => {
    const burst = rate.burst * scale;
    const perSecond = (rate.perMinute * scale) / 60;
    const bucket = buckets.get(key) ?? { tokens: burst, at: now };
    // A clock that was set back must not hand out tokens, nor take any.
    const elapsed = Math.max(0, now - bucket.at) / 1000;
    return { burst, perSecond, tokens: Math.min(burst, bucket.tokens + elapsed * perSecond) };
  };
  const takeOne = (key: string, rate: Rate): Taken => {
    const now = clock().getTime();
    const { burst, perSecond, tokens } = look(key, rate, now);
    const allowed = tokens >= 1;
    buckets.delete(key);
    buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
    if (buckets.size > capacity) buckets.delete(buckets.keys().next().value as string);
    return {
      allowed,
      limit: burst,
      remaining: Math.floor(allowed ? tokens - 1 : tokens),
      retryAfter: allowed ? 0 : Math.max(1, Math.ceil((1 - tokens) / perSecond)),
    };
  };
  return {
    has: (key, rate) => look(key, rate, clock().getTime()).tokens >= 1,
    take(key, rate, whole) {
      const taken = takeOne(key, rate);
      if (!whole || !taken.allowed) return taken;
      const ofWhole = takeOne(whole.key, whole.rate);
      return ofWhole.allowed ? taken : ofWhole;
    },
  };
}
