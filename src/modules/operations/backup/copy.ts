import type pg from "pg";

// COPY over the driver, which has the messages but no streams of its own. Rows go by as the server sends them.

type Connection = pg.Connection & {
  stream: NodeJS.ReadWriteStream & { writableNeedDrain: boolean; pause(): void; resume(): void };
  query(text: string): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(words: string): void;
};

/** What the driver calls on a query of one's own. */
interface Query {
  callback: () => void;
  submit(connection: Connection): void;
  handleCopyInResponse(connection: Connection): void;
  handleCopyData(message: { chunk: Buffer }): void;
  handleCommandComplete(message: { text: string }): void;
  handleError(error: Error): void;
  handleReadyForQuery(): void;
}

/** Pieces wait here at most, before the server is made to wait. */
const MOST_WAITING = 4;

/**
 * Runs `COPY … TO STDOUT` and yields what comes in pieces of about `pieceBytes`. Answers the number of rows.
 * Whoever stops early must close the connection.
 */
export async function* copyOut(
  client: pg.ClientBase,
  sql: string,
  pieceBytes = 256 * 1024,
): AsyncGenerator<Buffer, number> {
  const waiting: Buffer[] = [];
  let piece = Buffer.allocUnsafe(pieceBytes);
  let used = 0;
  let rows = 0;
  let ended = false;
  let failed: Error | null = null;
  let paused: Connection | null = null;
  let connection: Connection | null = null;
  let wake = () => {};
  const push = () => {
    waiting.push(piece.subarray(0, used));
    piece = Buffer.allocUnsafe(pieceBytes);
    used = 0;
    wake();
    if (waiting.length > MOST_WAITING && connection && !paused) {
      paused = connection;
      connection.stream.pause();
    }
  };
  send(client, {
    callback: () => {},
    submit(on) {
      connection = on;
      on.query(sql);
    },
    handleCopyInResponse: (on) => on.sendCopyFail("nothing to send"),
    handleCopyData({ chunk }) {
      for (let at = 0; at < chunk.length; ) {
        const taken = Math.min(chunk.length - at, pieceBytes - used);
        chunk.copy(piece, used, at, at + taken);
        used += taken;
        at += taken;
        if (used === pieceBytes) push();
      }
    },
    handleCommandComplete({ text }) {
      rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? Number.NaN);
    },
    handleError(error) {
      failed = error;
      ended = true;
      wake();
    },
    handleReadyForQuery() {
      if (used > 0) push();
      ended = true;
      wake();
    },
  });
  for (;;) {
    const next = waiting.shift();
    if (next) {
      yield next;
      continue;
    }
    // The types do not see that the callbacks above change these.
    const resumed = paused as Connection | null;
    paused = null;
    resumed?.stream.resume();
    if (failed) throw failed as Error;
    if (ended) return rows;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

/** Runs `COPY … FROM STDIN` with what the source yields; answers the number of rows. An error of the source undoes it. */
export function copyIn(
  client: pg.ClientBase,
  sql: string,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let rows = 0;
    let failed: unknown = null;
    let over = false;
    const pump = async (connection: Connection) => {
      try {
        for await (const piece of source) {
          // Refused already: the rest is not sent, but the source is let go of.
          if (over || failed) break;
          connection.sendCopyFromChunk(piece);
          if (connection.stream.writableNeedDrain) await drained(connection.stream);
        }
        connection.endCopyFrom();
      } catch (error) {
        failed = error;
        connection.sendCopyFail("the source failed");
      }
    };
    let pumping: Promise<void> = Promise.resolve();
    const end = () => {
      over = true;
      pumping.then(() => (failed ? reject(failed) : resolve(rows)));
    };
    send(client, {
      callback: () => {},
      submit: (connection) => connection.query(sql),
      handleCopyInResponse(connection) {
        pumping = pump(connection);
      },
      handleCopyData: () => {},
      handleCommandComplete({ text }) {
        rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? Number.NaN);
      },
      handleError(error) {
        // The source's own error, if there was one, says more.
        failed ??= error;
        end();
      },
      handleReadyForQuery: end,
    });
  });
}

/** Or gone, which the next write is told. No listener stays: a large table waits thousands of times. */
function drained(stream: Connection["stream"]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.on("drain", done).on("close", done);
  });
}

/** The driver's types know of queries with `submit` alone; what it calls on them beyond that stands above. */
const send = (client: pg.ClientBase, query: Query): void =>
  void client.query(query as unknown as pg.Submittable);
