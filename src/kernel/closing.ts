import type { Logger } from "./log.ts";

/** How what was opened is closed, in the order in which it was opened. */
export type Closing = (() => unknown)[];

/**
 * Opens several things one after the other. When one fails, those before it are closed, the last first: a connection
 * that stays open would keep a process alive that could not start. `close` does the same later, once.
 */
export async function closingAfterFailure<T>(
  open: (closing: Closing, close: () => Promise<void>) => Promise<T>,
  log: Logger,
): Promise<T> {
  const closing: Closing = [];
  const close = async () => {
    const failed: unknown[] = [];
    // Each by itself: what cannot be closed leaves nothing else open.
    for (const step of closing.splice(0).reverse())
      try {
        await step();
      } catch (error) {
        failed.push(error);
      }
    if (failed.length > 0) throw failed[0];
  };
  try {
    return await open(closing, close);
  } catch (error) {
    await close().catch((err: unknown) => log.warn({ err }, "what was begun could not be ended"));
    throw error;
  }
}
