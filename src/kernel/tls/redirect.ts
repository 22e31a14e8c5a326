import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { challengePath } from "./files.ts";

const CHALLENGES = "/.well-known/acme-challenge/";
const HOST = /^([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?$/i;

/**
 * The listener without TLS. It serves nothing: whoever asks is sent to https, whoever sends something is refused (it has
 * been readable on the way already), and only ACME's challenges are answered, from the files that all processes share.
 * `origin` is where to: `https://host[:port]`; null: the host that was asked, at `port`.
 */
export function redirectServer(options: { home: string; origin: string | null; port: () => number }): Server {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "", url = "/", headers } = request;
    response.setHeader("connection", "close");
    response.setHeader("cache-control", "no-store");
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end("Use https. Nothing was done.\n");
      request.resume();
      return;
    }
    if (url.startsWith(CHALLENGES)) {
      const path = challengePath(options.home, url.slice(CHALLENGES.length));
      const text = path === null ? null : await readFile(path, "utf8").catch(() => null);
      if (text === null) response.writeHead(404).end();
      else response.writeHead(200, { "content-type": "application/octet-stream" }).end(text);
      return;
    }
    const to = options.origin ?? originOf(headers.host, options.port());
    // Not a path: `GET http://elsewhere/` and the like.
    if (to === null || !url.startsWith("/")) return void response.writeHead(400).end();
    response.writeHead(308, { location: to + url }).end();
  };
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.maxConnections = 500;
  server.setTimeout(10_000);
  return server;
}

function originOf(host: string | undefined, port: number): string | null {
  const name = HOST.exec(host ?? "")?.[1];
  if (!name) return null;
  return `https://${name}${port === 443 ? "" : `:${port}`}`;
}
