import type { Server } from "node:http";

const LOOK_MS = 25;

/**
 * Takes no more connections, closes the idle ones, and waits for those on which an answer is under way, `atMost`
 * milliseconds. Answers whether all have ended.
 */
export function drain(server: Server, atMost: number): Promise<boolean> {
  if (!server.listening) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (all: boolean) => {
      clearInterval(look);
      clearTimeout(late);
      resolve(all);
    };
    const late = setTimeout(() => end(false), atMost);
    // One that was told to stay open before, and is idle from now on, would be waited for in vain.
    const look = setInterval(() => server.closeIdleConnections(), LOOK_MS);
    server.close(() => end(true));
  });
}
