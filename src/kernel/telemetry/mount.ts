import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { FastifyInstance } from "fastify";
import { reveal, type Secret } from "../secret.ts";
import type { System } from "../system.ts";
import type { Telemetry } from "./telemetry.ts";

/** Measures every request, and with METRICS_TOKEN answers /metrics. Adds nothing where nothing is measured. */
export function mountTelemetry(app: FastifyInstance, { telemetry, config }: System): void {
  if (!telemetry) return;
  const ends = new WeakMap<object, ReturnType<Telemetry["request"]>>();
  app.addHook("onRequest", (request, _reply, done) => {
    ends.set(request, telemetry.request(request.id));
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { method, routeOptions } = request;
    // What meets no route has no pattern, and its address is anybody's.
    const route = routeOptions.url ?? "none";
    ends.get(request)?.({ method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
    done();
  });
  const { metricsToken } = config;
  if (!metricsToken) return;
  app.get("/metrics", { exposeHeadRoute: false, logLevel: "warn" }, async (request, reply) => {
    void reply.header("cache-control", "no-store");
    if (!holds(metricsToken, request.headers.authorization)) return reply.code(401).send();
    const { type, text } = await telemetry.metrics();
    return reply.type(type).send(text);
  });
}

/** A listener of its own for those inside: metrics and health. With METRICS_TOKEN it asks for it, too. */
export function internalServer({ telemetry, config }: System, isReady: () => Promise<boolean>): Server {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 10_000 },
    async (request, response) => {
      const answer = (status: number, text: string, type = "application/json") =>
        response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(text);
      if (request.method !== "GET") return answer(405, "");
      if (request.url === "/healthz") return answer(200, '{"ok":true}');
      if (request.url === "/readyz") {
        const ok = await isReady();
        return answer(ok ? 200 : 503, JSON.stringify({ ok }));
      }
      if (request.url !== "/metrics" || !telemetry) return answer(404, "");
      if (config.metricsToken && !holds(config.metricsToken, request.headers.authorization))
        return answer(401, "");
      const { type, text } = await telemetry.metrics();
      answer(200, text, type);
    },
  );
  server.maxConnections = 100;
  return server;
}

const digest = (text: string) => createHash("sha256").update(text).digest();

function holds(token: Secret, authorization: string | undefined): boolean {
  return timingSafeEqual(digest(`Bearer ${reveal(token)}`), digest(authorization ?? ""));
}
