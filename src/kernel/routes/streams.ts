import type { Ctx } from "../context.ts";
import { tenantOf } from "../context.ts";
import { appError } from "../errors.ts";
import type { System } from "../system.ts";

/** How many streams may be open at once in one process (of a session or an API key), and for how long (milliseconds) each. */
export const streamLimits = { ofSession: 6, ofTenant: 200, ofProcess: 2000, life: 30 * 60_000 } as const;

/**
 * Counts a stream in for as long as the other side stays. The answer ends with `gone`, and at the latest when the
 * stream has lived its time, or the process ends: its reader comes back with Last-Event-ID and is asked for their rights
 * as anyone is. Throws `rate_limited` when the session, the API key or the tenant has as many as it may, `busy` when the
 * process has.
 */
export function openStream(ctx: Ctx, gone: AbortSignal): AbortSignal {
  if (gone.aborted) return gone;
  const open = openIn(ctx.system);
  const [session, tenant] = [readerOf(ctx), `t:${tenantOf(ctx).id}`];
  if (open.of(session) >= streamLimits.ofSession) {
    throw appError("rate_limited", {
      message: "Too many streams are open here. Close one of them.",
      retryAfter: 5,
    });
  }
  if (open.of(tenant) >= streamLimits.ofTenant) {
    throw appError("rate_limited", {
      message: "Too many streams are open in this workspace. Try again in a moment.",
      retryAfter: 15,
    });
  }
  if (open.of(ALL) >= streamLimits.ofProcess) throw appError("busy", { retryAfter: 5 });
  const counted = [session, tenant, ALL];
  for (const key of counted) open.add(key, 1);
  gone.addEventListener(
    "abort",
    () => {
      for (const key of counted) open.add(key, -1);
    },
    { once: true },
  );
  return AbortSignal.any([gone, ctx.system.ending, AbortSignal.timeout(streamLimits.life)]);
}

const ALL = "all";

/** How many streams are open in this process. */
export const openStreams = (system: System): number => openIn(system).of(ALL);

function readerOf({ actor }: Ctx): string {
  if (actor.kind === "member") return `s:${actor.sessionId}`;
  if (actor.kind === "key") return `k:${actor.keyId}`;
  throw new Error("a stream belongs to a session or an API key");
}

const counts = new WeakMap<System, ReturnType<typeof counter>>();

function openIn(system: System): ReturnType<typeof counter> {
  const known = counts.get(system) ?? counter();
  counts.set(system, known);
  return known;
}

function counter() {
  const numbers = new Map<string, number>();
  return {
    of: (key: string) => numbers.get(key) ?? 0,
    add(key: string, by: number) {
      const now = (numbers.get(key) ?? 0) + by;
      if (now > 0) numbers.set(key, now);
      else numbers.delete(key);
    },
  };
}
