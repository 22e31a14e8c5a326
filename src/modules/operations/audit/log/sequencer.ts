import type pg from "pg";
import { seconds } from "../../../../kernel/clock.ts";
import type { System } from "../../../../kernel/system.ts";
import { keepNote, lastNote, signerOf } from "./keeper.ts";
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

/**
 * Gives all waiting entries their place in the tree, and signs its new size; answers the newest checkpoint, as a note.
 * A crash before the commit leaves everything as it was; one between the commit and the file leaves a checkpoint that
 * is older than the log, which is no harm. Throws LogBroken, and signs nothing, when the tree no longer has the
 * beginning that was signed last.
 */
export function sequenceAudit(system: System): Promise<string> {
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
  now: Promise<string> | null;
  next: Promise<string> | null;
}
const turns = new WeakMap<System, Turn>();

async function sequenceNow(system: System): Promise<string> {
  const client = await system.pool.connect();
  let broken = true;
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    const before = await checkBeginning(system, client);
    const sized = async () => {
      const { rows } = await client.query<{ size: number }>("select audit.sequence($1)::float8 as size", [
        AT_ONCE,
      ]);
      return rows[0]?.size ?? 0;
    };
    let size = await sized();
    for (let next = await sized(); next > size; next = await sized()) size = next;
    const note = before && before.size === size ? before.note : await signSize(system, client, size);
    await client.query("select pg_advisory_unlock($1)", [LOCK]);
    broken = false;
    return note;
  } catch (error) {
    if (isLogBroken(error)) {
      await client.query("select pg_advisory_unlock($1)", [LOCK]);
      broken = false;
    }
    throw error;
  } finally {
    // The lock goes with its connection.
    client.release(broken);
  }
}

async function signSize(system: System, client: pg.ClientBase, size: number): Promise<string> {
  const note = signCheckpoint({ size, root: await rootOf(nodesOf(client), size) }, await signerOf(system));
  await keepNote(system, note);
  return note;
}

/** What was signed last, which the tree must still begin with. */
async function checkBeginning(
  system: System,
  client: pg.ClientBase,
): Promise<(Checkpoint & { note: string }) | null> {
  const note = await lastNote(system);
  if (note === null) return null;
  const last = openCheckpoint(note, await signerOf(system));
  const { rows } = await client.query<{ size: number }>(
    "select coalesce(max(leaf_index) + 1, 0)::float8 as size from audit.leaf",
  );
  const size = rows[0]?.size ?? 0;
  if (size < last.size) throw logBroken(`was set back: it has ${size} entries, and had ${last.size}`);
  const root = await rootOf(nodesOf(client), last.size).catch((cause: unknown) => {
    throw Object.assign(logBroken("has a gap in its tree"), { cause });
  });
  if (!root.equals(last.root)) throw logBroken("has another beginning than the one that was signed");
  return { ...last, note };
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
