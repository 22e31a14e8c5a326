import type { Compilable, CompiledQuery, RawBuilder } from "kysely";
import { db, prepare } from "../../../kernel/database/queries.ts";

/**
 * A query whose text is compiled once, and which still has a connection to itself: a search may bring megabytes, and
 * prepared reads, which share connections, would wait for them.
 */
export function compiledOnce<P extends Record<string, unknown>, R>(
  build: (parameters: P) => RawBuilder<R>,
): (parameters: P) => Compilable<R> {
  const prepared = prepare(
    (parameters: P): Compilable<R> => ({ compile: () => build(parameters).compile(db) }),
  );
  return (parameters) => ({
    // Of a compiled query only these two are ever looked at.
    compile: () => prepared(parameters) as unknown as CompiledQuery<R>,
  });
}
