import pg from "pg";
import type { Logger } from "../log.ts";

/**
 * A pool that survives the death of the database: idle connections that break are dropped and logged, the
 * next request connects anew.
 */
export function openPool(url: string, log: Logger, options: { max?: number; name: string }): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: `vouchsafe ${options.name}`,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  });
  pool.on("error", (error) => log.warn({ err: error, pool: options.name }, "a database connection broke"));
  pool.on("connect", (client) => {
    client.on("error", (error) =>
      log.debug({ err: error, pool: options.name }, "a database connection broke"),
    );
  });
  return pool;
}
