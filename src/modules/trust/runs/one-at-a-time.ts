import type { System } from "../../../kernel/system.ts";

/** Does something in one process of all that use this database, and once at a time in it; elsewhere nothing. */
export async function oneAtATime(system: System, lock: number, work: () => Promise<void>): Promise<boolean> {
  const client = await system.pool.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [lock]);
    if (!rows[0]?.mine) return false;
    try {
      await work();
    } finally {
      await client.query("select pg_advisory_unlock($1)", [lock]);
    }
    return true;
  } finally {
    client.release();
  }
}
