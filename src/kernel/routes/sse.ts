import type { ServerResponse } from "node:http";
import type { StreamEvent } from "./contract.ts";
import { streamLimits } from "./streams.ts";

const KEEP_ALIVE_MS = 15_000;
/** A source ends by itself when its stream has lived its time; a reader who takes nothing keeps it from that. */
const GRACE_MS = 30_000;

/**
 * Writes server-sent events (WHATWG HTML, section 9.2) until the source ends or the other side goes away.
 * A slow reader makes the source wait; nothing is buffered for it. One that ends with its server (`ending`) tells its
 * reader to come back at once: another process is there, or soon will be.
 */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<StreamEvent>,
  gone: AbortSignal,
  life: number = streamLimits.life,
  ending?: AbortSignal,
  /** Is given each event before it leaves. */
  shown: (frame: string) => void = () => {},
): Promise<void> {
  const keepAlive = setInterval(() => response.write(": still here\n\n"), KEEP_ALIVE_MS);
  const last = setTimeout(() => response.destroy(), life + GRACE_MS).unref();
  try {
    for await (const { event, data, id } of events) {
      if (gone.aborted) break;
      const frame = `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      shown(frame);
      if (!response.write(frame)) await drained(response, gone);
    }
    if (ending?.aborted && !gone.aborted) response.write("retry: 250\n\n");
  } finally {
    clearInterval(keepAlive);
    clearTimeout(last);
    response.end();
  }
}

function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      gone.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    gone.addEventListener("abort", done, { once: true });
  });
}
