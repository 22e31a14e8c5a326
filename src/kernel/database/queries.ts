import {
  type Compilable,
  type CompiledQuery,
  DummyDriver,
  type InferResult,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from "kysely";
import type { Statement } from "./exchange.ts";
import type { Tables } from "./tables.ts";

class RefusingDriver extends DummyDriver {
  override async acquireConnection(): Promise<never> {
    throw new Error("run queries with read() or write(), inside a unit of work");
  }
}

/**
 * Builds typed queries and runs none: they are run by `read` and `write`, inside a unit of work that has set
 * the tenant. `.execute()` on a query built here throws.
 */
export const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new RefusingDriver(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Anything that can be run: a query builder, an `sql` fragment, or a query prepared once. */
export type Query<R> = Compilable<R> | RawBuilder<R> | Prepared<R>;

export interface Prepared<R> extends Statement {
  /** Only carries the type of a row. */
  readonly row?: R;
}

export type RowsOf<Q> =
  Q extends Prepared<infer R>
    ? R[]
    : Q extends RawBuilder<infer R>
      ? R[]
      : Q extends Compilable<infer R>
        ? InferResult<Compilable<R>>
        : never;

export const isPrepared = (query: Query<unknown>): query is Prepared<unknown> => !("compile" in query);

export function statementOf(query: Query<unknown>): Statement {
  if (isPrepared(query)) return query;
  const compiled = (query as { compile(e?: unknown): CompiledQuery }).compile(db);
  return { sql: compiled.sql, parameters: compiled.parameters };
}

class Parameter {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Compiles a query once; each call only fills in its parameters. For the paths where compiling would show: reads of
 * a few rows by their keys. What takes long must not be prepared, since prepared reads share connections.
 *
 *     const byId = prepare((p: { id: string }) => db.selectFrom("document").where("document_id", "=", p.id).selectAll());
 *     await read(ctx, byId({ id }));
 */
export function prepare<P extends Record<string, unknown>, R>(
  build: (parameters: P) => Compilable<R>,
): (parameters: P) => Prepared<R> {
  const holders = new Proxy({}, { get: (_, name) => new Parameter(String(name)) });
  let compiled: CompiledQuery | null = null;
  return (parameters) => {
    compiled ??= build(holders as P).compile();
    return {
      sql: compiled.sql,
      parameters: compiled.parameters.map((p) => (p instanceof Parameter ? parameters[p.name] : p)),
    };
  };
}
