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

type Row = Record<string, unknown>;
type Connection = pg.Connection & {
  stream: { readonly writable: boolean; write(bytes: Buffer): void };
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
  readonly #outcomes: Outcome[] = [];
  readonly #prepared: Prepared[] = [];
  #columns: readonly Column[] | null = null;
  #rows: Row[] = [];
  #failed = false;

  constructor(statements: readonly Statement[], resolve: (o: Outcome[]) => void, reject: (e: Error) => void) {
    this.#statements = statements;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): Error | undefined {
    connection.prepared ??= new Map();
    try {
      messages.begin();
      for (const { sql, parameters } of this.#statements) {
        const values = parameters.map(prepareValue);
        const prepared = this.#prepare(connection.prepared, sql);
        this.#prepared.push(prepared);
        messages.bind(prepared.name, values);
        if (!prepared.columns) messages.describe();
        messages.execute();
      }
      messages.sync();
    } catch (error) {
      // Nothing was sent: a value that cannot be, or the like.
      return error as Error;
    }
    const bytes = messages.take();
    if (connection.stream.writable) connection.stream.write(bytes);
    return undefined;
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

  get #current(): Prepared | undefined {
    return this.#prepared[this.#outcomes.length];
  }

  handleRowDescription(message: { fields: pg.FieldDef[] }): void {
    const prepared = this.#current;
    this.#columns = message.fields.map((f) => ({ name: f.name, parse: parserOf(f.dataTypeID) }));
    if (prepared?.name) prepared.columns = this.#columns;
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    this.#columns ??= this.#current?.columns ?? [];
    this.#rows.push(rowOf(this.#columns, message.fields));
  }

  handleCommandComplete(message: { text: string }): void {
    const prepared = this.#current;
    if (prepared?.name) {
      prepared.known = true;
      prepared.columns ??= [];
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
    if (this.#failed) return;
    this.#failed = true;
    // Its columns are forgotten too: PostgreSQL refuses a plan once when the table has changed under it.
    for (const prepared of this.#prepared.slice(this.#outcomes.length)) {
      prepared.known = false;
      prepared.columns = null;
    }
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (!this.#failed) this.#resolve(this.#outcomes);
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
