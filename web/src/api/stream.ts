import { csrfOf, urlOf, withSession } from "./client.ts";
import { errorFrom, isApiError, unreachable } from "./errors.ts";

export type StreamEvent = { event: string; data: unknown; id: string };

/**
 * Server-sent events over fetch, so that the session can be renewed and headers sent. Reconnects with
 * `Last-Event-ID` after 0.5 s, 1 s, 2 s … at most 15 s, until `onEvent` returns "stop", the signal aborts, or
 * the server refuses (4xx), which goes to `onRefused`. Reconnections are marked as background.
 */
export function followStream(
  slug: string,
  path: string,
  handlers: {
    onEvent: (event: StreamEvent) => "stop" | undefined;
    onRefused?: (error: unknown) => void;
    onConnection?: (connected: boolean) => void;
    background?: boolean;
  },
): () => void {
  const abort = new AbortController();
  void follow(slug, path, handlers, abort.signal);
  return () => abort.abort();
}

async function follow(
  slug: string,
  path: string,
  handlers: Parameters<typeof followStream>[2],
  signal: AbortSignal,
): Promise<void> {
  let lastId = "";
  let failures = 0;
  let background = handlers.background ?? false;
  while (!signal.aborted) {
    try {
      const response = await withSession(slug, () => open(slug, path, lastId, background, signal));
      handlers.onConnection?.(true);
      for await (const event of eventsOf(response)) {
        failures = 0;
        if (event.id) lastId = event.id;
        if (handlers.onEvent(event) === "stop") return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isApiError(error) && error.status >= 400 && error.status < 500 && error.status !== 429) {
        handlers.onRefused?.(error);
        return;
      }
    }
    handlers.onConnection?.(false);
    background = true;
    failures += 1;
    await pause(Math.min(15_000, 250 * 2 ** Math.min(failures, 6)), signal);
  }
}

async function open(slug: string, path: string, lastId: string, background: boolean, signal: AbortSignal) {
  const headers = new Headers({ accept: "text/event-stream", "x-csrf-token": csrfOf(slug) ?? "" });
  if (lastId) headers.set("last-event-id", lastId);
  if (background) headers.set("x-background", "1");
  const response = await fetch(urlOf(slug, path), { headers, signal, cache: "no-store" }).catch(
    (cause: unknown) => {
      if (signal.aborted) throw cause;
      throw unreachable();
    },
  );
  if (!response.ok) throw await errorFrom(response);
  return response;
}

/** WHATWG HTML, section 9.2.6: fields per line, a blank line ends an event, comments begin with a colon. */
async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  let id = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer = (buffer + value).replaceAll("\r\n", "\n");
      for (let end = buffer.indexOf("\n\n"); end >= 0; end = buffer.indexOf("\n\n")) {
        const block = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        const event = eventOf(block, id);
        if (!event) continue;
        id = event.id;
        yield event;
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function eventOf(block: string, lastId: string): StreamEvent | null {
  let name = "message";
  let id = lastId;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") name = value;
    else if (field === "id") id = value;
    else if (field === "data") data.push(value);
  }
  if (!data.length) return null;
  try {
    return { event: name, data: JSON.parse(data.join("\n")), id };
  } catch {
    return null;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
