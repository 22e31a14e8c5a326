import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";

export type Logger = FastifyBaseLogger;

/**
 * JSON lines on standard error. Bodies, headers and query strings are never logged; what could hold a secret
 * or a person is redacted by name as a second line of defence.
 */
export function openLog(level: string, destination: { write(line: string): void } = process.stderr): Logger {
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: censored },
      serializers: { err: plainError },
    },
    destination,
  );
  const { child } = log;
  // What every line of a child begins with; its own children inherit this.
  log.child = function (this: typeof log, bindings: object, options?: object) {
    return child.call(this, censored(bindings), options);
  } as typeof child;
  return log;
}

const HIDDEN = new Set(["password", "token", "secret", "cookie", "authorization", "address", "name", "text"]);
const LEVELS = 3;

/**
 * The fields as they are, or a copy without the values of those that are hidden by name, three levels deep. The
 * logger's own redaction takes as long for each line as the rest of writing it, hidden fields or none.
 */
function censored<T extends object>(fields: T, levels = LEVELS): T {
  let copy: Record<string, unknown> | null = null;
  for (const key in fields) {
    const value: unknown = fields[key];
    const shown = HIDDEN.has(key) && value !== undefined ? "[redacted]" : below(key, value, levels);
    if (shown === value) continue;
    copy ??= (Array.isArray(fields) ? [...fields] : { ...fields }) as Record<string, unknown>;
    copy[key] = shown;
  }
  return (copy ?? fields) as T;
}

function below(key: string, value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null || levels === 1) return value;
  // These have serializers, which want them as they are and write a few known fields of them.
  if (value instanceof Error || key === "req" || key === "res") return value;
  return censored(value, levels - 1);
}

// Messages of the database driver and of mail servers quote values and addresses, so only their codes are kept; in
// any other message what looks like an address is left out.
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, constraint, table } = error as { code?: string; constraint?: string; table?: string };
  const quotes = "severity" in error || "responseCode" in error || "command" in error;
  return {
    type: error.name,
    code,
    ...(quotes ? { constraint, table } : { message: error.message.replace(/\S+@\S+/g, "[address]") }),
    stack: error.stack
      ?.split("\n")
      .filter((line) => line.startsWith("    at "))
      .slice(0, 12)
      .join("\n"),
    ...(error.cause ? { cause: plainError(error.cause) } : {}),
  };
}
