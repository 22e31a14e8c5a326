import { createHmac, type KeyObject } from "node:crypto";
import { appError } from "../errors.ts";
import type { Valkey } from "../valkey/connection.ts";
import type { Limiter, MemoryLimiter, Rate, Taken } from "./token-bucket.ts";

/**
 * Takes from up to two buckets in one step that nothing can come between, by the clock of Valkey itself: those of
 * several processes differ. A bucket that has had time to fill up is worth no memory and lapses.
 * KEYS: the buckets. ARGV: per bucket burst and tokens per millisecond; at the end 1 to take, 0 to look.
 * Answers {index of the bucket that answers, allowed, whole tokens left, milliseconds until one is there}.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local take = tonumber(ARGV[#ARGV])
local answer = {}
for i = 1, #KEYS do
  local burst = tonumber(ARGV[2 * i - 1])
  local speed = tonumber(ARGV[2 * i])
  local kept = redis.call('HMGET', KEYS[i], 't', 'a')
  local tokens = burst
  if kept[1] then
    tokens = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * speed)
  end
  local allowed = tokens >= 1
  if take == 1 then
    if allowed then tokens = tokens - 1 end
    redis.call('HSET', KEYS[i], 't', string.format('%.10f', tokens), 'a', string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[i], math.ceil(burst / speed) + 1000)
  end
  local wait = 0
  if not allowed then wait = math.ceil((1 - tokens) / speed) end
  if i == 1 or not allowed then
    answer = { i, allowed and 1 or 0, math.floor(tokens), wait }
  end
  if not allowed then break end
end
return answer
`;

/**
 * Token buckets that several processes share. Valkey sees keyed hashes only: neither networks nor names. While it
 * cannot be reached, strict classes are refused and the others are counted by this process alone.
 */
export function sharedLimiter(valkey: Valkey, alone: MemoryLimiter, name: KeyObject, scale = 1): Limiter {
  const run = valkey.script(TAKE);
  const named = (key: string) =>
    `vouchsafe:rate:${createHmac("sha256", name).update(key).digest("base64url").slice(0, 22)}`;
  const of = ({ burst, perMinute }: Rate) => [burst * scale, (perMinute * scale) / 60_000];

  const ask = async (buckets: readonly { key: string; rate: Rate }[], take: 0 | 1): Promise<Taken | null> => {
    const keys = buckets.map(({ key }) => named(key));
    const answer = await run(keys, [...buckets.flatMap(({ rate }) => of(rate)), take]);
    if (answer === null) return null;
    const [which = 1, allowed = 0, remaining = 0, wait = 0] = answer as number[];
    return {
      allowed: allowed === 1,
      limit: (buckets[which - 1]?.rate.burst ?? 0) * scale,
      remaining,
      retryAfter: allowed === 1 ? 0 : Math.max(1, Math.ceil(wait / 1000)),
    };
  };
  const refuse = () =>
    appError("busy", {
      message:
        "Sign-in is not possible right now: how often it was tried cannot be looked at. Try again in a moment.",
      retryAfter: 5,
    });

  return {
    async take(key, rate, whole) {
      const taken = await ask(whole ? [{ key, rate }, whole] : [{ key, rate }], 1);
      if (taken) return taken;
      if (rate.strict) throw refuse();
      return alone.take(key, rate, whole);
    },
    async has(key, rate) {
      const taken = await ask([{ key, rate }], 0);
      return taken ? taken.allowed : alone.has(key, rate);
    },
  };
}
