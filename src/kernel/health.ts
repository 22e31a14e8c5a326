import type { FastifyInstance } from "fastify";
import type { System } from "./system.ts";

/** The two routes outside of the table: is the process alive, and can it serve. They tell nothing else. */
export function mountHealth(app: FastifyInstance, system: System): void {
  const isReady = readiness(system);
  app.get("/healthz", { logLevel: "warn" }, async (_request, reply) =>
    reply.header("cache-control", "no-store").send({ ok: true }),
  );
  app.get("/readyz", { logLevel: "warn" }, async (_request, reply) => {
    const ready = await isReady();
    if (!ready) void reply.header("retry-after", 2);
    return reply
      .code(ready ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ ok: ready });
  });
}

/** Whether work can be done here: asked of the database once a second at the most, however often others ask us. */
export function readiness(system: System): () => Promise<boolean> {
  let asked: { at: number; answer: Promise<boolean> } | null = null;
  return () => {
    // A process that is ending gets no new work, so that none is lost with it.
    if (system.ending.aborted) return Promise.resolve(false);
    if (!asked || Date.now() - asked.at > 1000) {
      const answer = system.pool.query("select 1").then(
        () => true,
        () => false,
      );
      asked = { at: Date.now(), answer };
    }
    return asked.answer;
  };
}
