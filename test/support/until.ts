import { setTimeout as sleep } from "node:timers/promises";

/** Asks until it is so, for what a queue or a stream does in its own time. */
export async function until(holds: () => Promise<boolean>, seconds = 20): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await holds()); await sleep(25))
    if (Date.now() > end) throw new Error("it did not happen in time");
}
