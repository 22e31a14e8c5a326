import type pg from "pg";
import { isConnectionError } from "./connection-error.ts";
import { exchangeEach, type Outcome, type Statement, type Waiting } from "./exchange.ts";

/** How many wait for one connection at most: the last of them waits for all before it. */
const MOST = 8;

interface Queue {
  readonly waiting: Waiting[];
  /** Connections that were asked for and are not there yet. */
  asked: number;
  soon: boolean;
}

const queues = new WeakMap<pg.Pool, Queue>();

/** How many exchanges and units of work wait for a connection. */
export const waitingFor = (pool: pg.Pool): number =>
  pool.waitingCount + (queues.get(pool)?.waiting.length ?? 0);

/**
 * Runs an exchange of short statements. Those that come in one turn of the event loop, or while the pool has no
 * connection to spare, share one and go to the database in one write; each stays a transaction of its own. Waking the
 * database costs more than a point read. `connect` takes a connection of the pool, or throws what all are to get.
 */
export function exchangeTogether(
  pool: pg.Pool,
  connect: () => Promise<pg.PoolClient>,
  statements: readonly Statement[],
): Promise<Outcome[]> {
  let queue = queues.get(pool);
  if (!queue) {
    queue = { waiting: [], asked: 0, soon: false };
    queues.set(pool, queue);
  }
  const { waiting } = queue;
  const answered = new Promise<Outcome[]>((resolve, reject) => {
    waiting.push({ statements, resolve, reject });
  });
  if (!queue.soon) {
    queue.soon = true;
    setImmediate(askForConnections, queue, connect);
  }
  return answered;
}

function askForConnections(queue: Queue, connect: () => Promise<pg.PoolClient>): void {
  queue.soon = false;
  for (; queue.asked * MOST < queue.waiting.length; queue.asked++) {
    connect().then(
      (client) => {
        queue.asked--;
        serve(queue, client);
      },
      (error: Error) => {
        queue.asked--;
        for (const { reject } of queue.waiting.splice(0, MOST)) reject(error);
      },
    );
  }
}

function serve({ waiting }: Queue, client: pg.PoolClient): void {
  // After an error an exchange has ended at its Sync; a connection that broke is removed by the pool.
  exchangeEach(client, waiting.splice(0, MOST), (errors) => client.release(errors.find(isConnectionError)));
}
