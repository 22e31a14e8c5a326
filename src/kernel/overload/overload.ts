import { getHeapStatistics } from "node:v8";
import type { FastifyInstance } from "fastify";
import type pg from "pg";
import type { Config } from "../config.ts";
import { waitingFor } from "../database/together.ts";
import { appError } from "../errors.ts";
import type { System } from "../system.ts";

/** Beyond any of these, requests are refused before they cost anything. */
export interface Bounds {
  /** Open connections: each can have one request under way. */
  readonly connections: number;
  /** Units of work that wait for the database. */
  readonly waiting: number;
  /** Milliseconds that the event loop is late, on average. */
  readonly lateMs: number;
  /** Bytes of this process, and of its heap. */
  readonly rss: number;
  readonly heap: number;
}

const LOOK_EVERY = 100;
const RETRY_AFTER = 3;
const MB = 1024 * 1024;
/** Of what a process may have, so much is used before it refuses: the rest is for what it has begun. */
const PART = 0.85;

export function boundsOf({ memoryLimit }: Pick<Config, "memoryLimit">): Bounds {
  const constrained = process.constrainedMemory();
  const limit = memoryLimit ? memoryLimit * MB : constrained > 0 ? constrained : Number.POSITIVE_INFINITY;
  return {
    connections: 4000,
    waiting: 1000,
    lateMs: 2500,
    rss: limit * PART,
    heap: getHeapStatistics().heap_size_limit * PART,
  };
}

export interface Load {
  readonly connections: number;
  readonly waiting: number;
  readonly lateMs: number;
  /** Why requests are refused at this moment; null: they are not. */
  readonly refusing: keyof Bounds | null;
  /** How many were refused so far. */
  readonly refused: number;
}

/**
 * Answers 503 with Retry-After to every request while one of the bounds is passed; all but the questions of health. While
 * none is, a request costs one look at a variable.
 */
export function mountOverload(app: FastifyInstance, system: System, bounds: Bounds): () => Load {
  let connections = 0;
  let lateMs = 0;
  let refusing: keyof Bounds | null = null;
  let refused = 0;
  app.server.on("connection", (socket) => {
    connections++;
    socket.once("close", () => {
      connections--;
    });
  });
  // Beyond this not even a refusal is affordable: the system's own queue of connections holds the others back.
  app.server.maxConnections = bounds.connections * 2;

  let due = performance.now() + LOOK_EVERY;
  const look = () => {
    const now = performance.now();
    lateMs = (lateMs + Math.max(0, now - due)) / 2;
    due = now + LOOK_EVERY;
    const before = refusing;
    refusing = passed({ connections, lateMs, pool: system.pool }, bounds);
    if (refusing === before) return;
    if (refusing) system.log.warn({ bound: refusing, ...memory() }, "too much to do: requests are refused");
    else system.log.warn({ refused }, "requests are taken again");
  };
  const timer = setInterval(look, LOOK_EVERY).unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(timer);
    done();
  });
  const { message } = appError("busy");
  app.addHook("onRequest", (request, reply, done) => {
    if (refusing === null || isHealth(request.url)) return done();
    refused++;
    void reply
      .code(503)
      .headers({ "retry-after": RETRY_AFTER, "cache-control": "no-store", connection: "close" })
      .type("application/json; charset=utf-8")
      .serializer(JSON.stringify)
      .send({ error: { code: "busy", message, requestId: request.id } });
  });
  return () => ({ connections, waiting: waitingFor(system.pool), lateMs, refusing, refused });
}

function passed(
  now: { connections: number; lateMs: number; pool: pg.Pool },
  bounds: Bounds,
): keyof Bounds | null {
  if (now.connections > bounds.connections) return "connections";
  if (waitingFor(now.pool) > bounds.waiting) return "waiting";
  if (now.lateMs > bounds.lateMs) return "lateMs";
  const { rss, heapUsed } = memory();
  if (rss > bounds.rss) return "rss";
  if (heapUsed > bounds.heap) return "heap";
  return null;
}

function memory(): { rss: number; heapUsed: number } {
  const { used_heap_size: heapUsed } = getHeapStatistics();
  return { rss: process.memoryUsage.rss(), heapUsed };
}

const isHealth = (url: string): boolean => url === "/healthz" || url === "/readyz";
