import { minutes } from "../../../kernel/clock.ts";
import type { System } from "../../../kernel/system.ts";
import { finishErasures } from "../erasure/finishing.ts";
import { forgetErased } from "../erasure/ledger.ts";
import { purgeWorkspaces } from "../workspaces/purging.ts";
import { purgeOld } from "./purging.ts";

const EVERY = minutes(24 * 60);
const FIRST_AFTER = minutes(2);

/**
 * Deletes, daily and shortly after the start, what is only kept for a while, workspaces whose 30 days are over, and what
 * a crash left of a person who is being erased. Answers how to stop.
 */
export function keepRetention(system: System): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  const purge = () => {
    running ??= purgeOnce(system).finally(() => {
      running = null;
    });
  };
  const first = setTimeout(purge, FIRST_AFTER).unref();
  const timer = setInterval(purge, EVERY).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

// Each by itself: what keeps one of them from ending does not keep the others.
async function purgeOnce(system: System): Promise<void> {
  for (const work of [finishErasures, purgeOld, (s: System) => purgeWorkspaces(s), forgetErased])
    await work(system).catch((error: unknown) => system.log.error({ err: error }, "a purge has failed"));
}
