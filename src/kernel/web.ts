import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import serveStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { appError } from "./errors.ts";
import { newId } from "./ids.ts";

/**
 * Headers of every answer. Nothing comes from elsewhere, nothing is inline, nobody may frame us. They are those of
 * helmet, which would put them together anew for each answer, and so cost as much as a query.
 */
export function mountHeaders(app: FastifyInstance, ending: AbortSignal): void {
  let headers: Record<string, string> = HEADERS;
  // Whoever keeps a connection to a process that is ending opens the next one elsewhere.
  ending.addEventListener(
    "abort",
    () => {
      headers = { ...HEADERS, connection: "close" };
    },
    { once: true },
  );
  app.addHook("onRequest", (_request, reply, done) => {
    void reply.headers(headers);
    done();
  });
}

const HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join(";"),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "origin-agent-cluster": "?1",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "x-download-options": "noopen",
  "x-frame-options": "DENY",
  "x-permitted-cross-domain-policies": "none",
  "x-xss-protection": "0",
} as const;

const BARE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
} as const;

/** The same for an address that cannot be read: such a request is answered before any hook. */
export function setBareHeaders(reply: FastifyReply): void {
  void reply.headers(BARE_HEADERS);
}

/** Answers what is not HTTP at all, for which there is neither request nor reply. */
export function refuseUnreadable(error: { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const { message } = appError("bad_request");
  const body = JSON.stringify({ error: { code: "bad_request", message, requestId: newId() } });
  const headers = {
    ...BARE_HEADERS,
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(["HTTP/1.1 400 Bad Request", ...lines, "", body].join("\r\n"));
}

/** The single-page app: its files, and its first page for every path that is not the API's. */
export async function mountWeb(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, "index.html"))) {
    app.log.warn({ folder }, "the web app is not built; only the API is served");
    return;
  }
  const page = await readFile(join(folder, "index.html"), "utf8");
  await app.register(serveStatic, { root: folder, serve: false });
  app.get("/assets/*", { exposeHeadRoute: false, logLevel: "warn" }, (request, reply) => {
    const name = `assets/${(request.params as { "*": string })["*"]}`;
    return reply.sendFile(name, folder, { immutable: true, maxAge: "365d" });
  });
  for (const path of ["/", "/set-up", "/outbox", "/security", "/t/*"]) {
    app.get(path, { exposeHeadRoute: false, logLevel: "warn" }, (_request, reply) =>
      reply.type("text/html; charset=utf-8").header("cache-control", "no-cache").send(page),
    );
  }
  // A browser that went astray gets a page that says so; everything else an error in JSON.
  app.get("/*", { exposeHeadRoute: false, logLevel: "warn" }, (request, reply) => {
    const wantsPage = request.headers.accept?.includes("text/html") && !request.url.startsWith("/api/");
    if (!wantsPage) throw appError("not_found");
    return reply.code(404).type("text/html; charset=utf-8").header("cache-control", "no-cache").send(page);
  });
}
