import pg from "pg";
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
  stream: { cork(): void; uncork(): void };
  prepared?: Map<string, Prepared>;
};
interface Prepared {
  readonly name: string;
  fields: readonly pg.FieldDef[] | null;
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
  #result: ResultReader | null = null;
  #failed = false;

  constructor(statements: readonly Statement[], resolve: (o: Outcome[]) => void, reject: (e: Error) => void) {
    this.#statements = statements;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): Error | undefined {
    let values: (string | Buffer | null)[][];
    try {
      values = this.#statements.map((s) => s.parameters.map(prepareValue));
    } catch (error) {
      return error as Error;
    }
    connection.prepared ??= new Map();
    connection.stream.cork();
    this.#statements.forEach((statement, i) => {
      const prepared = this.#prepare(connection, statement.sql);
      this.#prepared.push(prepared);
      connection.bind({ statement: prepared.name, values: values[i] ?? [] }, true);
      if (!prepared.fields) connection.describe({ type: "P" }, true);
      connection.execute({}, true);
    });
    connection.sync();
    connection.stream.uncork();
    return undefined;
  }

  #prepare(connection: Connection, sql: string): Prepared {
    const cache = connection.prepared as Map<string, Prepared>;
    const cached = cache.get(sql);
    if (cached?.known) return cached;
    const name = cached?.name ?? (cache.size < MOST_PREPARED ? `s${cache.size}` : "");
    const prepared = cached ?? { name, fields: null, known: false };
    // A name whose Parse failed, or was skipped after an earlier error, is not there: Close is harmless then.
    if (name) {
      connection.close({ type: "S", name }, true);
      cache.set(sql, prepared);
    }
    connection.parse({ name, text: sql, types: [] }, true);
    return prepared;
  }

  get #current(): Prepared | undefined {
    return this.#prepared[this.#outcomes.length];
  }

  handleRowDescription(message: { fields: pg.FieldDef[] }): void {
    const prepared = this.#current;
    if (prepared?.name) prepared.fields = message.fields;
    this.#result = new ResultReader(message.fields);
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    this.#result ??= new ResultReader(this.#current?.fields ?? []);
    this.#result.add(message.fields);
  }

  handleCommandComplete(message: { text: string }): void {
    const prepared = this.#current;
    if (prepared?.name) {
      prepared.known = true;
      prepared.fields ??= [];
    }
    const count = Number(/(\d+)$/.exec(message.text)?.[1] ?? 0);
    this.#outcomes.push({ rows: this.#result?.rows ?? [], tag: message.text, count });
    this.#result = null;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  handleError(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    for (const prepared of this.#prepared.slice(this.#outcomes.length)) prepared.known = false;
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (!this.#failed) this.#resolve(this.#outcomes);
  }

  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}

class ResultReader {
  readonly rows: Row[] = [];
  readonly #names: string[];
  readonly #parsers: ((value: string) => unknown)[];

  constructor(fields: readonly pg.FieldDef[]) {
    this.#names = fields.map((f) => f.name);
    this.#parsers = fields.map((f) => parserOf(f.dataTypeID));
  }

  add(values: (string | null)[]): void {
    const row: Row = {};
    for (let i = 0; i < this.#names.length; i++) {
      const value = values[i];
      row[this.#names[i] as string] = value == null ? null : this.#parsers[i]?.(value);
    }
    this.rows.push(row);
  }
}

const INT8 = 20;

function parserOf(oid: number): (value: string) => unknown {
  // Counters and sizes stay far below 2^53.
  return oid === INT8 ? Number : pg.types.getTypeParser(oid, "text");
}
