import type pg from "pg";
import type { System } from "../system.ts";

interface Options {
  /** Together with others who share, but not beside one who does not. */
  readonly shared?: true;
}

/**
 * Does something in one process of all that use this database, and once at a time in it: while nobody else holds the
 * advisory lock of this number. Answers null, without having begun, when somebody does. `work` may use the connection
 * that holds the lock; it is one of the pool's as long as the work lasts.
 */
export async function oneAtATime<T>(
  { pool }: Pick<System, "pool">,
  lock: number,
  work: (client: pg.PoolClient) => Promise<T>,
  { shared }: Options = {},
): Promise<T | null> {
  const client = await pool.connect();
  const take = () =>
    shared
      ? client.query<Taken>("select pg_try_advisory_lock_shared($1) as mine", [lock])
      : client.query<Taken>("select pg_try_advisory_lock($1) as mine", [lock]);
  const giveBack = () =>
    shared
      ? client.query("select pg_advisory_unlock_shared($1)", [lock])
      : client.query("select pg_advisory_unlock($1)", [lock]);
  let isClean = false;
  try {
    if (!(await take()).rows[0]?.mine) {
      isClean = true;
      return null;
    }
    try {
      return await work(client);
    } finally {
      await giveBack();
      isClean = true;
    }
  } finally {
    // One that may still hold the lock is closed, and the lock goes with it.
    client.release(!isClean);
  }
}

interface Taken {
  readonly mine: boolean;
}
