import { setTimeout as sleep } from "node:timers/promises";

// Well above what the work takes, also on a server with much to do.
const STEP_MS = 500;

/**
 * Lets work answer only at whole steps of time after it began, however it went: what it found, or whether there was
 * anything to look in, is then not to be told from how long it took. Nothing is held meanwhile but the request.
 */
export async function evenly<T>(work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await work();
  } finally {
    await sleep(STEP_MS - ((performance.now() - began) % STEP_MS));
  }
}
