import type pg from "pg";
import type { System } from "../../../kernel/system.ts";

/** Runs one query and answers its rows. */
export type Ask = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>;

/**
 * Everything that the public page reads, it reads in here: in a read-only transaction of a role that has no right on any
 * tenant's table. A query that went astray would be refused by the database.
 */
export async function asPublic<T>(system: System, work: (ask: Ask) => Promise<T>): Promise<T> {
  const client = await system.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin read only; set local role vouchsafe_public");
    const value = await work(async (text, values = []) => (await client.query(text, values)).rows);
    await client.query("commit");
    return value;
  } catch (error) {
    await client.query("rollback").catch((failed: Error) => {
      broken = failed;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
