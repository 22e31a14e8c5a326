import pg from "pg";
import * as messages from "./messages.ts";
import { prepareValue } from "./values.ts";

/** One statement of an exchange: SQL text with $1-style parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export interface Outcome {
  readonly rows: Record<string, unknown>[];
  /** The command tag, such as `COMMIT` or `INSERT 0 1`. */
  readonly tag: string;
  readonly count: number;
}

/**
 * Sends several statements in one round trip with a single Sync at the end, and waits for all results.
 *
 * Between two Syncs PostgreSQL runs extended-protocol statements in one transaction (documentation, "Message
 * Flow", Pipelining): without BEGIN, the whole exchange is one transaction that ends at the Sync; after the
 * first error the rest is skipped. Statements are named and stay prepared on their connection.
 */
export function exchange(client: pg.PoolClient, statements: readonly Statement[]): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    client.query(new Exchange(statements, resolve, reject) as unknown as pg.Submittable); // driver types omit its callbacks
  });
}

/** An exchange that waits to be sent, and whoever waits for it. */
export interface Waiting {
  readonly statements: readonly Statement[];
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Sends several exchanges in one write. Each has a Sync and so a transaction of its own: what one of them sets or
 * meets is over when the next begins. Calls `done` when the last has been answered, with an error if there was one.
 */
export function exchangeEach(
  client: pg.PoolClient,
  waiting: readonly Waiting[],
  done: (errors: readonly Error[]) => void,
): void {
  const errors: Error[] = [];
  const submit = (index: number): void => {
    const next = exchanges[index];
    if (next?.failed) submit(index + 1);
    else if (next)
      client.query(next as unknown as pg.Submittable); // as above
    else done(errors);
  };
  const exchanges = waiting.map(({ statements, resolve, reject }, index) => {
    const failed = (error: Error) => {
      errors.push(error);
      reject(error);
    };
    return new Exchange(statements, resolve, failed, () => submit(index + 1));
  });
  exchanges[0]?.carry(exchanges.slice(1));
  submit(0);
}

type Row = Record<string, unknown>;
type Connection = pg.Connection & {
  stream: { readonly writable: boolean; write(bytes: Buffer): void; destroy(): void };
  prepared?: Map<string, Prepared>;
};
interface Prepared {
  readonly name: string;
  columns: readonly Column[] | null;
  /** Whether the server has seen Parse for this name and did not refuse it. */
  known: boolean;
}

// Beyond this many distinct texts a statement is sent unnamed, so that lists of varying length cannot fill memory.
const MOST_PREPARED = 1000;

// The driver's contract for custom queries is an object with these methods; a class is its plainest form.
class Exchange {
  readonly #statements: readonly Statement[];
  readonly #resolve: (outcomes: Outcome[]) => void;
  readonly #reject: (error: Error) => void;
  /** The driver learns of one exchange at a time: when this one has been answered, it is told of the next. */
  readonly #next: (() => void) | undefined;
  readonly #outcomes: Outcome[] = [];
  /** Each statement, with its columns if they were known when it was sent. */
  readonly #sent: { readonly prepared: Prepared; readonly columns: readonly Column[] | null }[] = [];
  #carried: readonly Exchange[] = [];
  #state: "waiting" | "sent" | "failed" = "waiting";
  #columns: readonly Column[] | null = null;
  #rows: Row[] = [];

  constructor(
    statements: readonly Statement[],
    resolve: (o: Outcome[]) => void,
    reject: (e: Error) => void,
    next?: () => void,
  ) {
    this.#statements = statements;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#next = next;
  }

  /** Before it was sent, when it is given up without the driver. */
  get failed(): boolean {
    return this.#state === "failed";
  }

  /** These are sent with this one, and submitted after it. */
  carry(others: readonly Exchange[]): void {
    this.#carried = others;
  }

  submit(connection: Connection): Error | undefined {
    // It went with the first of its batch.
    if (this.#state === "sent") return undefined;
    connection.prepared ??= new Map();
    messages.begin();
    const error = this.#put(connection.prepared);
    if (error) return error;
    for (const other of this.#carried) {
      const unsent = other.#put(connection.prepared);
      // It must not get a turn: the answers to those behind it are on their way, and would be taken for its own.
      if (unsent) other.#fail(unsent);
    }
    const bytes = messages.take();
    if (connection.stream.writable) connection.stream.write(bytes);
    return undefined;
  }

  #fail(error: Error): void {
    this.#state = "failed";
    this.#reject(error);
  }

  #put(cache: Map<string, Prepared>): Error | undefined {
    const begin = messages.position();
    try {
      for (const { sql, parameters } of this.#statements) {
        const values = parameters.map(prepareValue);
        const prepared = this.#prepare(cache, sql);
        this.#sent.push({ prepared, columns: prepared.columns });
        messages.bind(prepared.name, values);
        if (!prepared.columns) messages.describe();
        messages.execute();
      }
      messages.sync();
      this.#state = "sent";
      return undefined;
    } catch (error) {
      // Nothing of it is sent: a value that cannot be, or the like.
      messages.backTo(begin);
      this.#sent.length = 0;
      return error as Error;
    }
  }

  #prepare(cache: Map<string, Prepared>, sql: string): Prepared {
    const cached = cache.get(sql);
    if (cached?.known) return cached;
    const name = cached?.name ?? (cache.size < MOST_PREPARED ? `s${cache.size}` : "");
    const prepared = cached ?? { name, columns: null, known: false };
    // A name whose Parse failed, or was skipped after an earlier error, is not there: Close is harmless then.
    if (name) {
      messages.forget(name);
      cache.set(sql, prepared);
    }
    messages.parse(name, sql);
    return prepared;
  }

  get #current() {
    return this.#sent[this.#outcomes.length];
  }

  handleRowDescription(message: { fields: pg.FieldDef[] }): void {
    const prepared = this.#current?.prepared;
    this.#columns = message.fields.map((f) => ({ name: f.name, parse: parserOf(f.dataTypeID) }));
    if (prepared?.name) prepared.columns = this.#columns;
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    this.#columns ??= this.#current?.columns ?? [];
    this.#rows.push(rowOf(this.#columns, message.fields));
  }

  handleCommandComplete(message: { text: string }): void {
    const { prepared, columns } = this.#current ?? {};
    if (prepared?.name) {
      prepared.known = true;
      // Those that it was sent with hold again, if an exchange before it failed meanwhile; else it has none.
      prepared.columns ??= columns ?? [];
    }
    const count = Number(/(\d+)$/.exec(message.text)?.[1] ?? 0);
    this.#outcomes.push({ rows: this.#rows, tag: message.text, count });
    this.#columns = null;
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  handleError(error: Error): void {
    if (this.#state === "failed") return;
    // Its columns are forgotten too: PostgreSQL refuses a plan once when the table has changed under it.
    for (const { prepared } of this.#sent.slice(this.#outcomes.length)) {
      prepared.known = false;
      prepared.columns = null;
    }
    this.#fail(error);
    this.#next?.();
  }

  handleReadyForQuery(connection: Connection): void {
    if (this.#state === "failed") return;
    if (this.#outcomes.length !== this.#statements.length) {
      // Never seen. Whatever else comes on this connection could be somebody else's.
      connection.stream.destroy();
      this.#fail(new Error("an exchange was not answered statement by statement"));
    } else this.#resolve(this.#outcomes);
    this.#next?.();
  }

  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}

interface Column {
  readonly name: string;
  readonly parse: (value: string) => unknown;
}

function rowOf(columns: readonly Column[], values: readonly (string | null)[]): Row {
  const row: Row = {};
  for (let i = 0; i < columns.length; i++) {
    const { name, parse } = columns[i] as Column;
    const value = values[i];
    row[name] = value == null ? null : parse(value);
  }
  return row;
}

const INT8 = 20;
const TIMESTAMPTZ = 1184;

function parserOf(oid: number): (value: string) => unknown {
  // Counters and sizes stay far below 2^53.
  if (oid === INT8) return Number;
  const general = pg.types.getTypeParser(oid, "text");
  return oid === TIMESTAMPTZ ? (value) => timeOf(value) ?? general(value) : general;
}

// "2026-11-21 23:11:44.123456+00", as a session in UTC writes it; null for any other form, which is left to the
// driver's own parser.
function timeOf(text: string): Date | null {
  if (text.length < 22 || text.length > 29 || text.charCodeAt(10) !== 0x20 || !text.endsWith("+00"))
    return null;
  const two = (at: number) => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 0x30 * 11;
  const year = two(0) * 100 + two(2);
  if (year < 1000) return null;
  let ms = 0;
  for (let at = 20; at < 23; at++) ms = ms * 10 + (at < text.length - 3 ? text.charCodeAt(at) - 0x30 : 0);
  return new Date(Date.UTC(year, two(5) - 1, two(8), two(11), two(14), two(17), ms));
}
