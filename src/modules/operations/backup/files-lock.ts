import type pg from "pg";
import { oneAtATime } from "../../../kernel/database/one-at-a-time.ts";
import type { System } from "../../../kernel/system.ts";

// Resealing gives a stored file another name and removes the one it had; a backup reads files by the names that its
// snapshot knows. One of the two at a time: else a backup would lack files that are still there under another name.

/** The number is ours alone. */
const LOCK = 7_234_011_942;

/** From here to the end of this connection no stored file gets another name. */
export async function holdFileNames(client: pg.Client): Promise<void> {
  // A file that is being renamed is done by then: the longest upload is written in less.
  await client.query("set lock_timeout = '10min'");
  await client.query("select pg_advisory_lock($1)", [LOCK]);
  await client.query("reset lock_timeout");
}

/** Runs work that gives a file another name; null, without having begun, while a backup reads files. */
export const renaming = <T>(system: Pick<System, "pool">, work: () => Promise<T>): Promise<T | null> =>
  oneAtATime(system, LOCK, work, { shared: true });
