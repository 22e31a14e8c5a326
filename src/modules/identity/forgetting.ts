import { minutes } from "../../kernel/clock.ts";
import type { System } from "../../kernel/system.ts";

const EVERY = minutes(24 * 60);
const FIRST_AFTER = minutes(2);

/**
 * Deletes, daily and shortly after the start, what is only kept for a while: old notices, links, counts, browsers.
 * Answers how to stop.
 */
export function keepForgetting(system: System): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  const forget = () => {
    running ??= forgetOld(system)
      .catch((error: unknown) => system.log.error({ err: error }, "old notices could not be deleted"))
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(forget, FIRST_AFTER).unref();
  const timer = setInterval(forget, EVERY).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

/** Deletes once, in all workspaces; answers how many rows went. */
export async function forgetOld(system: System): Promise<number> {
  const { rows } = await system.pool.query<{ forgotten: string }>(
    "select directory.forget_old($1) as forgotten",
    [system.clock()],
  );
  const forgotten = Number(rows[0]?.forgotten ?? 0);
  if (forgotten > 0) system.log.info({ forgotten }, "what was only kept for a while is deleted");
  return forgotten;
}
