import http from "node:http";
import https from "node:https";
import type { Transport, WireRequest, WireResponse } from "./contract.ts";

const BODY_LIMIT = 2_000_000;
/** An answer longer than this is no answer. */
const ABSURD = 16_000_000;
const TIMEOUT_MS = 10_000;

/** HTTP over kept-alive connections to one origin. Bodies are cut at 2 MB; no redirect is followed. */
export function openWire(origin: string, silentMs = TIMEOUT_MS): { request: Transport; close: () => void } {
  const base = new URL(origin);
  const module = base.protocol === "https:" ? https : http;
  const agent = new module.Agent({ keepAlive: true, maxSockets: 8 });
  return {
    request: (request) => exchange(module, agent, base, request, silentMs),
    close: () => agent.destroy(),
  };
}

function exchange(
  module: typeof http | typeof https,
  agent: http.Agent,
  base: URL,
  request: WireRequest,
  silentMs: number,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const length = request.body === null ? 0 : Buffer.byteLength(request.body);
    const headers: Record<string, string> = { ...request.headers };
    if (request.body !== null) headers["content-length"] = String(length);
    const outgoing = module.request({
      agent,
      host: base.hostname.replace(/^\[|\]$/g, ""),
      port: base.port || (base.protocol === "https:" ? 443 : 80),
      method: request.method,
      // As given: the point of some probes is a path that a URL parser would tidy up.
      path: request.path,
      headers,
      timeout: silentMs,
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    const whole = setTimeout(
      () => outgoing.destroy(new Error("no whole answer in time")),
      3 * silentMs,
    ).unref();
    outgoing.on("close", () => clearTimeout(whole));
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const status = incoming.statusCode ?? 0;
      const head = flat(incoming.headers);
      const answer = (body: string) => resolve({ status, headers: head, body });
      if (request.stream && status < 300) {
        incoming.on("error", () => {});
        incoming.destroy();
        return answer("");
      }
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on("data", (chunk: Buffer) => {
        if (size < BODY_LIMIT) chunks.push(chunk);
        size += chunk.length;
        if (size > ABSURD) incoming.destroy(new Error("an answer without an end"));
      });
      incoming.on("close", () => reject(new Error("the answer broke off")));
      incoming.on("end", () => answer(Buffer.concat(chunks).toString("utf8")));
      incoming.on("error", reject);
    });
    if (length > 200_000 && request.body !== null) trickle(outgoing, Buffer.from(request.body));
    else outgoing.end(request.body ?? undefined);
  });
}

/** A stream of events as it comes in. */
export type Stream = { status: number; text: () => string; ended: () => boolean; close: () => void };

/** Opens a stream on a connection of its own; answers when its head is there. Rejects when none comes. */
export function openStream(base: URL, path: string, headers: Record<string, string>): Promise<Stream> {
  const module = base.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const host = base.hostname.replace(/^\[|\]$/g, "");
    const port = base.port || (base.protocol === "https:" ? 443 : 80);
    const outgoing = module.request({ agent: false, host, port, path, headers });
    const late = setTimeout(() => outgoing.destroy(new Error("no stream in time")), TIMEOUT_MS);
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      clearTimeout(late);
      let [text, ended] = ["", false];
      incoming.on("data", (chunk: Buffer) => {
        if (text.length < BODY_LIMIT) text += chunk.toString("utf8");
      });
      incoming.on("error", () => {});
      incoming.on("close", () => {
        ended = true;
      });
      const close = () => outgoing.destroy();
      resolve({ status: incoming.statusCode ?? 0, text: () => text, ended: () => ended, close });
    });
    outgoing.end();
  });
}

// Who refuses megabytes does so by their announced length: it gets a moment before most of them are sent.
const LARGE = 1_000_000;
const MOMENT_MS = 1_000;

/** A server that refuses a large body answers before it is all there: stop sending then, and read. */
function trickle(outgoing: http.ClientRequest, body: Buffer): void {
  let answered = false;
  let at = 0;
  outgoing.on("response", () => {
    answered = true;
  });
  const more = () => {
    if (answered || outgoing.destroyed) return;
    if (at >= body.length) return void outgoing.end();
    const flowing = outgoing.write(body.subarray(at, at + 65_536));
    const isFirst = at === 0;
    at += 65_536;
    if (isFirst && body.length > LARGE) setTimeout(more, MOMENT_MS).unref();
    else if (flowing) setImmediate(more);
    else outgoing.once("drain", more);
  };
  more();
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join("\n") : (value ?? ""),
    ]),
  );
}
