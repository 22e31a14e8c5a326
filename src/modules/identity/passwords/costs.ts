import { sql } from "kysely";
import type { Ctx } from "../../../kernel/context.ts";
import { write } from "../../../kernel/database/unit.ts";
import type { System } from "../../../kernel/system.ts";
import { COST } from "./bcrypt.ts";
import { expectCosts } from "./hash.ts";

// Which kinds of hashes the installation holds, so that a wrong password takes alike long for all of them.

const KNOWN_FOR_MS = 60_000;
const learnt = new WeakMap<System["pool"], { at: number; done: Promise<void> }>();

/** Notes that hashes of these costs are kept from now on. In the open unit of work. */
export async function keepCosts(ctx: Ctx, costs: readonly string[]): Promise<void> {
  const different = [...new Set(costs)];
  if (different.length === 0) return;
  await write(
    ctx,
    sql`insert into platform.hash_cost (cost) select unnest(${different}::text[]) on conflict do nothing`,
  );
}

/** Looks once a minute which costs are in use anywhere, and measures those that are new here. */
export function knowCosts(system: System): Promise<void> {
  const last = learnt.get(system.pool);
  if (last && performance.now() - last.at < KNOWN_FOR_MS) return last.done;
  return learnCosts(system);
}

/** The same at once. */
export function learnCosts(system: System): Promise<void> {
  const done = learn(system);
  learnt.set(system.pool, { at: performance.now(), done });
  // Whoever could not be told asks again.
  done.catch(() => learnt.delete(system.pool));
  return done;
}

async function learn({ pool, config }: System): Promise<void> {
  // Where bcrypt was chosen it stays in use when it is not chosen any more.
  if (config.passwordHash === "bcrypt")
    await pool.query("insert into platform.hash_cost (cost) values ($1) on conflict do nothing", [
      `bcrypt-${COST}`,
    ]);
  const { rows } = await pool.query<{ cost: string }>("select cost from platform.hash_cost");
  await expectCosts(rows.map((row) => row.cost));
}
