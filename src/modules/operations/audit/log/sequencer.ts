import type pg from "pg";
import { seconds } from "../../../../kernel/clock.ts";
import type { System } from "../../../../kernel/system.ts";
import { keep, remember, signerOf } from "./keeper.ts";
import { type Checkpoint, openCheckpoint, signCheckpoint } from "./note.ts";
import { type Nodes, rootOf } from "./tree.ts";

const EVERY = seconds(20);
/** Entries that get their place in one transaction. */
const AT_ONCE = 5000;
/** Of all processes on a database one signs at a time. */
const LOCK = 7_234_011_909;

/** The log is not what it was when the last checkpoint was signed. `problem` says how, without any content. */
export type LogBroken = Error & { readonly problem: string };
export const isLogBroken = (error: unknown): error is LogBroken =>
  error instanceof Error && error.name === "LogBroken";
const logBroken = (problem: string): LogBroken =>
  Object.assign(new Error(`the audit log ${problem}`), { name: "LogBroken", problem });

/** Gives entries their place every few seconds, and at the end. Answers how to stop. */
export function keepSequencing(system: System): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const run = () => {
    if (busy) return;
    busy = true;
    running = sequenceAudit(system)
      .catch((error: unknown) => system.log.error({ err: error }, "the audit log could not be sealed"))
      .finally(() => {
        busy = false;
      });
  };
  const timer = setInterval(run, EVERY).unref();
  return async () => {
    clearInterval(timer);
    await running;
    run();
    await running;
  };
}

/** What was signed last, and how many entries each workspace has in it. */
export interface Sealed {
  /** A checkpoint, as a signed note. */
  readonly note: string;
  readonly heads: Readonly<Record<string, number>>;
}

/**
 * Gives all waiting entries their place in the tree, and signs its new size. A crash at any moment leaves a memory that
 * fits the database: what was about to be added is written down before the commit, and counts only if it happened.
 * Throws LogBroken, and signs nothing, when the tree no longer has the beginning that was signed last, or a workspace's
 * numbers do not go on where they ended.
 */
export function sequenceAudit(system: System): Promise<Sealed> {
  // Whoever comes while one is at it waits for the next, together with all others: the one may have looked already.
  const turn = turns.get(system) ?? { now: null, next: null };
  turns.set(system, turn);
  if (!turn.now) {
    turn.now = sequenceNow(system).finally(() => {
      turn.now = null;
    });
    return turn.now;
  }
  turn.next ??= turn.now
    .catch(() => {})
    .then(() => {
      turn.next = null;
      return sequenceAudit(system);
    });
  return turn.next;
}

interface Turn {
  now: Promise<Sealed> | null;
  next: Promise<Sealed> | null;
}
const turns = new WeakMap<System, Turn>();

async function sequenceNow(system: System): Promise<Sealed> {
  const client = await system.pool.connect();
  let broken = true;
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    try {
      let known = await checkBeginning(system, client);
      for (let before = -1; known.size > before; ) {
        before = known.size;
        known = await addPlaces(system, client, known);
      }
      return known;
    } finally {
      await client.query("select pg_advisory_unlock($1)", [LOCK]);
      broken = false;
    }
  } finally {
    // The lock goes with its connection.
    client.release(broken);
  }
}

type Known = Checkpoint & Sealed & { readonly since: number };

/** One transaction, at most so many entries; signs what came of it. Answers what was known when there was nothing to add. */
async function addPlaces(system: System, client: pg.ClientBase, known: Known): Promise<Known> {
  await client.query("begin");
  try {
    const { rows } = await client.query<{ size: number; tenant: string | null; first: number; last: number }>(
      `select new_size::float8 as size, of_tenant as tenant, first_number::float8 as first, last_number::float8 as last
         from audit.sequence($1)`,
      [AT_ONCE],
    );
    const size = rows[0]?.size ?? 0;
    if (size === known.size) {
      await client.query("rollback");
      return known;
    }
    const heads: Record<string, number> = {};
    for (const { tenant, first, last } of rows) {
      if (tenant === null) continue;
      const head = known.heads[tenant] ?? (known.since === 0 ? 0 : first - 1);
      if (first !== head + 1)
        throw logBroken("lacks entries at the end of a workspace's, and would give their numbers again");
      heads[tenant] = last;
    }
    const { note, since } = known;
    await keep(system, { note, heads: known.heads, since, next: { size, heads } });
    await client.query("commit");
    return await sign(system, client, size, { heads: { ...known.heads, ...heads }, since });
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

async function sign(
  system: System,
  client: pg.ClientBase,
  size: number,
  { heads, since }: Pick<Known, "heads" | "since">,
): Promise<Known> {
  const checkpoint = { size, root: await rootOf(nodesOf(client), size) };
  const note = signCheckpoint(checkpoint, await signerOf(system));
  await keep(system, { note, heads, since, next: null });
  return { ...checkpoint, note, heads, since };
}

/** What was signed last, which the tree must still begin with. */
async function checkBeginning(system: System, client: pg.ClientBase): Promise<Known> {
  const memory = await remember(system);
  const { rows } = await client.query<{ size: number }>(
    "select coalesce(max(leaf_index) + 1, 0)::float8 as size from audit.leaf",
  );
  const size = rows[0]?.size ?? 0;
  if (memory === null) {
    // The first time; or whoever runs the machine has taken the memory away, to go on from a backup.
    if (size > 0) system.log.warn({ size }, "nothing was remembered of the audit log: it is taken as it is");
    return sign(system, client, size, { heads: {}, since: size });
  }
  const last = openCheckpoint(memory.note, await signerOf(system));
  if (size < last.size) throw logBroken(`was set back: it has ${size} entries, and had ${last.size}`);
  const root = await rootOf(nodesOf(client), last.size).catch((cause: unknown) => {
    throw Object.assign(logBroken("has a gap in its tree"), { cause });
  });
  if (!root.equals(last.root)) throw logBroken("has another beginning than the one that was signed");
  // Cut off between the commit and the signature: that is made up for.
  if (memory.next && size >= memory.next.size)
    return sign(system, client, memory.next.size, {
      ...memory,
      heads: { ...memory.heads, ...memory.next.heads },
    });
  return { ...last, note: memory.note, heads: memory.heads, since: memory.since };
}

/** The tree as the database has it. */
export const nodesOf =
  (client: Pick<pg.ClientBase, "query">): Nodes =>
  async (level, from, to) => {
    const { rows } =
      level === 0
        ? await client.query<{ hash: Buffer }>(
            "select hash from audit.leaf where leaf_index >= $1 and leaf_index < $2 order by leaf_index",
            [from, to],
          )
        : await client.query<{ hash: Buffer }>(
            `select hash from audit.subtree
               where level = $1 and subtree_index >= $2 and subtree_index < $3 order by subtree_index`,
            [level, from, to],
          );
    return rows.map((row) => row.hash);
  };
