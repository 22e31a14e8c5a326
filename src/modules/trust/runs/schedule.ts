import { minutes } from "../../../kernel/clock.ts";
import type { System } from "../../../kernel/system.ts";
import { asPublic } from "../public-page/reader.ts";
import { latestRun, runChecks } from "./service.ts";

/** A result older than this is stale. */
export const FRESH_FOR = minutes(26 * 60);
const EVERY = minutes(24 * 60);
const FIRST_AFTER = minutes(0.5);
const LOOK_EVERY = minutes(10);

/** Keeps the security page's results fresh: daily, and soon after a new version starts. Answers how to stop. */
export function keepChecking(system: System): () => Promise<void> {
  let running: Promise<void> | null = null;
  const stopping = new AbortController();
  const look = () => {
    running ??= checkIfDue(system, stopping.signal)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) system.log.error({ err: error }, "the checks could not be run");
      })
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(look, FIRST_AFTER).unref();
  const timer = setInterval(look, LOOK_EVERY).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    stopping.abort();
    await running;
  };
}

async function checkIfDue(system: System, ending: AbortSignal): Promise<void> {
  const last = await asPublic(system, (ask) => latestRun(system, ask));
  // A run that nobody here signed says nothing.
  if (last === "forged") return runChecks(system, ending);
  const age = last ? system.clock().getTime() - last.at.getTime() : Number.POSITIVE_INFINITY;
  if (age >= EVERY || last?.version !== system.version) await runChecks(system, ending);
}
