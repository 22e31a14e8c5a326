import type pg from "pg";
import { type AuditEntry, auditStatements } from "../audit.ts";
import { type Ctx, tenantOf } from "../context.ts";
import { appError, isAppError } from "../errors.ts";
import { addressOf } from "../limits/network.ts";
import { demand, standingOfKey, standingOfSession } from "../standing.ts";
import { isConnectionError } from "./connection-error.ts";
import { exchange, type Outcome, type Statement } from "./exchange.ts";
import { isPrepared, type Query, type RowsOf, statementOf } from "./queries.ts";
import { exchangeTogether } from "./together.ts";

/** An open unit of work: one database transaction with the tenant set. */
export interface Transaction {
  readonly client: pg.PoolClient;
  /** Set at its end: whoever kept the context must not reach the next one on the same connection. */
  closed: boolean;
  /** Statements whose answers nobody waits for: they go with the next exchange, at the latest with the COMMIT. */
  readonly pending: Statement[];
  /** Audit entries, written in the round trip of the COMMIT. */
  readonly entries: AuditEntry[];
  readonly readOnly: boolean;
  /** Of `reading`, until its first exchange has been answered: what the database says of the session is looked at then. */
  entering?: ((entered: Outcome | undefined) => void) | undefined;
  /** Run after the COMMIT, never after a rollback: waking a job, telling open streams. */
  readonly afterCommit: (() => void)[];
}

/**
 * Runs a unit of work. Its first round trip begins the transaction, sets the tenant and asks the database
 * whether the session still stands and the member may do what the route asks; its last writes the audit
 * entries and commits. Inside an open unit it joins that one. Where nobody's right is asked (visitors, jobs) the
 * first one waits for the first statement and goes with it.
 *
 * Throws what `work` throws after rolling back; a `refusal` commits first. Nothing that waits for a model, a
 * stream or a person belongs inside.
 */
export async function unit<T>(ctx: Ctx, work: (ctx: Ctx & { tx: Transaction }) => Promise<T>): Promise<T> {
  if (ctx.tx) return work(ctx as Ctx & { tx: Transaction });
  const measured = ctx.system.telemetry?.work(ctx.requestId, "unit of work");
  const client = await connect(ctx);
  const tx: Transaction = {
    client,
    closed: false,
    pending: [],
    entries: [],
    afterCommit: [],
    readOnly: false,
  };
  let failed = true;
  let broken: Error | undefined;
  let result: T | undefined;
  let refused: unknown;
  try {
    tx.pending.push(BEGIN, enterStatement(ctx, false));
    if (ctx.actor.kind === "member" || ctx.actor.kind === "key") {
      const [, entered] = await exchange(client, tx.pending.splice(0));
      checkStanding(ctx, entered);
    }
    try {
      result = await work({ ...ctx, tx });
    } catch (error) {
      if (!isAppError(error) || !error.keepsRecord) throw error;
      refused = error;
    }
    const audit = await entriesOf(ctx, tx);
    const last = [...tx.pending.splice(0), ...audit, COMMIT];
    tx.closed = true;
    const outcomes = await exchange(client, last).catch((error: unknown) => {
      throw isConnectionError(error) ? markUnknown(error) : error;
    });
    // A COMMIT of a failed transaction answers ROLLBACK and no error.
    if (outcomes.at(-1)?.tag !== "COMMIT") throw new Error("the transaction did not commit");
    failed = false;
  } catch (error) {
    await exchange(client, [ROLLBACK]).catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw translate(error);
  } finally {
    tx.closed = true;
    measured?.(failed);
    client.release(broken);
  }
  for (const tell of tx.afterCommit) {
    try {
      tell();
    } catch (error) {
      // The unit is committed: what was to be told after it cannot undo that.
      ctx.log.error({ err: error }, "telling of a commit failed");
    }
  }
  if (refused) throw refused;
  return result as T;
}

/**
 * Goes on in another tenant within the same transaction, as the operator: only for making a tenant. What was
 * recorded so far is written for the tenant it belongs to before the database is told of the other one; after
 * `work` nothing more can be done in the first.
 */
export async function crossInto(
  ctx: Ctx & { tx: Transaction },
  other: Ctx,
  work: (ctx: Ctx) => Promise<void>,
): Promise<void> {
  const { client, entries } = ctx.tx;
  await inTransaction(ctx.tx, [...(await entriesOf(ctx, ctx.tx)), enterStatement(other, false)]);
  entries.length = 0;
  const { afterCommit } = ctx.tx;
  const tx: Transaction = { client, closed: false, pending: [], entries: [], afterCommit, readOnly: false };
  await work({ ...other, tx });
  await inTransaction(tx, await entriesOf(other, tx));
  tx.closed = true;
}

/**
 * Runs reading queries in one round trip and one read-only transaction, entered like any unit of work; inside
 * an open unit, in that one. Answers the rows of each query.
 */
export async function read<Q extends readonly Query<unknown>[]>(
  ctx: Ctx,
  ...queries: Q
): Promise<{ [K in keyof Q]: RowsOf<Q[K]> }> {
  const statements = queries.map(statementOf);
  const outcomes = ctx.tx
    ? await inTransaction(ctx.tx, statements)
    : await (queries.every(isPrepared) ? together : alone)(ctx, statements);
  return outcomes.map((o) => o.rows) as { [K in keyof Q]: RowsOf<Q[K]> };
}

/**
 * Reads in several round trips of one read-only transaction, which is entered once, with the first of them: for what can
 * only be asked when the first answer is there. Inside an open unit, in that one. Each statement sees what is committed
 * when it runs. The connection is kept meanwhile: nothing that waits for anything else belongs inside.
 */
export async function reading<T>(ctx: Ctx, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  if (ctx.tx) return work(ctx);
  const client = await connect(ctx);
  const tx: Transaction = {
    client,
    closed: false,
    pending: [BEGIN, enterStatement(ctx, true)],
    entries: [],
    afterCommit: [],
    readOnly: true,
    entering: (entered) => checkStanding(ctx, entered),
  };
  let result: T;
  try {
    result = await work({ ...ctx, tx });
    // Who has asked nothing is let in, or not, all the same; work that was not, and went on, has nothing to answer.
    if (tx.entering && tx.closed) throw new Error("this unit of work has ended");
    if (tx.entering) await inTransaction(tx, []);
    if (tx.closed) {
      client.release();
      return result;
    }
  } catch (error) {
    tx.closed = true;
    const broken = await exchange(client, [ROLLBACK]).then(
      () => undefined,
      (rollbackError: Error) => rollbackError,
    );
    client.release(broken);
    throw translate(error);
  }
  tx.closed = true;
  // Nothing was written: nobody waits for its end.
  exchange(client, [COMMIT]).then(
    () => client.release(),
    (error: Error) => client.release(error),
  );
  return result;
}

/** The last thing that a `reading` asks, which ends with it and saves a round trip; elsewhere the same as `read`. */
export async function readLast<Q extends readonly Query<unknown>[]>(
  ctx: Ctx,
  ...queries: Q
): Promise<{ [K in keyof Q]: RowsOf<Q[K]> }> {
  const { tx } = ctx;
  if (!tx?.readOnly) return read(ctx, ...queries);
  const outcomes = await inTransaction(tx, [...queries.map(statementOf), COMMIT]);
  tx.closed = true;
  return outcomes.slice(0, -1).map((o) => o.rows) as { [K in keyof Q]: RowsOf<Q[K]> };
}

/** The first row of one reading query. */
export async function readOne<Q extends Query<unknown>>(
  ctx: Ctx,
  query: Q,
): Promise<RowsOf<Q>[number] | undefined> {
  const [rows] = await read(ctx, query);
  return (rows as unknown[])[0] as RowsOf<Q>[number] | undefined;
}

/** Runs one writing query in the open unit of work; answers the rows of its RETURNING and how many it touched. */
export async function write<Q extends Query<unknown>>(
  ctx: Ctx,
  query: Q,
): Promise<{ rows: RowsOf<Q>; count: number }> {
  if (!ctx.tx) throw new Error("writing needs a unit of work");
  const [outcome] = await inTransaction(ctx.tx, [statementOf(query)]);
  return { rows: (outcome?.rows ?? []) as RowsOf<Q>, count: outcome?.count ?? 0 };
}

/**
 * Adds writing queries to the open unit of work whose answers nobody needs: they run in order, before whatever is
 * asked next, in its round trip. An error of theirs is met there.
 */
export function writeSoon(ctx: Ctx, ...queries: readonly Query<unknown>[]): void {
  if (!ctx.tx) throw new Error("writing needs a unit of work");
  if (ctx.tx.closed) throw new Error("this unit of work has ended");
  ctx.tx.pending.push(...queries.map(statementOf));
}

/** Sends what waits in the open unit of work, for whoever uses its connection by other ways than these. */
export async function sendPending(tx: Transaction): Promise<pg.PoolClient> {
  await inTransaction(tx, []);
  return tx.client;
}

/**
 * Runs queries, writing ones too, in one round trip that is a unit of work of its own and records nothing. For work
 * without a session only: it is committed before this process has seen what the database says of a member. Answers
 * the rows of each query.
 */
export async function once<Q extends readonly Query<unknown>[]>(
  ctx: Ctx,
  ...queries: Q
): Promise<{ [K in keyof Q]: RowsOf<Q[K]> }> {
  if (ctx.actor.kind === "member" || ctx.actor.kind === "key")
    throw new Error("a member needs a unit of work");
  const statements = queries.map(statementOf);
  const outcomes = ctx.tx ? await inTransaction(ctx.tx, statements) : await alone(ctx, statements, false);
  return outcomes.map((o) => o.rows) as { [K in keyof Q]: RowsOf<Q[K]> };
}

/**
 * Whether an error leaves open if the unit was committed: the connection was lost after COMMIT had been sent. What
 * was made beside the database must then be kept.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const cause = isAppError(error) ? error.cause : error;
  return typeof cause === "object" && cause !== null && unknownOutcomes.has(cause);
}

const unknownOutcomes = new WeakSet<object>();

function markUnknown(error: unknown): unknown {
  if (typeof error === "object" && error !== null) unknownOutcomes.add(error);
  return error;
}

/** Only checks that the session stands and the member may do what the route asks. */
export async function enter(ctx: Ctx): Promise<void> {
  await together(ctx, []);
}

/** Whose key this is. Throws `key_invalid`, `network_refused`. */
export async function identifyKey(
  ctx: Ctx,
  hash: Buffer,
): Promise<{ readonly memberId: string; readonly keyId: string }> {
  const key: Ctx = { ...ctx, actor: { kind: "key", memberId: "", keyId: "", hash } };
  try {
    const [row] = await exchangeTogether(ctx.system.pool, () => connect(key), [enterStatement(key, true)]);
    return { memberId: row?.rows[0]?.member_id as string, keyId: row?.rows[0]?.key_id as string };
  } catch (error) {
    throw translate(error);
  }
}

const BEGIN: Statement = { sql: "begin", parameters: [] };
const COMMIT: Statement = { sql: "commit", parameters: [] };
const ROLLBACK: Statement = { sql: "rollback", parameters: [] };

async function alone(ctx: Ctx, statements: Statement[], readOnly = true): Promise<Outcome[]> {
  const client = await connect(ctx);
  try {
    const [entered, ...outcomes] = await exchange(client, [enterStatement(ctx, readOnly), ...statements]);
    checkStanding(ctx, entered);
    client.release();
    return outcomes;
  } catch (error) {
    // After an error the exchange has ended at its Sync; a connection that broke is removed by the pool itself.
    client.release(isConnectionError(error) ? (error as Error) : undefined);
    throw translate(error);
  }
}

/** The same for short reads, which share connections but no transaction. */
async function together(ctx: Ctx, statements: Statement[]): Promise<Outcome[]> {
  try {
    const all = [enterStatement(ctx, true), ...statements];
    const [entered, ...outcomes] = await exchangeTogether(ctx.system.pool, () => connect(ctx), all);
    checkStanding(ctx, entered);
    return outcomes;
  } catch (error) {
    throw translate(error);
  }
}

async function inTransaction(tx: Transaction, statements: Statement[]): Promise<Outcome[]> {
  if (tx.closed) throw new Error("this unit of work has ended");
  const before = tx.pending.splice(0);
  if (before.length + statements.length === 0) return [];
  try {
    const outcomes = await exchange(tx.client, [...before, ...statements]);
    // Entering is the second of the statements, behind BEGIN.
    tx.entering?.(outcomes[1]);
    tx.entering = undefined;
    return outcomes.slice(before.length);
  } catch (error) {
    // Whoever was not let in gets no answer to another question either.
    if (tx.entering) tx.closed = true;
    throw translate(error);
  }
}

function enterStatement(ctx: Ctx, readOnly: boolean): Statement {
  const tenant = tenantOf(ctx).id;
  const { actor } = ctx;
  if (actor.kind === "member") {
    return {
      sql: "select * from kernel.enter($1, $2, $3, $4)",
      parameters: [tenant, actor.sessionId, ctx.clock(), readOnly],
    };
  }
  if (actor.kind === "key") {
    return {
      sql: "select * from kernel.enter_with_key($1, $2, $3, $4, $5)",
      parameters: [tenant, actor.hash, addressOf(ctx.origin?.ip ?? ""), ctx.clock(), readOnly],
    };
  }
  return {
    sql: "select kernel.enter_without_session($1, $2, $3, $4)",
    parameters: [tenant, actor.kind, readOnly, ctx.demand.changes],
  };
}

function checkStanding(ctx: Ctx, entered: Outcome | undefined): void {
  const { actor } = ctx;
  if (actor.kind !== "member" && actor.kind !== "key") return;
  const row = entered?.rows[0];
  if (!row || row.member_id !== actor.memberId) throw appError("signed_out");
  const standing = actor.kind === "key" ? standingOfKey(row) : standingOfSession(row);
  demand(ctx.demand, standing, ctx.clock());
  ctx.standing.current = standing;
}

async function entriesOf(ctx: Ctx, tx: Transaction): Promise<Statement[]> {
  if (tx.entries.length === 0) return [];
  const keys = await ctx.system.keyring.tenant(tenantOf(ctx).id);
  return auditStatements(ctx, keys, tx.entries);
}

async function connect(ctx: Ctx): Promise<pg.PoolClient> {
  try {
    return await ctx.system.pool.connect();
  } catch (cause) {
    throw appError("unavailable", { cause, retryAfter: 2 });
  }
}

function translate(error: unknown): unknown {
  if (isAppError(error)) return error;
  const state = (error as { code?: string }).code;
  if (state === "VS401") return appError("signed_out", { cause: error });
  if (state === "VS402") return appError("key_invalid", { cause: error });
  if (state === "VS403") return appError("network_refused", { cause: error });
  if (state === "VS405") return appError("closing", { cause: error });
  // Of two that wait for each other the database ended this one, and nothing of it was done: it may be sent again.
  if (state === "40P01" || state === "40001") return appError("busy", { cause: error, retryAfter: 1 });
  if (state === "53100") return appError("disk_full", { cause: error });
  if (isConnectionError(error)) return appError("unavailable", { cause: error, retryAfter: 2 });
  return error;
}
